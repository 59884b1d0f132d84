"""The weights of rows, as a column or array that stands beside them in a file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vdm_cli.errors import DataError, UsageError
from vdm_cli.quoting import quoted


@dataclass(frozen=True)
class WeightColumn:
    """Where the weights of a file's rows stand.

    Attributes:
        name: Of the column of a table, or of another array in the same .npz or HDF5 file.
        maximum: The largest weight that any row of the law could have; None where nobody knows.
        option: What asked for them, for messages.
    """

    name: str
    maximum: float | None = None
    option: str = "weights"

    def check(self, weights: np.ndarray, source: str) -> np.ndarray:
        """Return the weights (n,) as float64.

        Raises:
            DataError: If one is negative, not finite or above the declared maximum, or all are zero.
        """
        if weights.ndim != 1:
            raise DataError(
                f"{source}: {self.option}: '{self.name}' has the shape {weights.shape}; weights are one a row"
            )
        weights = weights.astype(np.float64)
        self._refuse(~((weights >= 0) & np.isfinite(weights)), weights, source, "must be zero or positive")
        if not weights.any():
            raise DataError(f"{source}: {self.option}: all weights in '{self.name}' are zero")
        if self.maximum is not None:
            rule = f"are declared to be at most {self.maximum:g} for every row that there could be"
            self._refuse(weights > self.maximum, weights, source, rule)
        return weights

    def _refuse(self, bad: np.ndarray, weights: np.ndarray, source: str, rule: str) -> None:
        if bad.any():
            first = int(np.argmax(bad))
            shown = "blank" if np.isnan(weights[first]) else f"{weights[first]:g}"
            raise DataError(
                f"{source}: {self.option}: row {first} of '{self.name}' is {shown} "
                f"({int(np.count_nonzero(bad))} such, rows count from 0); weights {rule}"
            )


def parse_weight_column(text: str | None, option: str) -> WeightColumn | None:
    """Read ``COLUMN`` or ``COLUMN:MAX``, where MAX is what follows the last colon if that is a number.

    Args:
        text: As it was given; None gives None.
        option: What it was given to.

    Raises:
        UsageError: If there is no name, or the maximum is not a positive finite number.
    """
    if text is None:
        return None
    name, colon, last = text.rpartition(":")
    try:
        maximum = float(last) if colon else None
    except ValueError:
        maximum = None
    if maximum is None:
        name = text
    elif not (maximum > 0 and math.isfinite(maximum)):
        raise UsageError(f"{option}: the largest weight must be positive and finite, got {quoted(last)}")
    if not name:
        raise UsageError(f"{option} must be COLUMN or COLUMN:MAX, such as w or w:2.5, got {quoted(text)}")
    return WeightColumn(name, maximum, option)
