"""Writing rows to a file: what can be written where, and whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from vdm_cli.data.files.csv_output import write_csv
from vdm_cli.data.files.npy import write_npy
from vdm_cli.data.files.npz import write_npz
from vdm_cli.data.files.parquet_output import write_parquet
from vdm_cli.data.files.png import MAX_IMAGES, MAX_PIXELS, picture_size, write_png
from vdm_cli.data.layout import Layout
from vdm_cli.errors import DataError, UsageError

SUFFIXES = (".npy", ".npz", ".csv", ".parquet", ".png")


def natural_suffix(layout: Layout) -> str:
    """The kind of file that rows are written to where none was asked for: the kind that they came from."""
    if any(form.stored for form in layout.forms):
        return ".parquet"
    return ".csv" if layout.columns is not None else ".npy"


def check_output(path: str | os.PathLike[str], layout: Layout, num_rows: int, force: bool) -> None:
    """Refuse an output file that could not be written, before any row is generated for it.

    Args:
        path: The file; the format goes by the suffix.
        layout: What the rows will be.
        num_rows: How many rows there will be.
        force: Whether an existing file may be replaced.

    Raises:
        UsageError: If the suffix is unknown or does not suit the rows, or if the file cannot be created.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        got = f"'{suffix}'" if suffix else "no suffix"
        raise UsageError(f"{path}: the suffix must be one of {', '.join(SUFFIXES)}, got {got}")
    if num_rows < 1:
        raise UsageError(f"{path}: the number of rows must be at least 1, got {num_rows}")
    if suffix in (".csv", ".parquet") and len(layout.shape) > 1:
        raise UsageError(
            f"{path}: {suffix} holds tables, and a row has the shape {layout.shape}; use .npy or .npz"
        )
    if suffix == ".png":
        _check_picture(path, layout, num_rows)
    try:
        _check_place(path, file, force)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_rows(
    path: str | os.PathLike[str],
    chunks: Iterable[np.ndarray],
    layout: Layout,
    num_rows: int,
    beside: Mapping[str, Iterable[np.ndarray]] | None = None,
) -> None:
    """Write rows to a file, chunk by chunk; an existing file is replaced only when all is written.

    Should anything fail or interrupt, nothing new is left behind.  Only pictures and one row group of
    parquet are held in memory; equal rows give equal bytes.  Tables with names, dates or blanks are written
    as such to .csv and .parquet; .npy and .npz hold them as the numbers of memory (see `Form`): codes in the
    order of the names, dates since 1970 and NaN.

    Args:
        path: The file, which `check_output` has passed; the format goes by the suffix.
        chunks: Arrays of shape (m, *layout.shape), as `Layout.restore` returns them; for rows that were not
            rounded, `layout` must be the unrounded one.
        layout: How the rows are written.
        num_rows: How many rows the chunks have in all.
        beside: What stands beside images, by name, one value a row: further arrays of an .npz.

    Raises:
        ValueError: If the chunks are of another shape, type or number of rows than promised.
        DataError: If the file cannot be written, for instance because the disk is full.
    """
    file = Path(path)
    rows = _checked(chunks, layout, num_rows)
    try:
        with _replacing(file) as stream:
            match file.suffix.lower():
                case ".npy":
                    write_npy(stream, rows, num_rows, layout.shape)
                case ".npz":
                    write_npz(stream, rows, num_rows, layout.shape, beside)
                case ".csv":
                    write_csv(stream, rows, layout)
                case ".parquet":
                    write_parquet(stream, rows, layout)
                case ".png":
                    write_png(stream, rows, num_rows, layout)
                case suffix:
                    raise ValueError(f"suffix must be one of {SUFFIXES}, got '{suffix}'")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays under their names to a new .npz, whole or not at all; equal arrays give equal bytes.

    Raises:
        DataError: If the file cannot be written.
    """
    try:
        with _replacing(Path(path)) as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # its stub takes them for allow_pickle
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def _check_picture(path: str | os.PathLike[str], layout: Layout, num_rows: int) -> None:
    """Refuse rows that are no images, and pictures too large to look at."""
    shape = layout.shape
    if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)):
        raise UsageError(
            f"{path}: .png shows images of shape (h, w), (h, w, 1) or (h, w, 3), and a row has the shape "
            f"{shape}; use .npy or .npz"
        )
    if not np.isfinite([layout.minimum[0], layout.maximum[0]]).all():
        raise UsageError(f"{path}: .png needs values of a known range, and these have none; use .npy or .npz")
    if num_rows > MAX_IMAGES:
        raise UsageError(f"{path}: .png shows at most {MAX_IMAGES} images, got {num_rows}; use .npy or .npz")
    height, width = picture_size(num_rows, shape)
    if height * width > MAX_PIXELS:
        raise UsageError(
            f"{path}: a picture of {num_rows} images would have {width} x {height} pixels, more than "
            f"{MAX_PIXELS}; take fewer images, or use .npy or .npz"
        )


def _check_place(path: str | os.PathLike[str], file: Path, force: bool) -> None:
    """Refuse a place where no file can be created."""
    if file.is_dir():
        raise UsageError(f"{path}: is a directory")
    if file.exists() and not file.is_file():
        raise UsageError(f"{path}: is not a regular file")
    if (file.exists() or file.is_symlink()) and not force:
        raise UsageError(f"{path}: exists already; --force replaces it")
    parent = file.parent
    if not parent.exists():
        raise UsageError(f"{path}: the folder {parent} does not exist; create it with: mkdir -p {parent}")
    if not parent.is_dir():
        raise UsageError(f"{path}: {parent} is not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: no permission to write in the folder {parent}")


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `file` that takes its place once it is written and on the disk."""
    target = file.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _checked(chunks: Iterable[np.ndarray], layout: Layout, num_rows: int) -> Iterator[np.ndarray]:
    """Pass on the chunks in the layout's type, holding them to the promised shape and number of rows."""
    seen = 0
    dtype = np.dtype(layout.dtype)
    for chunk in chunks:
        if chunk.shape[1:] != layout.shape or not np.can_cast(chunk.dtype, dtype, "same_kind"):
            raise ValueError(
                f"chunks must have shape (m, *{layout.shape}) and type {dtype}, "
                f"got {chunk.shape} and {chunk.dtype}"
            )
        seen += len(chunk)
        if seen > num_rows:
            break
        yield np.asarray(chunk, dtype=dtype)
    if seen != num_rows:
        raise ValueError(
            f"chunks must have {num_rows} rows in all, got {'at least ' * (seen > num_rows)}{seen}"
        )
