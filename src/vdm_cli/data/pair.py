"""Two files of rows that are to be compared: columns matched by name, categories by text."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vdm_cli.data.recode import with_all_categories
from vdm_cli.data.rows import Rows, read_rows
from vdm_cli.errors import DataError


def read_pair(p: str | Path, q: str | Path) -> tuple[Rows, Rows, tuple[str, ...]]:
    """Read both files as rows of the same columns in the same coding.

    Returns:
        The rows of P, those of Q, and what a reader must know.

    Raises:
        DataError: If a file cannot be read, or their columns or kinds differ.
    """
    first, second = read_rows(p), read_rows(q)
    warnings: tuple[str, ...] = ()
    if (first.columns is None) != (second.columns is None):
        unnamed = q if second.columns is None else p
        warnings = (f"{unnamed} has no column names: columns are compared by position",)
        width = len(first.columns or second.columns or ())
        if first.values.shape[1:] == second.values.shape[1:] == (width,):
            names = first.columns or second.columns
            first, second = (dataclasses.replace(rows, columns=names) for rows in (first, second))
    if first.columns is not None and second.columns is not None and first.columns != second.columns:
        missing = [name for name in first.columns if name not in second.columns]
        extra = [name for name in second.columns if name not in first.columns]
        if missing or extra:
            parts = [f"only in P: {', '.join(missing)}"] * bool(missing)
            parts += [f"only in Q: {', '.join(extra)}"] * bool(extra)
            raise DataError(f"{p} and {q} have different columns ({'; '.join(parts)})")
        second = read_rows(q, columns=first.columns)
    return *with_all_categories(first, second), warnings
