"""The names of a table's columns, read without its rows."""

from __future__ import annotations

import os
from pathlib import Path

from vdm_cli.data.files.csv import read_csv_names
from vdm_cli.data.files.parquet import read_parquet_names
from vdm_cli.data.files.root import read_root_names
from vdm_cli.data.kinds import Kind, kind_of
from vdm_cli.data_path import split_name
from vdm_cli.errors import DataError


def column_names(path: str | os.PathLike[str]) -> tuple[str, ...] | None:
    """All names in the order of the file, empty ones too; None for what has none.

    Arrays, images and csv files without a line of names have none.

    Args:
        path: As `vdm_cli.data.rows.read_rows` takes it.

    Raises:
        DataError: If there is no such file, it is of no supported kind, or its beginning is damaged.
    """
    source = os.fspath(path)
    plain, name = split_name(source)
    file = Path(plain)
    try:
        match kind_of(file, source):
            case Kind.CSV:
                return read_csv_names(file, source)
            case Kind.PARQUET:
                return read_parquet_names(file, source)
            case Kind.ROOT:
                return read_root_names(file, source, name)
            case _:
                return None
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
