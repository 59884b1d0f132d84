"""What is wrong with a csv file that could not be read, found by a second, slower reading."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vdm_cli.data.files.csv_cells import is_number
from vdm_cli.data.files.csv_lines import read_records
from vdm_cli.errors import DataError

_LISTED = 8  # usable columns named in a message


@dataclass
class _Fault:
    """The first cell of a column that is no number, and how many there are."""

    line: int
    text: str
    count: int = 0


def cell_fault(
    path: Path, source: str, delimiter: str, names: tuple[str, ...] | None, chosen: Sequence[int]
) -> DataError:
    """Return the error that names the first cell of the chosen columns which is no finite number.

    Args:
        path: The file, known to have such a cell and lines of equal width up to it.
        source: What to call it in messages.
        delimiter: What parts the cells.
        names: Names of the columns, or None.
        chosen: Indices of the columns that were to be read.
    """
    faults: dict[int, _Fault] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        _, records = read_records(stream, source)
        for number, (line, record) in enumerate(records):
            if (number == 0 and names is not None) or (len(record) <= 1 and not "".join(record).strip()):
                continue
            for index, cell in enumerate(record):
                if not (is_number(cell) and math.isfinite(float(cell))):
                    faults.setdefault(index, _Fault(line, cell.strip())).count += 1
    index = min((index for index in chosen if index in faults), key=lambda index: faults[index].line)
    fault = faults[index]
    column = f"column {index + 1}" if names is None else f"column '{names[index]}'"
    cells = "1 such cell" if fault.count == 1 else f"{fault.count} such cells"
    return DataError(
        f"{source}: line {fault.line}, {column}: {_what(fault.text)} ({cells} in the column); "
        f"{_remedy(names, [index for index in chosen if index not in faults])}"
    )


def encoding_fault(path: Path, source: str) -> DataError:
    """Return the error that names the first line of the file which is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return DataError(
                    f"{source}: line {number} is not UTF-8 (byte 0x{line[error.start]:02x}); "
                    "save the file in UTF-8"
                )
    return DataError(f"{source}: is not UTF-8; save the file in UTF-8")


def _what(text: str) -> str:
    """Say what is wrong with the text of a cell."""
    if not text:
        return "blank cell"
    shown = text if len(text) <= 30 else f"{text[:30]}..."
    if is_number(text):
        return f"'{shown}' is too large for a finite number"
    if re.fullmatch(r"[+-]?\d+,\d+", text, re.ASCII):
        return f"'{shown}' is not a number (decimals follow a point, not a comma)"
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"'{shown}' is not a finite number"
    return f"'{shown}' is not a number"


def _remedy(names: tuple[str, ...] | None, usable: Sequence[int]) -> str:
    """Say how to go on without the column."""
    if names is None:
        return "fill the cell in or remove the row or column: without a line of names none can be left out"
    if not usable:
        return "no column is numeric throughout: fill the cells in, or remove their rows"
    listed = ", ".join(names[index] for index in usable[:_LISTED])
    more = f" and {len(usable) - _LISTED} more" if len(usable) > _LISTED else ""
    return f"leave the column out with data.columns: [{listed}]{more}"
