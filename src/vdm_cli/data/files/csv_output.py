"""Tables as text, written with the decimals of the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import IO

import numpy as np

from vdm_cli.data.files.arrow_types import FLOATS
from vdm_cli.data.files.csv_dates import date_printer
from vdm_cli.data.form import NUMBER
from vdm_cli.data.layout import Layout, feature_names

_BLOCK = 512  # rows turned into text at once


def write_csv(stream: IO[bytes], chunks: Iterable[np.ndarray], layout: Layout) -> None:
    """Write rows as UTF-8 text with the layout's names, delimiter, decimals, categories, dates and blanks.

    Args:
        stream: Where to write.
        chunks: Arrays of shape (m, *layout.shape), at most one dimension a row, on the layout's grid.
        layout: How to write them.
    """
    if layout.header:
        header = io.StringIO()
        csv.writer(header, delimiter=layout.delimiter, lineterminator="\n").writerow(feature_names(layout))
        stream.write(header.getvalue().encode("utf-8"))
    printers = [_printer(layout, index) for index in range(len(layout.integer))]
    for chunk in chunks:
        for start in range(0, len(chunk), _BLOCK):
            block = chunk[start : start + _BLOCK].reshape(-1, len(printers))
            columns = [printer(column) for printer, column in zip(printers, block.T, strict=True)]
            lines = map(layout.delimiter.join, zip(*columns, strict=True))
            stream.write(("\n".join(lines) + "\n").encode("utf-8"))


def _printer(layout: Layout, index: int) -> Callable[[np.ndarray], list[str]]:
    """Return the function that prints one column, shape (m,), as m cells."""
    form = layout.forms[index] if layout.forms else NUMBER
    match form.kind:
        case "category":
            printer = _name_printer(form.categories, layout.delimiter)
        case "date":
            printer = date_printer(form)
        case "number":
            printer = _number_printer(layout, index)
    if form.blank is None:
        return printer
    blank = _quoted(form.blank, layout.delimiter)
    if not blank and len(layout.integer) == 1:
        blank = '""'  # an empty line would be none at all

    def with_blanks(column: np.ndarray) -> list[str]:
        missing = np.isnan(column)
        cells = iter(printer(column[~missing]))
        return [blank if gap else next(cells) for gap in missing.tolist()]

    return with_blanks


def _name_printer(names: Sequence[str], delimiter: str) -> Callable[[np.ndarray], list[str]]:
    """Return the function that prints codes as names."""
    quoted = [_quoted(name, delimiter) for name in names]
    return lambda column: [quoted[int(code)] for code in column.tolist()]


def _quoted(text: str, delimiter: str) -> str:
    """Put text in quotes where it would otherwise be taken for something else."""
    if any(mark in text for mark in (delimiter, '"', "\r", "\n")) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _number_printer(layout: Layout, index: int) -> Callable[[np.ndarray], list[str]]:
    """Return the function that prints numbers, none of them NaN."""
    decimals, kept = layout.decimals[index], layout.text_decimals[index]
    if decimals is None and layout.forms and layout.forms[index].stored in FLOATS:
        narrow = FLOATS[layout.forms[index].stored]
        return lambda column: _print_shortest(column.astype(narrow))
    if layout.integer[index]:
        return lambda column: list(map(str, map(int, column.tolist())))
    if decimals is None:
        return _print_shortest if kept else _print_shortest_trimmed
    pattern = f"%.{max(decimals, kept)}f"
    spare = decimals - kept
    if spare <= 0:
        return lambda column: [pattern % value for value in column.tolist()]
    if kept == 0:
        return lambda column: [(pattern % value).rstrip("0").rstrip(".") for value in column.tolist()]

    def trimmed(column: np.ndarray) -> list[str]:
        cells = [pattern % value for value in column.tolist()]
        return [cell[:-spare] + cell[-spare:].rstrip("0") for cell in cells]

    return trimmed


def _print_shortest(column: np.ndarray) -> list[str]:
    """Print the fewest digits that give the same number of the same type."""
    if column.dtype == np.float64:
        return list(map(repr, column.tolist()))
    return list(map(str, column))


def _print_shortest_trimmed(column: np.ndarray) -> list[str]:
    return [cell.removesuffix(".0") for cell in _print_shortest(column)]
