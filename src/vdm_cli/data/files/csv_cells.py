"""The cells of a csv column: which text is a number, which is blank, and how numbers were printed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

# Python's float() also takes 1_000, other scripts' digits, inf and nan; none of these is a number here.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER_CHARACTERS = b"0123456789+-.eE"
PADDING = " \t\r\n"
_MISSING = frozenset(
    ("", "?", "-", ".", "na", "n/a", "<na>", "#n/a", "nan", "-nan", "nat", "null", "none", "\\n")
)
_INFINITE = frozenset(("inf", "infinity"))


@dataclass(frozen=True)
class Cells:
    """Consecutive cells of one column, as numbers and as they were printed.

    Attributes:
        values: Float64, shape (n,), finite but for NaN in blank cells.
        integer: Whether every number has neither point nor exponent.
        text_decimals: Fewest decimals printed in any number, 0 where there are exponents; None where there is
            no number.
    """

    values: np.ndarray
    integer: bool
    text_decimals: int | None


def parse_cells(cells: Sequence[str]) -> Cells | None:
    """Read cells, at least one, as finite numbers, or return None if any of them is not one."""
    joined = "\n".join(cells)
    if not joined.isascii():
        return None
    text = joined.encode("ascii")
    other = text.translate(None, _NUMBER_CHARACTERS)
    if other.count(b"\n") != len(other) or len(other) != len(cells) - 1:
        if other.strip(PADDING.encode()):
            return None
        stripped = [cell.strip(PADDING) for cell in cells]
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


def parse_gapped_cells(texts: Sequence[str]) -> Cells | None:
    """Read stripped cells as finite numbers and blanks, or return None if any is neither."""
    present = np.array([not is_missing(text) for text in texts])
    values = np.full(len(texts), np.nan)
    if not present.any():
        return Cells(values, True, None)
    cells = parse_cells([text for text, there in zip(texts, present, strict=True) if there])
    if cells is None:
        return None
    values[present] = cells.values
    return Cells(values, cells.integer, cells.text_decimals)


def fewest_decimals(parts: Iterable[Cells]) -> int:
    """Fewest decimals printed in any number of the parts; 0 where there is none."""
    return min((part.text_decimals for part in parts if part.text_decimals is not None), default=0)


def is_number(cell: str) -> bool:
    """Whether the text is a decimal number, finite or too large to be so in float64."""
    return _NUMBER.fullmatch(cell.strip(PADDING)) is not None


def is_missing(cell: str) -> bool:
    """Whether the text is one of the usual ways to leave a number or a date out."""
    return cell.strip().lower() in _MISSING


def is_infinite(cell: str) -> bool:
    """Whether the text says infinity, or is a number too large to be finite in float64."""
    return cell.strip().lower().lstrip("+-") in _INFINITE or (is_number(cell) and math.isinf(float(cell)))


def _fewest_decimals(text: bytes) -> int:
    """Fewest digits after the point, in lines of one number each, all with a point and no exponent."""
    characters = np.frombuffer(text + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    points = np.flatnonzero(characters == ord("."))
    return int((ends - points - 1).min())
