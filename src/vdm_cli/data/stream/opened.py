"""Which files can be streamed, and how they are opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vdm_cli.data.kinds import Kind, kind_of
from vdm_cli.data.labels import check_count
from vdm_cli.data.rows import check_options, read_labels
from vdm_cli.data.stream.image_rows import ImageRows
from vdm_cli.data.stream.npy_rows import NpyRows
from vdm_cli.data.stream.parquet_rows import ParquetRows
from vdm_cli.data.stream.row_file import RowFile, row_bytes
from vdm_cli.data_path import split_name
from vdm_cli.errors import DataError

STREAMED = (Kind.NPY, Kind.PARQUET, Kind.IMAGES)


def open_row_file(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    key: str | None = None,
    labels: str | None = None,
) -> RowFile | None:
    """Open a file of rows without reading them; None where its kind can only be read as a whole.

    The arguments are those of `vdm_cli.data.rows.read_rows`.

    Raises:
        DataError: If the file is missing or damaged, as far as can be told without reading it.
    """
    source = os.fspath(path)
    plain, _ = split_name(source)
    file = Path(plain)
    kind = kind_of(file, source)
    if kind not in STREAMED:
        return None
    check_options(kind, source, columns=columns is not None or bool(drop), key=key, labels=labels)
    try:
        own = None if labels is None else read_labels(kind, file, source, labels)
        rows: RowFile
        if kind is Kind.NPY:
            rows = NpyRows(file, source, own)
        elif kind is Kind.IMAGES:
            rows = ImageRows(file, source, own)
        else:
            rows = ParquetRows(file, source, columns, drop)
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
    if own is not None and labels is not None:
        check_count(own, rows.count, labels, source)
    return rows


def total_bytes(file: RowFile) -> int:
    """Bytes of all rows in memory, as they are or in network units, whichever is more."""
    return file.count * row_bytes(file) * max(1, 4 // file.dtype.itemsize)
