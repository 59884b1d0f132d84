"""Tables as text, written with the decimals of the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import IO

import numpy as np

from vdm_cli.data.layout import Layout, feature_names

_BLOCK = 512  # rows turned into text at once


def write_csv(stream: IO[bytes], chunks: Iterable[np.ndarray], layout: Layout) -> None:
    """Write rows as UTF-8 text with the layout's names, delimiter and decimals.

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
            stream.write(("\n".join(lines) + "\n").encode("ascii"))


def _printer(layout: Layout, index: int) -> Callable[[np.ndarray], list[str]]:
    """Return the function that prints one column, shape (m,), as m cells."""
    decimals, kept = layout.decimals[index], layout.text_decimals[index]
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
