"""Parquet: typed columns in row groups, as a table of float64."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.files.table import Table, choose_columns
from vdm_cli.data.form import Form
from vdm_cli.errors import DataError

_BATCH = 1 << 16  # rows that are decoded at once
# A column of one repeated value takes next to nothing in the file; real tables expand far less than this.
_LARGEST_FACTOR = 1_000
_ALWAYS_ALLOWED = 1 << 30  # bytes that any file may expand to
_INDEX_LEVEL = re.compile(r"__index_level_\d+__")  # what pandas calls row labels that have no name


def read_parquet(
    path: Path, source: str, columns: Sequence[str] | None = None, drop: Sequence[str] = ()
) -> Table:
    """Read a parquet file as a table of numbers, categories, dates and blanks.

    Truth values are the categories False and True, texts and dictionaries categories; nulls, and NaN, are
    blank.  Row labels that pandas has saved are a column like any other if they have a name, and are left out
    if they have none.

    Args:
        path: The file.
        source: What to call it in messages.
        columns: Names of the columns to keep, in this order; None keeps all.
        drop: Names of the columns to leave out; what they hold does not matter.

    Raises:
        DataError: If the file is damaged, has columns of another type, or claims more than it can hold.
    """
    with open_parquet(path, source) as file:
        names = choose_names(file, source, columns, drop)
        check_size(file, path, source, len(names))
        forms = read_forms(file, source, names)
        values = _allocate((file.metadata.num_rows, len(names)), source)
        read_into(values, file, source, names, forms)
    return as_table(values, names, forms)


def read_parquet_names(path: Path, source: str) -> tuple[str, ...]:
    """The names of the columns, without row labels of pandas that have no name of their own.

    Raises:
        DataError: If the file is damaged.
    """
    with open_parquet(path, source) as file:
        return tuple(name for name in file.schema_arrow.names if not _INDEX_LEVEL.fullmatch(name))


def read_into(
    values: np.ndarray,
    file: Any,
    source: str,
    names: Sequence[str],
    forms: Sequence[Form],
    groups: Sequence[int] | None = None,
) -> None:
    """Read columns of an open file, or of some of its row groups, into values (n, d)."""
    from vdm_cli.data.files.arrow_columns import encode

    start = 0
    for batch in file.iter_batches(_BATCH, row_groups=groups, columns=list(names)):
        for index, (name, form) in enumerate(zip(names, forms, strict=True)):
            encoded = encode(batch.column(name), form, f"{source}: column '{name}'")
            values[start : start + len(encoded), index] = encoded
        start += batch.num_rows


def as_table(values: np.ndarray, names: Sequence[str], forms: Sequence[Form]) -> Table:
    """Values (n, d) of columns of these forms as the table that a file of them is."""
    from vdm_cli.data.files.arrow_columns import is_whole, printed_decimals

    return Table(
        values=values,
        columns=tuple(names),
        integer=tuple(map(is_whole, forms)),
        text_decimals=tuple(map(printed_decimals, forms)),
        forms=tuple(forms),
    )


@contextlib.contextmanager
def open_parquet(path: Path, source: str) -> Iterator[Any]:
    """Open a parquet file as a `pyarrow.parquet.ParquetFile`; what Arrow finds damaged is a `DataError`."""
    import pyarrow.parquet

    with path.open("rb") as stream, damage_is_an_error(source), pyarrow.parquet.ParquetFile(stream) as file:
        yield file


@contextlib.contextmanager
def damage_is_an_error(source: str) -> Iterator[None]:
    """What Arrow cannot read in the block is a `DataError`."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise DataError(f"{source}: is no parquet file, or is damaged: {reason}") from error


def choose_names(
    file: Any, source: str, columns: Sequence[str] | None, drop: Sequence[str]
) -> tuple[str, ...]:
    """Names of the columns of an open file that are to be read; see `read_parquet`."""
    present = file.schema_arrow.names
    labels = [name for name in present if _INDEX_LEVEL.fullmatch(name) and name not in drop]
    left_out = (*drop, *(labels if columns is None else ()))
    return tuple(present[index] for index in choose_columns(present, source, columns, left_out))


def check_size(file: Any, path: Path, source: str, width: int) -> None:
    """Refuse a file without rows, or one that claims more rows than a file of its size holds.

    Args:
        file: Open.
        path: Where it is.
        source: What to call it in messages.
        width: How many columns are to be read.
    """
    count = file.metadata.num_rows
    if count < 1:
        raise DataError(f"{source}: has no rows")
    groups = sum(file.metadata.row_group(index).num_rows for index in range(file.metadata.num_row_groups))
    size = path.stat().st_size
    if groups != count or 8 * count * width > max(_ALWAYS_ALLOWED, _LARGEST_FACTOR * size):
        raise DataError(
            f"{source}: promises {count} rows of {width} columns ({groups} in its row groups) in a file of "
            f"{size} bytes; it is damaged"
        )


def read_forms(file: Any, source: str, names: Sequence[str]) -> tuple[Form, ...]:
    """How the columns of an open file are written; reads all of them once, piece by piece.

    Raises:
        DataError: If a column is of a type that no table has, is all blank, or has too many categories, or
            there are other than the promised rows.
    """
    from vdm_cli.data.files.arrow_columns import ArrowColumn

    schema = file.schema_arrow
    pandas = _pandas_types(schema)
    columns = [ArrowColumn(schema.field(name), pandas.get(name, ""), source) for name in names]
    count = 0
    for batch in file.iter_batches(_BATCH, columns=list(names)):
        count += batch.num_rows
        for name, column in zip(names, columns, strict=True):
            column.add(batch.column(name))
    if count != file.metadata.num_rows:
        raise DataError(
            f"{source}: promises {file.metadata.num_rows} rows, but {count} follow; it is damaged"
        )
    return tuple(column.form() for column in columns)


def _allocate(shape: tuple[int, int], source: str) -> np.ndarray:
    """An array for all values."""
    try:
        return np.empty(shape)
    except MemoryError as error:
        needed = 8 * shape[0] * shape[1] / 2**30
        raise DataError(f"{source}: needs {needed:.1f} GiB of memory, more than there is") from error


def _pandas_types(schema: Any) -> dict[str, str]:
    """Name of the pandas type of each column, where pandas wrote the file."""
    document = (schema.metadata or {}).get(b"pandas")
    if document is None:
        return {}
    try:
        columns = json.loads(document)["columns"]
        return {str(column["field_name"]): str(column["numpy_type"]) for column in columns}
    except (ValueError, KeyError, TypeError):
        return {}  # of another writer: the types are in the schema all the same
