"""Real processes that are killed, stopped and resumed: the bytes must not tell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import pytest
from cli_harness import Vdm

PATIENCE = 240.0  # seconds for one process; a loaded machine compiles slowly


class Training:
    """One process that trains a run and can be watched and killed."""

    def __init__(self, config: Path, run: Path):
        self.run = run
        cache = {"JAX_COMPILATION_CACHE_DIR": str(jax.config.jax_compilation_cache_dir)}
        limits = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vdm_cli", "train", "--config", config, "--run-dir", run, "--resume"],
            env={**os.environ, **cache, **limits},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Wait for a moment of the run; it must come before the run ends."""
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.002)

    def end(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        """Send a signal, or none; return code, stdout and stderr."""
        if number is not None:
            self._process.send_signal(number)
        out, err = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, out, err

    def lines(self) -> int:
        metrics = self.run / "metrics.jsonl"
        return metrics.read_bytes().count(b"\n") if metrics.exists() else 0

    def checkpoints(self) -> list[str]:
        folder = self.run / "checkpoints"
        return sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208 (iterdir trips over renames)


@pytest.fixture(scope="session")
def uninterrupted(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("process") / "run"
    code, out, err = Training(config, run).end()
    assert code == 0, err
    assert "60 steps done" in out
    return run


def test_environment_json_holds_the_command(config: Path, uninterrupted: Path) -> None:
    command = json.loads((uninterrupted / "environment.json").read_text())["command"]
    assert command == f"vdm train --config {config} --run-dir {uninterrupted} --resume"


def assert_same(vdm: Vdm, run: Path, uninterrupted: Path, folder: Path) -> None:
    assert (run / "metrics.jsonl").read_bytes() == (uninterrupted / "metrics.jsonl").read_bytes()
    samples = []
    for index, each in enumerate((run, uninterrupted)):
        output = folder / f"{index}.npy"
        assert vdm("sample", "--checkpoint", each, "--num-samples", 200, "--output", output).code == 0
        samples.append(output.read_bytes())
    assert samples[0] == samples[1]
    pictures = [{entry.name for entry in (each / "samples").iterdir()} for each in (run, uninterrupted)]
    assert pictures[0] == pictures[1]


def test_a_process_off_a_terminal_writes_plain_lines_to_stderr_and_the_summary_to_stdout(
    config: Path, tmp_path: Path
) -> None:
    """Also refused where nothing can be written: a file stands where the run would go."""
    blocked = tmp_path / "run"
    blocked.write_text("a file")
    code, out, err = Training(config, blocked).end()
    assert code == 2
    assert out == ""
    assert "\x1b" not in err
    assert blocked.read_text() == "a file"


def test_a_run_killed_three_times_ends_with_the_bytes_of_an_uninterrupted_one(
    vdm: Vdm, config: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    first = Training(config, run)
    first.wait_until(lambda: first.lines() >= 1)
    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert first.checkpoints() == [], "the kill came after the first checkpoint"

    second = Training(config, run)
    second.wait_until(lambda: "20" in second.checkpoints())
    assert second.end(signal.SIGKILL)[0] == -signal.SIGKILL

    third = Training(config, run)
    third.wait_until(lambda: any(name.startswith("40") for name in third.checkpoints()))
    assert third.end(signal.SIGKILL)[0] == -signal.SIGKILL  # often inside the commit

    code, out, err = Training(config, run).end()
    assert code == 0, err
    assert "60 steps done" in out
    assert_same(vdm, run, uninterrupted, tmp_path)
    assert all(name.isdecimal() for name in third.checkpoints())


def test_stop_requests_save_say_how_to_resume_and_change_no_bytes(
    vdm: Vdm, config: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run with spaces"
    first = Training(config, run)
    first.wait_until((run / "environment.json").exists)
    refused = vdm("train", "--config", config, "--run-dir", run, "--resume")
    assert refused.code == 2
    assert "another process is training this run" in refused.err
    code, out, err = first.end(signal.SIGTERM)
    assert (code, out) == (130, "")
    assert "Interrupted: SIGTERM: saved at step 10" in err
    assert f"vdm train --config '{run}/config.yaml' --run-dir '{run}' --resume" in err
    assert "Traceback" not in err
    assert first.checkpoints() == ["10"]

    second = Training(run / "config.yaml", run)
    second.wait_until(lambda: second.lines() >= 3)
    code, out, err = second.end(signal.SIGINT)
    assert (code, out) == (130, "")
    assert "Interrupted: SIGINT: saved at step" in err

    assert Training(run / "config.yaml", run).end()[0] == 0
    assert_same(vdm, run, uninterrupted, tmp_path)
    assert second.checkpoints() == sorted(entry.name for entry in (uninterrupted / "checkpoints").iterdir())
