"""Tables as text: cells parted by comma, semicolon or tab, with or without a line of names."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from vdm_cli.data.files.csv_cells import Cells, is_missing, is_number, parse_cells
from vdm_cli.data.files.csv_fault import cell_fault, encoding_fault
from vdm_cli.data.files.csv_lines import read_records
from vdm_cli.errors import DataError

_BLOCK = 512  # rows turned into numbers at once: few enough for their text to stay in the cache


@dataclass(frozen=True, eq=False)
class Table:
    """The numbers of a csv file, and how they were printed there.

    Attributes:
        values: Finite float64, shape (n, d).
        columns: Names of the columns, or None where the file has no line of names.
        integer: Whether every cell of the column has neither point nor exponent.
        text_decimals: Fewest decimals printed in any cell of the column.
        delimiter: What parts the cells.
    """

    values: np.ndarray
    columns: tuple[str, ...] | None
    integer: tuple[bool, ...]
    text_decimals: tuple[int, ...]
    delimiter: str


def read_csv(path: Path, source: str, columns: Sequence[str] | None = None) -> Table:
    """Read a csv file in UTF-8 as a table of finite numbers.

    A first line of numbers, or of numbers and gaps, is a row; any other gives the names.

    Args:
        path: The file.
        source: What to call it in messages.
        columns: Names of the columns to keep, in this order; None keeps all.  The others may hold text.

    Raises:
        DataError: If the file is no such table; the message gives line, column, text and remedy.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(stream, path, source, columns)
    except UnicodeDecodeError as error:
        raise encoding_fault(path, source) from error


def _read(stream: TextIO, path: Path, source: str, columns: Sequence[str] | None) -> Table:
    delimiter, records = read_records(stream, source)
    try:
        line, first = next(records)
    except StopIteration:
        raise DataError(f"{source}: is empty; a table has at least one row") from None
    names = _header(first, line, source)
    width = len(first)
    chosen = _choose(names, columns, source, width)
    rows = records if names is not None else itertools.chain([(line, first)], records)
    parts: list[list[Cells]] = []
    for block in _blocks(rows, width, source):
        by_column = list(zip(*block, strict=True))
        cells = [parse_cells(by_column[index]) for index in chosen]
        parts.append([cell for cell in cells if cell is not None])
        if len(parts[-1]) != len(chosen):
            raise cell_fault(path, source, delimiter, names, chosen)
    if not parts:
        raise DataError(f"{source}: has a line of names and no rows")
    by_feature = list(zip(*parts, strict=True))
    values = np.empty((sum(len(part[0].values) for part in parts), len(chosen)))
    for index, feature in enumerate(by_feature):
        np.concatenate([cells.values for cells in feature], out=values[:, index])
    return Table(
        values=values,
        columns=None if names is None else tuple(names[index] for index in chosen),
        integer=tuple(all(cells.integer for cells in feature) for feature in by_feature),
        text_decimals=tuple(min(cells.text_decimals for cells in feature) for feature in by_feature),
        delimiter=delimiter,
    )


def _blocks(records: Iterator[tuple[int, list[str]]], width: int, source: str) -> Iterator[list[list[str]]]:
    """Rows in blocks, each row of the same number of cells; blank lines may only end the file."""
    block: list[list[str]] = []
    blank = 0
    for line, record in records:
        if len(record) <= 1 and not "".join(record).strip():
            blank = blank or line
            continue
        if blank:
            raise DataError(f"{source}: line {blank} is blank, with rows after it; remove the line")
        if len(record) != width:
            raise DataError(
                f"{source}: line {line} has {len(record)} cells where the first line has {width}; "
                "a cell that holds the delimiter needs quotes"
            )
        block.append(record)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block


def _header(first: list[str], line: int, source: str) -> tuple[str, ...] | None:
    """Names in the first record, or None where it is a row."""
    if not "".join(first).strip():
        raise DataError(f"{source}: line {line} is blank; the first line gives the names or the first row")
    numbers = [cell.strip() for cell in first if is_number(cell)]
    if numbers and all(is_number(cell) or is_missing(cell) for cell in first):
        return None
    if any("." in number for number in numbers):
        text = next(cell.strip() for cell in first if not is_number(cell))
        raise DataError(
            f"{source}: line {line} mixes numbers such as '{numbers[0]}' with text such as '{text[:40]}', so "
            "it is neither names nor a row; give the file a first line of names"
        )
    return tuple(cell.strip() for cell in first)


def _choose(
    names: tuple[str, ...] | None, columns: Sequence[str] | None, source: str, width: int
) -> tuple[int, ...]:
    """Index of each column to read."""
    if names is None:
        if columns is not None:
            raise DataError(f"{source}: has no line of names, so data.columns cannot choose columns; add one")
        return tuple(range(width))
    wanted = names if columns is None else tuple(columns)
    if not wanted:
        raise DataError(f"{source}: data.columns is empty; name at least one of {_listed(names)}")
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DataError(f"{source}: has no column '{name}'; its columns are {_listed(names)}.{hint}")
        if columns is not None and wanted.count(name) > 1:
            raise DataError(f"{source}: data.columns names '{name}' {wanted.count(name)} times")
        if names.count(name) > 1:
            raise DataError(
                f"{source}: {names.count(name)} columns are named '{name}'; give each a name of its own"
            )
        if columns is None and not name:
            raise DataError(
                f"{source}: column {names.index(name) + 1} has no name (an index saved with the table?); "
                "name it, or choose the others with data.columns"
            )
    return tuple(names.index(name) for name in wanted)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
