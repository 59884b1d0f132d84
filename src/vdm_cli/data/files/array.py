"""What one array must be to serve as rows: real numbers, at least one row, all of them finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdm_cli.errors import DataError

_KINDS = {
    "c": "complex numbers",
    "O": "Python objects, which are never unpickled",
    "S": "text",
    "U": "text",
    "V": "records with named fields",
    "M": "dates",
    "m": "time differences",
    "T": "text",
}


def check_kind(dtype: np.dtype[Any], shape: tuple[int, ...], place: str) -> None:
    """Refuse an array by its type and shape alone, before any of its values is read.

    Raises:
        DataError: If it holds no real numbers, is zero-dimensional or has no element.
    """
    if dtype.kind not in "biuf":
        kind = _KINDS.get(dtype.kind, f"values of type {dtype}")
        raise DataError(f"{place}: holds {kind}; rows must be real numbers")
    if shape == ():
        raise DataError(f"{place}: is a single number (0 dimensions); the first dimension must count rows")
    if shape[0] == 0:
        raise DataError(f"{place}: has no rows (shape {shape})")
    if 0 in shape:
        raise DataError(f"{place}: has rows without values (shape {shape})")


def native_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Type in memory of values stored as `dtype`: native order, truth values as bytes, at most 8 bytes."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return dtype.newbyteorder("=") if dtype.itemsize <= 8 else np.dtype(np.float64)


def as_rows(values: np.ndarray, place: str) -> np.ndarray:
    """Return the array as rows: contiguous, of native byte order, truth values as 0 and 1, all finite.

    Args:
        values: An array that passed `check_kind`, shape (n, *shape).
        place: What to call it in messages.

    Raises:
        DataError: If a value is not finite; it names the first by row and feature, counted from 0.
    """
    native = np.ascontiguousarray(values, dtype=native_type(values.dtype))
    if native.dtype.kind == "f":
        finite = np.isfinite(native)
        if not finite.all():
            bad = finite.size - int(np.count_nonzero(finite))
            first = np.unravel_index(int(np.argmin(finite)), finite.shape)
            row, *rest = (int(index) for index in first)
            element = f", feature {rest[0] if len(rest) == 1 else tuple(rest)}" if rest else ""
            raise DataError(
                f"{place}: row {row}{element} is {native[first]} ({bad} such value{'s' * (bad > 1)}, "
                "rows and features count from 0); all must be finite: remove those rows or fill them in"
            )
    return native
