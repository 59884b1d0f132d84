"""Where the weights of a file's rows stand, as a command line says it; NumPy is not needed for that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vdm_cli.errors import UsageError
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
