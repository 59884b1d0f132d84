"""Columns of a csv file that are not numbers throughout: numbers with blanks, dates, or categories."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vdm_cli.data.dates import coarsest_unit, from_microseconds
from vdm_cli.data.files.csv_cells import (
    PADDING,
    Cells,
    fewest_decimals,
    is_infinite,
    is_missing,
    is_number,
    parse_gapped_cells,
)
from vdm_cli.data.files.csv_dates import parse_dates, patterns_of
from vdm_cli.data.form import MAX_CATEGORIES, NUMBER, Form

# More different numbers (or dates) than these, in half of the cells or more, are a column of numbers with
# a few odd cells; fewer, as 0, 1, 2, 3+ or 4, 6, rotary, are names.
_FEW_NUMBERS = 20
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)

Kind = Literal["blank", "number", "infinite", "date", "comma", "text"]


@dataclass(frozen=True, eq=False)
class Column:
    """A whole column as numbers, and how it was written.

    Attributes:
        values: Shape (n,), float64, NaN where blank.
        form: How they are written.
        integer: Whether all values are whole as written.
        text_decimals: Fewest decimals printed in any cell.
    """

    values: np.ndarray
    form: Form
    integer: bool
    text_decimals: int


class TextColumn:
    """A column as everything that it may be, until its cells say otherwise.

    Memory grows by 8 bytes a cell for numbers, as many for each pattern of dates that is still possible, and
    2 for categories, of which there are never many more than `MAX_CATEGORIES`.
    """

    def __init__(self) -> None:
        self._blanks: Counter[str] = Counter()
        self._numbers: list[Cells] | None = []
        # Microseconds and where they stand, by pattern; the patterns are those of the first cell with text.
        self._dates: dict[str, list[np.ndarray]] | None = None
        self._present: list[np.ndarray] = []
        self._codes: list[np.ndarray] | None = []
        self._names: dict[str, int] = {}

    @property
    def hopeless(self) -> bool:
        """Whether the column can no longer be anything."""
        return self._numbers is None and self._codes is None and self._dates == {}

    def add(self, cells: Sequence[str]) -> None:
        """Take the next cells, at least one."""
        texts = [cell.strip(PADDING) for cell in cells]
        blank = [is_missing(text) for text in texts]
        self._blanks.update(text for text, missing in zip(texts, blank, strict=True) if missing)
        if self._numbers is not None:
            parsed = parse_gapped_cells(texts)
            if parsed is None:
                self._numbers = None
            else:
                self._numbers.append(parsed)
        self._add_dates([text for text, missing in zip(texts, blank, strict=True) if not missing])
        self._present.append(~np.array(blank))
        if self._codes is not None:
            names = self._names
            self._codes.append(np.array([names.setdefault(text, len(names)) for text in texts], np.int16))
            if len(names) > MAX_CATEGORIES + 1:  # one of them may be the blank
                self._codes = None
                names.clear()

    def finish(self) -> Column | None:
        """The column, or None if it is of no kind, or all blank."""
        marker = self._blanks.most_common(1)[0][0] if self._blanks else None
        present = np.concatenate(self._present)
        if not present.any():
            return None
        if self._numbers is not None:
            return Column(
                values=np.concatenate([cells.values for cells in self._numbers]),
                form=NUMBER if marker is None else Form(blank=marker),
                integer=all(cells.integer for cells in self._numbers),
                text_decimals=fewest_decimals(self._numbers),
            )
        if self._dates:
            pattern, parts = next(iter(self._dates.items()))
            microseconds = np.concatenate(parts)
            unit = coarsest_unit(microseconds)
            values = np.full(len(present), np.nan)
            values[present] = from_microseconds(microseconds, unit)
            return Column(values, Form("date", pattern=pattern, unit=unit, blank=marker), True, 0)
        return self._categories()

    def _add_dates(self, texts: list[str]) -> None:
        """Drop the patterns that not all of the texts follow."""
        if not texts:
            return
        if self._dates is None:
            self._dates = {pattern: [] for pattern in patterns_of(texts[0])}
        for pattern in list(self._dates):
            microseconds = parse_dates(texts, pattern)
            if microseconds is None:
                del self._dates[pattern]
            else:
                self._dates[pattern].append(microseconds)

    def _categories(self) -> Column | None:
        """The column as names: only an empty cell is blank, since NA or None may be one."""
        if self._codes is None:
            return None
        codes = np.concatenate(self._codes)
        counts = dict(zip(self._names, np.bincount(codes, minlength=len(self._names)).tolist(), strict=True))
        blank = counts.pop("", 0)
        if len(counts) > MAX_CATEGORIES or not are_names(counts):
            return None
        names = tuple(sorted(counts))
        places = {name: float(code) for code, name in enumerate(names)}
        lookup = np.array([places.get(name, np.nan) for name in self._names])
        return Column(lookup[codes], Form("category", names, blank="" if blank else None), True, 0)


def kind_of(text: str) -> Kind:
    """What a stripped cell looks like; ``comma`` is a number whose decimals follow a comma."""
    if is_missing(text):
        return "blank"
    if is_infinite(text):
        return "infinite"
    if is_number(text):
        return "number"
    if _DECIMAL_COMMA.fullmatch(text):
        return "comma"
    return "date" if patterns_of(text) else "text"


def are_names(counts: Mapping[str, int]) -> bool:
    """Whether texts are names of categories, rather than numbers or dates among which a few cells are odd.

    Args:
        counts: How often each text occurs.
    """
    cells: Counter[Kind] = Counter()
    distinct: Counter[Kind] = Counter()
    for text, count in counts.items():
        kind = kind_of(text)
        cells[kind] += count
        distinct[kind] += 1
    if not cells["text"]:
        return False
    half = 0.5 * (cells.total() - cells["blank"])
    values: tuple[Kind, ...] = ("number", "date")
    return not any(cells[kind] >= half and distinct[kind] > _FEW_NUMBERS for kind in values)
