"""A user's own feature map: a function that `jax.export` wrote into a file.

    from jax import ShapeDtypeStruct, export, jit
    rows = ShapeDtypeStruct((export.symbolic_shape("b")[0], 28, 28), "float32")  # b: any number of rows
    Path("features.bin").write_bytes(export.export(jit(features))(rows).serialize())

The weights of a network travel inside, and whoever reads the file needs neither its code nor its library.
"""

from __future__ import annotations

import importlib.util
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vdm_cli.errors import DataError

_BLOCK = 1024  # rows at a time where the function takes any number
# flatbuffers follows offsets into whatever bytes there are
_UNREADABLE = (struct.error, LookupError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError)
_UNCALLABLE = (TypeError, ValueError, NotImplementedError, RuntimeError)  # what JAX and XLA raise
_TOLERANCE = 1e-3  # of a feature's largest size: what the order of a sum may change, and no more


def load_exported(
    path: Path, shape: tuple[int, ...]
) -> Callable[[npt.NDArray[Any]], npt.NDArray[np.float32]]:
    """Read an exported function as a map of rows (n, d) to features (n, k).

    Args:
        path: A file of bytes from ``jax.export.Exported.serialize``.
        shape: Of one row as the function takes it, float32: d is its number of entries.

    Raises:
        DataError: If the package flatbuffers is not installed, the file holds no such function or one for
            other rows or another kind of device; the map raises it where the features are not finite or those
            of a row depend on its neighbors in the batch: that is no map of rows, and bounds nothing.
    """
    exported = _read(path)
    batch = _check(exported, path, shape)
    block = batch or _BLOCK
    call = jax.jit(lambda rows: exported.call(rows.reshape(-1, *shape)).astype(jnp.float32))

    def run(rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        padded = np.resize(rows, (block, math.prod(shape))).astype(
            np.float32
        )  # repeats rows to fill the block
        try:
            return np.asarray(call(padded))[: len(rows)]
        except _UNCALLABLE as error:
            raise DataError(f"{path}: cannot be called on {block} rows: {_first_line(error)}") from error

    def features(rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        found = np.concatenate([run(rows[start : start + block]) for start in range(0, len(rows), block)])
        bad = len(found) - int(np.sum(np.isfinite(found).all(axis=1)))
        if bad:
            raise DataError(f"{path}: the features of {bad} rows are NaN or infinite")
        alone = run(rows[:1])  # a block of one row again and again
        if np.any(np.abs(alone - found[:1]) > _TOLERANCE * (1e-6 + np.abs(found).max())):
            raise DataError(
                f"{path}: the features of a row depend on the other rows of its batch (is a normalization in "
                "its training mode?); they must be a function of the row alone"
            )
        return found

    return features


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _read(path: Path) -> Any:
    """The exported function."""
    if importlib.util.find_spec("flatbuffers") is None:  # JAX imports it without declaring it
        raise DataError(
            f"{path}: reading an exported function needs the package flatbuffers; install it with: "
            "pip install flatbuffers"
        )
    from jax import export

    try:
        content = bytearray(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return export.deserialize(content)
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: is not a function written by jax.export, or by a newer JAX than {jax.__version__}: "
            f"{_first_line(error)}"
        ) from error


def _check(exported: Any, path: Path, shape: tuple[int, ...]) -> int | None:
    """The number of rows that it takes at once; None for any number."""
    wanted = f"(batch, {', '.join(map(str, shape))}) float32"
    inputs, outputs = exported.in_avals, exported.out_avals
    alone = jax.tree.structure(((0,), {}))
    if exported.in_tree != alone:
        raise DataError(f"{path}: the function takes {len(inputs)} arrays or a structure, and must take one")
    if jax.default_backend() not in exported.platforms:
        raise DataError(
            f"{path}: exported for {', '.join(exported.platforms)}, and this is {jax.default_backend()}: "
            f"export it with platforms=['{jax.default_backend()}']"
        )
    given = inputs[0]
    fits = len(given.shape) == 1 + len(shape) and given.dtype == np.float32
    for have, want in zip(given.shape[1:], shape, strict=False):
        fits = fits and (have == want or not isinstance(have, int))
    if not fits:
        raise DataError(f"{path}: the function takes {given.str_short()}, and these rows are {wanted}")
    if exported.out_tree != jax.tree.structure(0) or len(outputs[0].shape) != 2:
        what = ", ".join(each.str_short() for each in outputs)
        raise DataError(f"{path}: the function returns {what}, and must return one array (batch, features)")
    if outputs[0].dtype.kind not in "biuf" and not jnp.issubdtype(outputs[0].dtype, jnp.floating):
        raise DataError(f"{path}: the function returns {outputs[0].dtype}, and features are real numbers")
    rows = given.shape[0]
    return rows if isinstance(rows, int) else None
