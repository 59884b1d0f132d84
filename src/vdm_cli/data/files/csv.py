"""Tables as text: cells parted by comma, semicolon or tab, with or without a line of names."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.files.compressed import open_bytes
from vdm_cli.data.files.csv_cells import (
    Cells,
    fewest_decimals,
    is_infinite,
    is_missing,
    is_number,
    parse_cells,
)
from vdm_cli.data.files.csv_columns import Column, TextColumn
from vdm_cli.data.files.csv_dates import patterns_of
from vdm_cli.data.files.csv_fault import column_fault, encoding_fault
from vdm_cli.data.files.csv_lines import read_records
from vdm_cli.data.files.table import Table, choose_columns
from vdm_cli.data.form import NUMBER
from vdm_cli.errors import DataError

_BLOCK = 512  # rows turned into numbers at once: few enough for their text to stay in the cache


@dataclass(frozen=True)
class _Head:
    """What the first line of a file says.

    Attributes:
        delimiter: What parts the cells.
        names: Names of the columns, or None where the first line is a row.
        width: Cells in a line.
    """

    delimiter: str
    names: tuple[str, ...] | None
    width: int


def read_csv(
    path: Path, source: str, columns: Sequence[str] | None = None, drop: Sequence[str] = ()
) -> Table:
    """Read a csv file in UTF-8, plain or compressed, as a table of numbers, categories, dates and blanks.

    A first line of numbers, or of numbers and gaps, is a row; any other gives the names.  Each column is the
    first of these that it can be:

    - numbers; blank cells (empty, NA, nan, ?, -, null and their like) are NaN;
    - dates, all of one pattern: year first, or day first, or month first where the days say so;
    - categories: at most `MAX_CATEGORIES` different texts, also ``True`` and ``False``; only empty cells are
      blank.  Many different numbers (or dates) with a few odd texts among them are an error, not categories.

    Args:
        path: The file; ``.csv.gz`` is decompressed on the way.
        source: What to call it in messages.
        columns: Names of the columns to keep, in this order; None keeps all.
        drop: Names of the columns to leave out; what they hold does not matter.

    Raises:
        DataError: If the file is no such table; the message gives line, column, text and remedy.
    """
    try:
        return _read(path, source, columns, drop)
    except UnicodeDecodeError as error:
        raise encoding_fault(path, source) from error


def read_csv_names(path: Path, source: str) -> tuple[str, ...] | None:
    """The names in the first line, or None where it is a row.

    Raises:
        DataError: If the file is empty, not UTF-8, or its first line is neither names nor a row.
    """
    try:
        with _open(path, source) as (head, _):
            return head.names
    except UnicodeDecodeError as error:
        raise encoding_fault(path, source) from error


def _read(path: Path, source: str, columns: Sequence[str] | None, drop: Sequence[str]) -> Table:
    with _open(path, source) as (head, records):
        if head.names is not None:
            chosen = choose_columns(head.names, source, columns, drop)
        elif columns is not None or drop:
            option = "data.drop" if columns is None else "data.columns"
            raise DataError(f"{source}: has no line of names, so {option} cannot choose columns; add one")
        else:
            chosen = tuple(range(head.width))
        numeric: dict[int, list[Cells]] = {index: [] for index in chosen}
        count = 0
        for block in _blocks(records, head.width, source):
            by_column = list(zip(*block, strict=True))
            count += len(block)
            for index in list(numeric):
                cells = parse_cells(by_column[index])
                if cells is None:
                    del numeric[index]
                else:
                    numeric[index].append(cells)
    if not count:
        raise DataError(f"{source}: has a line of names and no rows")
    others = _read_texts(path, source, [index for index in chosen if index not in numeric])
    values = np.empty((count, len(chosen)))
    features = []
    for place, index in enumerate(chosen):
        if index in numeric:
            parts = numeric.pop(index)
            np.concatenate([cells.values for cells in parts], out=values[:, place])
            features.append((all(cells.integer for cells in parts), fewest_decimals(parts), NUMBER))
        else:
            column = others.pop(index)
            _check_name(head, index, column, source)
            values[:, place] = column.values
            features.append((column.integer, column.text_decimals, column.form))
    integer, text_decimals, forms = zip(*features, strict=True)
    return Table(
        values=values,
        columns=None if head.names is None else tuple(head.names[index] for index in chosen),
        integer=integer,
        text_decimals=text_decimals,
        delimiter=head.delimiter,
        forms=() if all(form == NUMBER for form in forms) else forms,
    )


def _read_texts(path: Path, source: str, chosen: Sequence[int]) -> dict[int, Column]:
    """Read the columns again that are not numbers throughout."""
    if not chosen:
        return {}
    columns = {index: TextColumn() for index in chosen}
    with _open(path, source) as (head, records):
        for block in _blocks(records, head.width, source):
            by_column = list(zip(*block, strict=True))
            for index, column in columns.items():
                column.add(by_column[index])
            if any(column.hopeless for column in columns.values()):
                break
    finished = {}
    for index, column in sorted(columns.items(), key=lambda item: not item[1].hopeless):
        done = None if column.hopeless else column.finish()
        if done is None:
            with _open(path, source) as (head, records):
                cells = ((line, record[index]) for line, record in records if len(record) == head.width)
                raise column_fault(cells, source, index, head.names)
        finished[index] = done
    return finished


@contextlib.contextmanager
def _open(path: Path, source: str) -> Iterator[tuple[_Head, Iterator[tuple[int, list[str]]]]]:
    """Open the file; yield what its first line says, and its rows, each with the number of its last line."""
    with io.TextIOWrapper(open_bytes(path, source), encoding="utf-8-sig", newline="") as stream:
        delimiter, records = read_records(stream, source)
        try:
            line, first = next(records)
        except StopIteration:
            raise DataError(f"{source}: is empty; a table has at least one row") from None
        names = _header(first, line, source)
        rows = records if names is not None else itertools.chain([(line, first)], records)
        yield _Head(delimiter, names, len(first)), rows


def _blocks(records: Iterator[tuple[int, list[str]]], width: int, source: str) -> Iterator[list[list[str]]]:
    """Rows in blocks, each row of the same number of cells; blank lines may only end the file."""
    block: list[list[str]] = []
    blank = 0
    for line, record in records:
        if not record or (len(record) == 1 < width and not record[0].strip()):
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
    if numbers and all(is_number(cell) or is_missing(cell) or is_infinite(cell) for cell in first):
        return None
    if any("." in number for number in numbers):
        text = next(cell.strip() for cell in first if not is_number(cell))
        raise DataError(
            f"{source}: line {line} mixes numbers such as '{numbers[0]}' with text such as '{text[:40]}', so "
            "it is neither names nor a row; give the file a first line of names"
        )
    return tuple(cell.strip() for cell in first)


def _check_name(head: _Head, index: int, column: Column, source: str) -> None:
    """Refuse a name that is one of its own column's values: the first line is a row."""
    name = head.names[index] if head.names is not None else ""
    if name in column.form.categories or (column.form.pattern and column.form.pattern in patterns_of(name)):
        raise DataError(
            f"{source}: '{name}' in the first line is also a value of its own column, as if "
            "the line were a row; give the file a first line of names"
        )
