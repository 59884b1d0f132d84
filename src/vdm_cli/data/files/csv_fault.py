"""What is wrong with a csv file that could not be read, found by a further, slower reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vdm_cli.data.files.compressed import open_bytes
from vdm_cli.data.files.csv_cells import PADDING, is_number
from vdm_cli.data.files.csv_columns import Kind, kind_of
from vdm_cli.data.files.csv_dates import patterns_of
from vdm_cli.data.files.table import MOST_COUNTED, drop_hint, too_many_texts
from vdm_cli.errors import DataError


@dataclass
class _Survey:
    """What the cells of a column look like: how many of each kind, the first of each, the different texts."""

    counts: Counter[Kind] = field(default_factory=Counter)
    first: dict[Kind, tuple[int, str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    # Cells that ruled out a pattern of dates which all dates before them followed, with their own patterns.
    narrowing: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    conflict: tuple[int, str] | None = None
    _possible: frozenset[str] = frozenset()

    def add(self, line: int, text: str) -> None:
        kind = kind_of(text)
        self.counts[kind] += 1
        self.first.setdefault(kind, (line, text))
        if kind != "blank" and len(self.texts) <= MOST_COUNTED:
            self.texts.add(text)
        if kind == "date" and self.conflict is None:
            own = frozenset(patterns_of(text))
            possible = self._possible & own if self.narrowing else own
            if not possible:
                self.conflict = (line, text)
                self.narrowing.sort(key=lambda cell: bool(cell[2] & own))
            elif possible != self._possible:
                self.narrowing.append((line, text, own))
                self._possible = possible


def column_fault(
    cells: Iterator[tuple[int, str]], source: str, index: int, names: tuple[str, ...] | None
) -> DataError:
    """Return the error that says why a column is neither numbers nor dates nor categories.

    Args:
        cells: The column's cells, each with the number of its line.
        source: What to call the file in messages.
        index: Which column it is.
        names: Names of the file's columns, or None.
    """
    survey = _Survey()
    for line, cell in cells:
        survey.add(line, cell.strip(PADDING))
    column = f"column {index + 1}" if names is None else f"column '{names[index]}'"
    return DataError(f"{source}: {_place_and_reason(survey, column)}; {_remedy(names, index)}")


def _place_and_reason(survey: _Survey, column: str) -> str:
    counts, first = survey.counts, survey.first
    total = counts.total() - counts["blank"]
    if not total:
        return f"{column} is blank in all of its {counts['blank']} cells"
    if 2 * counts["date"] >= total and survey.conflict is not None:
        line, text, _ = survey.narrowing[0]
        other_line, other = survey.conflict
        two = f"'{text}' in line {line} and '{other}' in line {other_line}"
        return f"{column} has dates of two formats: {two}"
    odd_kinds: list[Kind] = ["infinite", "comma", "text", "date", "number"]
    if 2 * counts["date"] >= total:
        like, odd_kinds = "date", [kind for kind in odd_kinds if kind != "date"]
    elif 2 * counts["number"] >= total or not counts["text"]:
        like, odd_kinds = "number", [kind for kind in odd_kinds if kind != "number"]
    else:
        return f"{column} {too_many_texts(len(survey.texts))}"
    line, text = min(first[kind] for kind in odd_kinds if kind in first)
    odd = sum(counts[kind] for kind in odd_kinds)
    cells = f"{odd} such cell{'s' * (odd > 1)} in the column"
    return f"line {line}, {column}: {_what(text, like)} ({cells})"


def encoding_fault(path: Path, source: str) -> DataError:
    """Return the error that names the first line of the file which is not UTF-8."""
    with open_bytes(path, source) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return DataError(
                    f"{source}: line {number} is not UTF-8 (byte 0x{line[error.start]:02x}); "
                    "save the file in UTF-8"
                )
    return DataError(f"{source}: is not UTF-8; save the file in UTF-8")


def _what(text: str, like: str) -> str:
    """Say what is wrong with the text of a cell in a column of numbers or dates."""
    match kind_of(text):
        case "infinite" if is_number(text):
            return f"'{_short(text)}' is too large for a finite number"
        case "infinite":
            return f"'{text}' is not a finite number"
        case "comma":
            return f"'{_short(text)}' is not a {like} (decimals follow a point, not a comma)"
        case _:
            return f"'{_short(text)}' is not a {like}"


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}..."


def _remedy(names: tuple[str, ...] | None, index: int) -> str:
    """Say how to go on without the column."""
    if names is None:
        return "mend the cell, or remove its row or column: without a line of names none can be left out"
    return f"mend the file, or {drop_hint(names[index])}"
