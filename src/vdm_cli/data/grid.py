"""Decimal grids: how many places after the point the values of a feature have."""

from __future__ import annotations

import numpy as np

MAX_DECIMALS = 12
# A grid is believed only where it is this much coarser than the spacing of floating-point numbers: every
# float32 near 100 is a multiple of 1e-5 to within its own precision, which says nothing about the data.
_COARSER_THAN_SPACING = 16.0
_BLOCK = 1 << 16


def decimals_of(values: np.ndarray) -> int | None:
    """Return the fewest decimals that hold every value to within its precision, or None if continuous.

    Args:
        values: Finite numbers, shape (n,) with n >= 1, of their file's own type, which sets the precision.
    """
    if values.dtype.kind in "iu":
        return 0
    magnitudes = np.abs(values[values != 0])
    if magnitudes.size == 0:
        return 0
    typical_spacing = float(np.spacing(np.median(magnitudes)))
    for decimals in range(MAX_DECIMALS + 1):
        if 10.0**-decimals < _COARSER_THAN_SPACING * typical_spacing:
            # Numbers this large have no digits to spare for decimals, but can be whole all the same.
            whole = typical_spacing < 1.0 and bool(np.all(values == np.rint(values)))
            return 0 if decimals == 0 and whole else None
        if _on_grid(values, decimals):
            return decimals
    return None


def round_to_decimals(values: np.ndarray, decimals: int) -> np.ndarray:
    """Round float64 values to the nearest numbers of so many decimals, zero being positive.

    The result is the float64 nearest to the decimal number, as reading its digits gives; values too large
    to have so many decimals in float64 stay as they are.
    """
    scale = 10.0**decimals
    rounded = np.rint(np.clip(values, -(2.0**52) / scale, 2.0**52 / scale) * scale) / scale + 0.0
    return np.where(np.abs(values) < 2.0**52 / scale, rounded, values)


def _on_grid(values: np.ndarray, decimals: int) -> bool:
    """Whether every value is a number of so many decimals, to within twice the spacing of its type."""
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        tolerance = 2.0 * np.spacing(np.abs(block)).astype(np.float64)
        wide = block.astype(np.float64)
        if np.any(np.abs(wide - round_to_decimals(wide, decimals)) > tolerance):
            return False
    return True
