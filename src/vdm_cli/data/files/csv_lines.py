"""The records of a csv file: its delimiter, its lines and their numbers."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from typing import TextIO

from vdm_cli.errors import DataError

_LONGEST_LINE = 1 << 24  # characters; a longer one is no table, and would be read into memory whole


def read_records(stream: TextIO, source: str) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """Return the delimiter of a csv file, and its records, each with the number of its last line.

    A tab in the first line parts cells, else a semicolon, else the comma: in files of the first two kinds
    the comma may stand for the decimal point.

    Args:
        stream: The file at its beginning, opened with ``newline=""``.
        source: What to call it in messages.

    Raises:
        DataError: Also while the records are read: for zero bytes, endless lines and unclosed quotes.
    """
    lines = _lines(stream, source)
    first = next(lines, "")
    bare = "".join(first.split('"')[::2])  # what stands outside quotes
    delimiter = next((candidate for candidate in "\t;" if candidate in bare), ",")
    return delimiter, _records(_prepend(first, lines), delimiter, source)


def _records(lines: Iterator[str], delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
    try:
        for record in reader:
            yield reader.line_num, record
    except csv.Error as error:
        raise DataError(
            f"{source}: line {reader.line_num} is not csv: {error}; is a quote left open?"
        ) from error


def _lines(stream: TextIO, source: str) -> Iterator[str]:
    for number, line in enumerate(iter(functools.partial(stream.readline, _LONGEST_LINE), ""), start=1):
        if "\0" in line:
            raise DataError(f"{source}: line {number} holds a zero byte; this is not a text file in UTF-8")
        if len(line) >= _LONGEST_LINE:
            raise DataError(f"{source}: line {number} has over {_LONGEST_LINE} characters; this is no table")
        # A line of spaces is a blank line; in a table of one column csv would make it a blank cell.
        yield line.lstrip(" ") if line.isspace() else line


def _prepend(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines
