"""Rows of numbers read from a file, whatever its format."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import numpy as np

from vdm_cli.data.files.cifar import read_cifar
from vdm_cli.data.files.csv import read_csv
from vdm_cli.data.files.hdf5 import read_hdf5
from vdm_cli.data.files.idx import read_idx, read_idx_labels
from vdm_cli.data.files.images import read_image_folder
from vdm_cli.data.files.npy import read_npy
from vdm_cli.data.files.npz import read_npz
from vdm_cli.data.files.parquet import read_parquet
from vdm_cli.data.files.root import read_root
from vdm_cli.data.files.table import Table
from vdm_cli.data.form import Form
from vdm_cli.data.kinds import Kind, kind_of
from vdm_cli.data.labels import Labels, as_labels, check_count
from vdm_cli.data_path import names_array_of, split_name
from vdm_cli.errors import DataError

__all__ = ["Labels", "Rows", "read_rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one file as numbers, and how they were written there.

    All are finite, but for NaN in the blank cells of tables (`forms` says which features have them).

    `integer` and `text_decimals` have one entry for each feature where a row has at most one dimension,
    and a single entry where it has two or more.

    Attributes:
        values: Shape (n, *shape), n >= 1; float64 for csv, the file's own type for arrays.
        columns: Names of the features in order, or None.
        source: The path as it was given.
        integer: Whether every value was written without point or exponent, or has an integer type.
        text_decimals: Fewest decimals printed in any cell; 0 for arrays.
        delimiter: What separated the cells of a csv file.
        header: False for a csv file without a line of names.
        forms: How each feature is written; one entry a feature for tables, empty for plain numbers.
        labels: What stands beside the rows of a file of images, where there is something.
        ignored: Number of files in a folder of images that are none.
    """

    values: np.ndarray
    columns: tuple[str, ...] | None
    source: str
    integer: tuple[bool, ...]
    text_decimals: tuple[int, ...]
    delimiter: str = ","
    header: bool = True
    forms: tuple[Form, ...] = ()
    labels: Labels | None = None
    ignored: int = 0


def read_rows(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    key: str | None = None,
    labels: str | None = None,
) -> Rows:
    """Read a file of rows, or a folder of images; `vdm_cli.data.kinds` tells by its name what it is.

    Args:
        path: The file or folder; ``FILE:NAME`` means one array or tree inside a .npz, HDF5 or ROOT file.
        columns: Which columns to keep, in which order; only for tables with names.
        drop: Which columns to leave out; only for tables with names.
        key: Which array to take; only for ``.npz``.
        labels: A file with one label a row, or the name of an array in the same .npz or HDF5 file; not for
            tables.  Without it IDX, CIFAR and folders of images have the labels that belong to them.

    Raises:
        DataError: If the file cannot be read as rows of numbers; the message says what is wrong, where, and
            what to do.
    """
    source = os.fspath(path)
    plain, name = split_name(source)
    file = Path(plain)
    kind = kind_of(file, source)
    check_options(kind, source, columns=columns is not None or bool(drop), key=key, labels=labels)
    if key is not None and name is not None:
        raise DataError(f"{source}: key '{key}' and the name after the colon both choose an array; give one")
    try:
        rows = _read(kind, file, source, key if name is None else name, columns, drop)
        if labels is None:
            return rows
        own = read_labels(kind, file, source, labels)
        return dataclasses.replace(rows, labels=check_count(own, len(rows.values), labels, source))
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(f"{source}: needs more memory than there is") from error


def _read(
    kind: Kind,
    file: Path,
    source: str,
    name: str | None,
    columns: Sequence[str] | None,
    drop: Sequence[str],
) -> Rows:
    """Read a file of a known kind; `name` is what is meant inside it."""
    match kind:
        case Kind.NPY:
            return array_rows(read_npy(file, source), source)
        case Kind.NPZ:
            return array_rows(read_npz(file, split_name(source)[0], name), source)
        case Kind.HDF5:
            return array_rows(read_hdf5(file, source, name), source)
        case Kind.IDX:
            values = read_idx(file, source)
            labels = read_idx_labels(file, source, len(values)) if values.ndim in (3, 4) else None
            return array_rows(values, source, labels)
        case Kind.CIFAR:
            values, labels = read_cifar(file, source)
            return array_rows(values, source, labels)
        case Kind.IMAGES:
            values, folder = read_image_folder(file, source)
            return dataclasses.replace(array_rows(values, source, folder.labels), ignored=folder.ignored)
        case Kind.CSV:
            return table_rows(read_csv(file, source, columns, drop), source)
        case Kind.PARQUET:
            return table_rows(read_parquet(file, source, columns, drop), source)
        case Kind.ROOT:
            return table_rows(read_root(file, source, name, columns, drop), source)
        case _:
            assert_never(kind)


def check_options(kind: Kind, source: str, *, columns: bool, key: str | None, labels: str | None) -> None:
    """Refuse what does not go with a kind of file."""
    if key is not None and kind is not Kind.NPZ:
        raise DataError(f"{source}: key '{key}' chooses an array of an .npz file, and this is {kind.value}")
    if columns and not kind.is_table:
        raise DataError(
            f"{source}: data.columns and data.drop choose columns by name, and this has none ({kind.value})"
        )
    if labels is not None and kind.is_table:
        raise DataError(f"{source}: labels belong to arrays and images; in a table they are a column")


def read_labels(kind: Kind, file: Path, source: str, labels: str) -> Labels:
    """Read the labels from an array of the same file, or from a file of their own."""
    if names_array_of(source, labels):
        read = read_npz if kind is Kind.NPZ else read_hdf5
        values = read(file, split_name(source)[0], labels)
        return as_labels(values, f"{file}:{labels}")
    rows = read_rows(labels)
    values = rows.values
    if rows.forms and np.isnan(values).any():
        raise DataError(f"{labels}: has blank cells; every row needs its label")
    if len(rows.forms) == 1 and rows.forms[0].kind == "category":
        return Labels(values[:, 0], rows.forms[0])
    if rows.integer == (True,) and values.dtype.kind == "f":
        values = values.astype(np.int64)
    return as_labels(values, labels)


def array_rows(values: np.ndarray, source: str, labels: Labels | None = None) -> Rows:
    """The rows of an array of numbers, (n, *shape)."""
    entries = math.prod(values.shape[1:]) if values.ndim <= 2 else 1
    return Rows(
        values=values,
        columns=None,
        source=source,
        integer=(values.dtype.kind in "iu",) * entries,
        text_decimals=(0,) * entries,
        labels=labels,
    )


def table_rows(table: Table, source: str) -> Rows:
    """The rows of a table."""
    return Rows(
        values=table.values,
        columns=table.columns,
        source=source,
        integer=table.integer,
        text_decimals=table.text_decimals,
        delimiter=table.delimiter,
        header=table.columns is not None,
        forms=table.forms,
    )
