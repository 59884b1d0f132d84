"""A run on disk: its files, who may write them, and metrics that are never torn or repeated."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vdm_cli.checkpoint import Checkpoints
from vdm_cli.errors import CheckpointError, UsageError

CONFIG, ENVIRONMENT, METRICS, TIMINGS, CHECKPOINTS, SAMPLES, LOCK = (
    "config.yaml",
    "environment.json",
    "metrics.jsonl",
    "timings.jsonl",
    "checkpoints",
    "samples",
    ".lock",
)


class RunDirectory:
    """``runs/<name>`` and what is in it.

    Args:
        path: The directory; it need not exist.
    """

    def __init__(self, path: Path):
        self.path = path
        self.config = path / CONFIG
        self.metrics = path / METRICS
        self.timings = path / TIMINGS
        self.samples = path / SAMPLES
        self.checkpoints = Checkpoints(path / CHECKPOINTS)

    def check(self, *, resume: bool, overwrite: bool) -> None:
        """Refuse, before anything is touched, a directory that must not be written.

        Raises:
            UsageError: If something is there and neither flag was given, or it is not a run.
        """
        for parent in self.path.parents:
            if parent.exists() and not parent.is_dir():
                raise UsageError(f"{self.path}: {parent} is a file; choose another --run-dir")
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise UsageError(f"{self.path} is a file, not a run directory; choose another --run-dir")
        entries = {entry.name for entry in self.path.iterdir()} - {LOCK}
        if not entries:
            return
        if entries == {f".{CONFIG}.tmp"}:  # a run that was killed as it began
            return
        if not self._is_run():
            raise UsageError(f"{self.path} holds files but no run of vdm; choose another --run-dir")
        if not (resume or overwrite):
            raise UsageError(
                f"{self.path} exists: continue it with --resume, replace it with --overwrite, "
                "or choose another --run-dir"
            )

    def _is_run(self) -> bool:
        """Whether the configuration is one of ours: other programs have a config.yaml and checkpoints too."""
        try:
            lines = self.config.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        sections = {line.partition(":")[0] for line in lines}
        return {"divergence", "data", "latent", "generator", "critic", "optimizers", "training"} <= sections

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; the lock goes with the process, however it ends.

        Raises:
            UsageError: If another process is writing this run, or the directory cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot write here: {error.strerror}") from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(f"{self.path}: another process is training this run") from error
            except OSError:  # a file system without locks
                pass
            yield
        finally:
            os.close(handle)

    def clear(self) -> None:
        """Remove the run's own files and nothing else."""
        for name in (CHECKPOINTS, SAMPLES):
            if (self.path / name).exists():
                shutil.rmtree(self.path / name)
        for name in (METRICS, TIMINGS, ENVIRONMENT, CONFIG):  # the config last: it marks a run
            (self.path / name).unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        """Write a file whole or not at all.

        Raises:
            CheckpointError: If the disk is full.
        """
        temporary = self.path / f".{name}.tmp"
        try:
            with temporary.open("w") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(self.path / name)
        except OSError as error:
            raise CheckpointError(f"{self.path / name}: cannot write: {error.strerror}") from error

    def append(self, file: Path, record: dict[str, Any]) -> None:
        """Add one line to a JSON-lines file in one write.

        Raises:
            CheckpointError: If the disk is full.
        """
        line = (json.dumps(record, allow_nan=False) + "\n").encode()
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                written = os.write(handle, line)
                if written < len(line):
                    raise OSError("no space left")
            finally:
                os.close(handle)
        except OSError as error:
            raise CheckpointError(f"{file}: cannot write: {error}") from error

    def records(self) -> list[dict[str, Any]]:
        """The lines of the metrics, in order; none where there is no run yet."""
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_bytes().splitlines(keepends=True)
        return [json.loads(line) for line in lines if _line_step(line) < float("inf")]

    def rewind(self, step: int) -> None:
        """Forget every line after ``step``: what a resumed run will write again."""
        for file in (self.metrics, self.timings):
            if not file.exists():
                continue
            kept = [line for line in file.read_bytes().splitlines(keepends=True) if _line_step(line) <= step]
            self.write_text(file.name, b"".join(kept).decode())


def _line_step(line: bytes) -> float:
    """The step of a whole line; infinite for a torn one."""
    try:
        return float(json.loads(line)["step"]) if line.endswith(b"\n") else float("inf")
    except (ValueError, KeyError, TypeError):
        return float("inf")
