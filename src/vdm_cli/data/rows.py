"""Rows of numbers read from a file, whatever its format."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.files.csv import read_csv
from vdm_cli.data.files.npy import read_npy
from vdm_cli.data.files.npz import read_npz
from vdm_cli.data.form import Form
from vdm_cli.errors import DataError

SUFFIXES = (".npy", ".npz", ".csv")


@dataclass(frozen=True, eq=False)
class Labels:
    """What stands beside the rows of a file of images: one class, or a number, for each.

    Attributes:
        values: Shape (n,), float64; codes of `form` where that is a category.
        form: How they are written.
        name: What a configuration and the command line call them.
    """

    values: np.ndarray
    form: Form
    name: str = "label"


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


def read_rows(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    key: str | None = None,
    labels: str | None = None,
) -> Rows:
    """Read a file of rows; the format goes by the suffix.

    Args:
        path: The file: ``.npy``, ``.npz`` or ``.csv``.
        columns: Which columns to keep, in which order; only for tables with a header.
        key: Which array to take; only for ``.npz``.

    Raises:
        DataError: If the file cannot be read as rows of finite numbers; the message says what is wrong,
            where, and what to do.
    """
    source = os.fspath(path)
    file = Path(source)
    suffix = file.suffix.lower()
    _require_file(file, source)
    if suffix not in SUFFIXES:
        kind = f"files of type '{suffix}' are" if suffix else "a file without a suffix is"
        raise DataError(f"{source}: {kind} not supported; supported are {', '.join(SUFFIXES)}")
    if key is not None and suffix != ".npz":
        raise DataError(f"{source}: key '{key}' chooses an array of an .npz file, and this is {suffix}")
    if columns is not None and suffix != ".csv":
        raise DataError(f"{source}: data.columns chooses columns by name, and {suffix} arrays have no names")
    try:
        if suffix == ".csv":
            table = read_csv(file, source, columns)
            return Rows(
                values=table.values,
                columns=table.columns,
                source=source,
                integer=table.integer,
                text_decimals=table.text_decimals,
                delimiter=table.delimiter,
                header=table.columns is not None,
            )
        values = read_npy(file, source) if suffix == ".npy" else read_npz(file, source, key)
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
    entries = math.prod(values.shape[1:]) if values.ndim <= 2 else 1
    return Rows(
        values=values,
        columns=None,
        source=source,
        integer=(values.dtype.kind in "iu",) * entries,
        text_decimals=(0,) * entries,
    )


def _require_file(file: Path, source: str) -> None:
    """Refuse what is no regular file, naming the nearest one in the same folder."""
    try:
        if file.is_dir():
            raise DataError(f"{source}: is a directory, not a file of rows")
        if file.is_file():
            return
        if file.exists():
            raise DataError(f"{source}: is not a regular file")
        siblings = sorted(entry.name for entry in file.parent.iterdir()) if file.parent.is_dir() else []
    except (OSError, ValueError) as error:
        raise DataError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not file.parent.is_dir():
        raise DataError(f"{source}: no such file: the folder {file.parent} does not exist")
    near = difflib.get_close_matches(file.name, siblings, n=1, cutoff=0.6)
    hint = f". Did you mean {file.parent / near[0]}?" if near else f" in the folder {file.parent}"
    raise DataError(f"{source}: no such file{hint}")
