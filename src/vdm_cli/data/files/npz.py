"""NumPy's .npz: a zip archive of named .npy files."""

from __future__ import annotations

import difflib
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from vdm_cli.data.files.npy import read_array, write_npy
from vdm_cli.errors import DataError

ARRAY_NAME = "samples"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a fixed time of change, so that equal rows give equal bytes
_DEFLATE_LIMIT = 1032  # deflate shrinks by no more than this factor


def read_npz(path: Path, source: str, key: str | None = None) -> np.ndarray:
    """Read the rows of one array of a .npz file, shape (n, *shape).

    Args:
        path: The file.
        source: What to call it in messages.
        key: Name of the array; without one, the only array or the one named ``samples`` is taken.

    Raises:
        DataError: If the array cannot be told, or is damaged, or is not of finite real numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                info.filename.removesuffix(".npy"): info
                for info in archive.infolist()
                if info.filename.endswith(".npy")
            }
            info = members[_choose(list(members), source, key)]
            place = f"{source}[{info.filename.removesuffix('.npy')}]"
            _check_claimed_size(info, path.stat().st_size, place)
            with archive.open(info) as stream:
                return read_array(stream, info.file_size, place)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise DataError(f"{source}: is not a .npz file, or is damaged: {error}") from error


def write_npz(
    stream: IO[bytes],
    chunks: Iterable[np.ndarray],
    num_rows: int,
    shape: tuple[int, ...],
    beside: Mapping[str, Iterable[np.ndarray]] | None = None,
) -> None:
    """Write a .npz file with an array named ``samples``, chunk by chunk and without compression.

    Equal rows give equal bytes.

    Args:
        stream: Where to write; must be seekable.
        chunks: Arrays of shape (m, *shape), all of one native type, `num_rows` rows in all.
        num_rows: How many rows there will be; at least 1.
        shape: Shape of one row.
        beside: Further arrays by name, one number or text a row.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        _write_member(archive, ARRAY_NAME, chunks, num_rows, shape)
        for name, values in (beside or {}).items():
            _write_member(archive, name, values, num_rows, ())


def _write_member(
    archive: zipfile.ZipFile, name: str, chunks: Iterable[np.ndarray], num_rows: int, shape: tuple[int, ...]
) -> None:
    info = zipfile.ZipInfo(f"{name}.npy", date_time=_EARLIEST)
    info.create_system = 3
    with archive.open(info, "w", force_zip64=True) as member:
        write_npy(member, chunks, num_rows, shape)


def _choose(names: list[str], source: str, key: str | None) -> str:
    """Name of the array to read."""
    listed = ", ".join(names)
    if not names:
        raise DataError(f"{source}: holds no arrays")
    if key is not None:
        if key in names:
            return key
        near = difflib.get_close_matches(key, names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(f"{source}: has no array '{key}'; it holds {listed}.{hint}")
    if len(names) == 1:
        return names[0]
    if ARRAY_NAME in names:
        return ARRAY_NAME
    raise DataError(
        f"{source}: holds {len(names)} arrays ({listed}); choose one with data.key, or as {source}:{names[0]}"
    )


def _check_claimed_size(info: zipfile.ZipInfo, archive_size: int, place: str) -> None:
    """Refuse a member that claims more values than its compressed bytes could hold."""
    factor = 1 if info.compress_type == zipfile.ZIP_STORED else _DEFLATE_LIMIT
    plausible = info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or (
        info.file_size <= factor * info.compress_size + 64
    )
    if info.compress_size > archive_size or not plausible:
        raise DataError(
            f"{place}: claims {info.file_size} bytes from {info.compress_size} compressed ones, in a file of "
            f"{archive_size}; the file is damaged"
        )
