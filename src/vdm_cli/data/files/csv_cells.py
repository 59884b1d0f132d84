"""The cells of a csv column: which text is a number, and how it was printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Python's float() also takes 1_000, other scripts' digits, inf and nan; none of these is a number here.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER_CHARACTERS = b"0123456789+-.eE"
_PADDING = " \t\r\n"
_MISSING = frozenset(("", "?", "-", "na", "n/a", "nan", "null", "none", "inf", "+inf", "-inf", "infinity"))


@dataclass(frozen=True)
class Cells:
    """Consecutive cells of one column, as numbers and as they were printed.

    Attributes:
        values: Finite float64, shape (n,).
        integer: Whether every cell has neither point nor exponent.
        text_decimals: Fewest decimals printed in any cell; 0 where there are exponents.
    """

    values: np.ndarray
    integer: bool
    text_decimals: int


def parse_cells(cells: Sequence[str]) -> Cells | None:
    """Read cells as finite numbers, or return None if any of them is not one."""
    joined = "\n".join(cells)
    if not joined.isascii():
        return None
    text = joined.encode("ascii")
    other = text.translate(None, _NUMBER_CHARACTERS)
    if other.count(b"\n") != len(other) or len(other) != len(cells) - 1:
        if other.strip(_PADDING.encode()):
            return None
        stripped = [cell.strip(_PADDING) for cell in cells]
        return parse_cells(stripped) if stripped != list(cells) else None
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    if not np.isfinite(values).all():
        return None
    exponents = b"e" in text or b"E" in text
    points = text.count(b".")
    integer = points == 0 and not exponents
    return Cells(values, integer, 0 if exponents or points < len(cells) else _fewest_decimals(text))


def is_number(cell: str) -> bool:
    """Whether the text is a decimal number, finite or too large to be so in float64."""
    return _NUMBER.fullmatch(cell.strip(_PADDING)) is not None


def is_missing(cell: str) -> bool:
    """Whether the text is one of the usual ways to leave a number out."""
    return cell.strip().lower() in _MISSING


def _fewest_decimals(text: bytes) -> int:
    """Fewest digits after the point, in lines of one number each, all with a point and no exponent."""
    characters = np.frombuffer(text + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    points = np.flatnonzero(characters == ord("."))
    return int((ends - points - 1).min())
