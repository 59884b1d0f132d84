"""Decimal grids: how many places after the point the values of a feature have."""

from __future__ import annotations

import numpy as np

MAX_DECIMALS = 12
# A grid is believed only where it is this much coarser than the spacing of floating-point numbers: every
# float32 near 100 is a multiple of 1e-5 to within its own precision, which says nothing about the data.
_COARSER_THAN_SPACING = 16.0
_BLOCK = 1 << 16
_NEARLY_ALL = 0.98


def decimals_of(values: np.ndarray) -> int | None:
    """Return the fewest decimals that hold nearly every value to within its precision, or None if continuous.

    A few odd values (up to 2 %) do not make a column continuous or finer: white wine has 34 alcohol
    contents such as 10.0333333 among 4,898 of at most two decimals.  A value that is most of the
    column has no vote: a column of mostly zeros is not taken for whole numbers.

    Args:
        values: Shape (n,), finite but for NaN, which has no vote; of their file's own type, which sets the
            precision.
    """
    if values.dtype.kind in "iu":
        return 0
    values = values[~np.isnan(values)]
    magnitudes = np.abs(values[values != 0])
    if magnitudes.size == 0:
        return 0
    distinct, counts = np.unique(values, return_counts=True)
    if len(values) / 2 < counts.max() < len(values):
        values = values[values != distinct[np.argmax(counts)]]
    typical_spacing = float(np.spacing(np.median(magnitudes)))
    for decimals in range(MAX_DECIMALS + 1):
        if 10.0**-decimals < _COARSER_THAN_SPACING * typical_spacing:
            # Numbers this large have no digits to spare for decimals, but can be whole all the same.
            whole = typical_spacing < 1.0 and bool(np.all(values == np.rint(values)))
            return 0 if decimals == 0 and whole else None
        if _on_grid(values, decimals) >= _NEARLY_ALL:
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


def _on_grid(values: np.ndarray, decimals: int) -> float:
    """Share of values that are numbers of so many decimals, to within twice the spacing of their type."""
    held = 0
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        tolerance = 2.0 * np.spacing(np.abs(block)).astype(np.float64)
        wide = block.astype(np.float64)
        held += int(np.count_nonzero(np.abs(wide - round_to_decimals(wide, decimals)) <= tolerance))
    return held / len(values)
