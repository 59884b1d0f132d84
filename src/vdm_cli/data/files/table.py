"""A table as numbers, whatever the format, and the choice of its columns."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import MAX_CATEGORIES, Form
from vdm_cli.errors import DataError

MOST_COUNTED = 100_000  # different texts of a column: to count more would cost memory for a message's sake


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a table as float64, and how they were written there.

    Attributes:
        values: Shape (n, d): finite, but for NaN in blank cells; codes of categories and counts of dates.
        columns: Names of the columns, or None where the file has no line of names.
        integer: Whether every value of the column is whole as written: no point, no exponent, or a code.
        text_decimals: Fewest decimals printed in any cell of the column.
        delimiter: What parts the cells of a text file.
        forms: How each column is written; empty where all are plain numbers.
    """

    values: np.ndarray
    columns: tuple[str, ...] | None
    integer: tuple[bool, ...]
    text_decimals: tuple[int, ...]
    delimiter: str = ","
    forms: tuple[Form, ...] = ()


def choose_columns(
    names: Sequence[str], source: str, columns: Sequence[str] | None = None, drop: Sequence[str] = ()
) -> tuple[int, ...]:
    """Index of each column to read.

    Args:
        names: Names of all columns of the file.
        source: What to call the file in messages.
        columns: Which to keep, in this order; None keeps all.
        drop: Which to leave out.

    Raises:
        DataError: If a name is unknown or stands for several columns, or no column is left.
    """
    for option, wanted in (("columns", columns or ()), ("drop", drop)):
        for name in wanted:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise DataError(f"{source}: has no column '{name}'; its columns are {_listed(names)}.{hint}")
            if wanted.count(name) > 1:
                raise DataError(f"{source}: data.{option} names '{name}' {wanted.count(name)} times")
    kept = [name for name in (names if columns is None else columns) if name not in drop]
    if columns is not None and not columns:
        raise DataError(f"{source}: data.columns is empty; name at least one of {_listed(names)}")
    if not kept:
        raise DataError(f"{source}: data.drop leaves no column; keep at least one of {_listed(names)}")
    for name in kept:
        if names.count(name) > 1:
            raise DataError(
                f"{source}: {names.count(name)} columns are named '{name}'; give each a name of its own"
            )
        if columns is None and not name:
            raise DataError(
                f"{source}: column {names.index(name) + 1} has no name (an index saved with the table?); "
                "name it, or leave it out with data.drop: ['']"
            )
    return tuple(names.index(name) for name in kept)


def drop_hint(name: str) -> str:
    """Say how to go on without a column."""
    plain = name and name == name.strip() and not set(name) & set(",:#[]{}'\"&*!|>%@`\n")
    quoted = name if plain else "'" + name.replace("'", "''") + "'"
    return f"leave the column out with data.drop: [{quoted}] (eval-divergence: --drop)"


def too_many_texts(count: int) -> str:
    """Say that a column has too many different texts; any count above `MOST_COUNTED` stands for more."""
    held = f"over {MOST_COUNTED}" if count > MOST_COUNTED else str(count)
    return f"holds {held} different texts, and a column of categories at most {MAX_CATEGORIES}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
