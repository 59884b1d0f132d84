"""Checkpoints on disk: the only module that uses Orbax.

One step is a directory ``checkpoints/<step>`` with two items: ``state``, every pytree of the run, and
``about``, a JSON document: the experiment, the fitted transform and layout, the validation divergence, and
a digest of every array, because Orbax restores a flipped bit without a word.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from vdm_cli.errors import CheckpointError, DamagedCheckpointError

FORMAT = 1
logging.getLogger("absl").setLevel(logging.ERROR)  # Orbax reports every read-only manager


@dataclass(frozen=True)
class Checkpoint:
    """One restored step.

    Attributes:
        step: Generator steps done.
        state: The pytree that was asked for.
        about: What `save` was given, with the format, types and digests beside it.
    """

    step: int
    state: Any
    about: dict[str, Any]


class Checkpoints:
    """The checkpoints of one run.

    Args:
        directory: ``<run>/checkpoints``; it need not exist.
    """

    def __init__(self, directory: Path):
        self.directory = directory.resolve()

    def steps(self) -> list[int]:
        """The committed steps in ascending order; some may turn out to be damaged."""
        if not self.directory.is_dir():
            return []
        names = (entry.name for entry in self.directory.iterdir() if entry.is_dir())
        return sorted(int(name) for name in names if name.isdecimal() and name == str(int(name)))

    def about(self, step: int) -> dict[str, Any]:
        """The JSON document of a step.

        Raises:
            CheckpointError: If the step is missing or its document is damaged.
        """
        path = self.directory / str(step)
        if not path.is_dir():
            known = ", ".join(map(str, self.steps())) or "none"
            raise CheckpointError(f"{self.directory}: no checkpoint of step {step} (there are: {known})")
        try:
            document = json.loads((path / "about" / "metadata").read_text())
        except (OSError, ValueError) as error:
            raise DamagedCheckpointError(
                f"{path}: damaged checkpoint: its description cannot be read"
            ) from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise CheckpointError(f"{path}: not a checkpoint of this version of vdm (format {FORMAT})")
        if document.pop("digest", None) != _document_digest(document):
            raise DamagedCheckpointError(
                f"{path}: damaged checkpoint: its description is not the one that was saved"
            )
        return document

    def validation(self) -> dict[int, float]:
        """Validation divergence of every readable step that has one."""
        found = {}
        for step in self.steps():
            try:
                value = self.about(step).get("validation_divergence")
            except CheckpointError:
                continue
            if value is not None:
                found[step] = float(value)
        return found

    def best(self) -> int | None:
        """The step whose samples a fresh critic found closest to the validation rows; the later of equals."""
        values = self.validation()
        return min(values, key=lambda step: (values[step], -step)) if values else None

    def save(self, step: int, state: Any, about: dict[str, Any]) -> None:
        """Commit a step: after the call it is on disk whole, or an error was raised.

        What is there under that number already, a damaged step, is set aside first.

        Args:
            step: Generator steps done.
            state: The pytree, on the device or the host.
            about: A JSON document; ``validation_divergence`` in it chooses the best step.

        Raises:
            CheckpointError: If the disk is full or the step cannot be written.
        """
        host = jax.device_get(_raw_keys(state))
        document = {**about, "format": FORMAT, "arrays": _arrays(host), "digests": _digests(host)}
        document["digest"] = _document_digest(document)
        needed = 2 * sum(leaf.nbytes for leaf in jax.tree.leaves(host)) + 2**20
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"{self.directory}: cannot write here: {error.strerror}") from error
        free = shutil.disk_usage(self.directory).free
        if free < needed:
            raise CheckpointError(
                f"{self.directory}: {free >> 20} MiB free, a checkpoint needs about {needed >> 20}: "
                "free some space, then continue with --resume"
            )
        stale = self.directory / str(step)
        if stale.exists():
            self.set_aside(step)
        try:
            with warnings.catch_warnings(), _manager(self.directory, writes=True) as manager:
                warnings.filterwarnings("ignore", message="Sharding info")
                items = ocp.args.Composite(
                    state=ocp.args.StandardSave(host), about=ocp.args.JsonSave(document)
                )
                saved = manager.save(step, args=items, force=True)
                manager.wait_until_finished()
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.directory}: step {step} could not be saved: {error}") from error
        if not saved:
            raise CheckpointError(f"{self.directory}: step {step} was not saved")

    def restore(self, step: int, like: Any) -> Checkpoint:
        """Read a step back and check every array against its digest.

        Args:
            step: Which one.
            like: A pytree of the same structure, of arrays or shapes.

        Raises:
            CheckpointError: If the step is missing, damaged or of another structure.
        """
        about = self.about(step)
        path = self.directory / str(step)
        abstract = jax.eval_shape(_raw_keys, like)
        wanted = _arrays(abstract)
        for name in sorted({*wanted, *about["arrays"]}):  # asked before Orbax, which fails at great length
            here, there = wanted.get(name, "nothing"), about["arrays"].get(name, "nothing")
            if here != there:
                hint = (
                    "a run trained with modules of your own needs them again: generator=, critic= in Python"
                )
                raise CheckpointError(
                    f"{path}: of another network: {name} is {there} there, {here} here ({hint})"
                )
        device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
        target = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device),  # type: ignore[no-untyped-call]
            abstract,
        )
        try:
            with (
                _quiet_failure(),
                warnings.catch_warnings(),
                _manager(self.directory, writes=False) as manager,
            ):
                warnings.filterwarnings("ignore", message="Sharding info")
                restored = manager.restore(
                    step, args=ocp.args.Composite(state=ocp.args.StandardRestore(target))
                )
        except Exception as error:  # (Orbax raises bare Exception for a truncated file)
            raise DamagedCheckpointError(f"{path}: damaged checkpoint: {_first_line(error)}") from error
        if _digests(jax.device_get(restored["state"])) != about["digests"]:
            raise DamagedCheckpointError(
                f"{path}: damaged checkpoint: its numbers are not those that were saved"
            )
        return Checkpoint(step, _typed_keys(restored["state"], like), about)

    def prune(self, keep: int) -> None:
        """Delete all but the latest ``keep`` steps that were validated, the newest and the best one."""
        validated = sorted(self.validation())
        kept = {*validated[-keep:], *self.steps()[-1:], self.best()}
        for step in self.steps():
            if step not in kept:
                shutil.rmtree(self.directory / str(step))

    def set_aside(self, step: int) -> Path:
        """Rename a damaged step so that its number is free; nothing is deleted."""
        number = 0
        while (aside := self.directory / f"damaged-{step}-{number}").exists():
            number += 1
        return (self.directory / str(step)).rename(aside)


def _manager(directory: Path, *, writes: bool) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(
        max_to_keep=None,
        cleanup_tmp_directories=writes,  # a reader would delete what a training process is writing
        enable_async_checkpointing=False,
        create=False,
    )
    handlers = {"state": ocp.StandardCheckpointHandler(), "about": ocp.JsonCheckpointHandler()}
    return ocp.CheckpointManager(directory, options=options, item_handlers=handlers)


@contextmanager
def _quiet_failure() -> Iterator[None]:
    """Where one array cannot be read Orbax abandons the others, and each of them would print a complaint."""
    shown = sys.unraisablehook

    def without_abandoned(unraisable: Any) -> None:
        if not str(unraisable.exc_value).startswith("Event loop is closed"):
            shown(unraisable)

    sys.unraisablehook = without_abandoned
    try:
        yield
    except Exception as error:
        time.sleep(0.2)  # for the abandoned reads to end
        traceback.clear_frames(error.__traceback__)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
            gc.collect()
        raise
    finally:
        sys.unraisablehook = shown


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _raw_keys(tree: Any) -> Any:
    """Typed random keys as their uint32 words."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _typed_keys(tree: Any, like: Any) -> Any:
    return jax.tree.map(
        lambda leaf, model: jax.random.wrap_key_data(leaf) if _is_key(model) else leaf, tree, like
    )


def _arrays(tree: Any) -> dict[str, str]:
    """Type and shape of every array, such as ``float32[2, 128]``."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): f"{leaf.dtype.name}{list(leaf.shape)}" for path, leaf in leaves}


def _digests(tree: Any) -> dict[str, str]:
    digests = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.ascontiguousarray(leaf)
        state = hashlib.blake2b(str((array.shape, array.dtype.str)).encode(), digest_size=16)
        state.update(array.tobytes())
        digests[jax.tree_util.keystr(path)] = state.hexdigest()
    return digests


def _document_digest(document: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).hexdigest()


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
