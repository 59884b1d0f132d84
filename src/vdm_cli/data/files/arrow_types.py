"""Types of Arrow by their names: which of them a table may have, and what numbers they hold."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
FLOATS: dict[str, type[np.floating[Any]]] = {
    "halffloat": np.float16,
    "float": np.float32,
    "double": np.float64,
}
TEXTS = ("string", "large_string", "string_view")
_DECIMAL = re.compile(r"(decimal\d+)\((\d+), (-?\d+)\)")
_TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=(.+))?\]")
_DICTIONARY = re.compile(r"dictionary<values=(\w+), indices=(\w+), ordered=([01])>")


def arrow_type(name: str) -> Any:
    """The Arrow type that prints as `name`.

    Raises:
        ValueError: If it is none that a column of a table may have.
    """
    import pyarrow

    if name in (*INTEGERS, *FLOATS, *TEXTS, "bool", "date32[day]", "date64[ms]"):
        return pyarrow.type_for_alias(name)
    if match := _DECIMAL.fullmatch(name):
        return getattr(pyarrow, match[1])(int(match[2]), int(match[3]))
    if match := _TIMESTAMP.fullmatch(name):
        return pyarrow.timestamp(match[1], tz=match[2])
    if (match := _DICTIONARY.fullmatch(name)) and match[1] in TEXTS and match[2] in INTEGERS:
        values, indices = (arrow_type(part) for part in match.group(1, 2))
        return pyarrow.dictionary(indices, values, ordered=match[3] == "1")
    raise ValueError(f"a column must be of a type that a table may have, got '{name}'")


def decimal_places(name: str) -> int | None:
    """Places after the point of a decimal type; None for any other."""
    match = _DECIMAL.fullmatch(name)
    return None if match is None else max(0, int(match[3]))


def held_range(name: str) -> tuple[float, float]:
    """Smallest and largest float64 that a type of numbers can hold; infinite for the empty name."""
    if name in INTEGERS:
        info = np.iinfo(name)
        largest = float(info.max)
        return float(info.min), largest if int(largest) <= info.max else float(np.nextafter(largest, 0.0))
    if name in FLOATS:
        return float(np.finfo(FLOATS[name]).min), float(np.finfo(FLOATS[name]).max)
    if match := _DECIMAL.fullmatch(name):
        largest = float(np.nextafter(10.0 ** (int(match[2]) - int(match[3])), 0.0)) - 10.0 ** -int(match[3])
        return -largest, largest
    return -math.inf, math.inf
