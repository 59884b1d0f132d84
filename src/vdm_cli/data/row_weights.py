"""What numbers must be to serve as weights of rows."""

from __future__ import annotations

import numpy as np

from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.errors import DataError


def check_weights(column: WeightColumn, weights: np.ndarray, source: str) -> np.ndarray:
    """Return the weights (n,) as float64.

    Args:
        column: Where they stand, and their declared maximum.
        weights: As they were read.
        source: The file, for messages.

    Raises:
        DataError: If one is negative, not finite or above the declared maximum, or all are zero.
    """
    place = f"{source}: {column.option}"
    if weights.ndim != 1:
        raise DataError(f"{place}: '{column.name}' has the shape {weights.shape}; weights are one a row")
    weights = weights.astype(np.float64)

    def refuse(bad: np.ndarray, rule: str) -> None:
        if bad.any():
            first = int(np.argmax(bad))
            shown = "blank" if np.isnan(weights[first]) else f"{weights[first]:g}"
            raise DataError(
                f"{place}: row {first} of '{column.name}' is {shown} ({int(np.count_nonzero(bad))} such, "
                f"rows count from 0); weights {rule}"
            )

    refuse(~((weights >= 0) & np.isfinite(weights)), "must be zero or positive")
    if not weights.any():
        raise DataError(f"{place}: all weights in '{column.name}' are zero")
    if column.maximum is not None:
        refuse(
            weights > column.maximum,
            f"are declared to be at most {column.maximum:g} for every row that there could be",
        )
    return weights
