"""A few rows of a large .npy file, read without holding the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vdm_cli.data.files.array import as_rows
from vdm_cli.data.files.npy import read_header
from vdm_cli.data.rows import Rows, array_rows, read_rows
from vdm_cli.data.selection import take_rows
from vdm_cli.data.stream.npy_rows import NpyRows
from vdm_cli.data.stream.row_file import in_order
from vdm_cli.errors import DataError

_PIECE = 32 << 20  # bytes that are held at once beside the chosen rows


def read_some_npy(
    path: Path, source: str, choose: Callable[[int], np.ndarray | None]
) -> tuple[Rows, np.ndarray | None]:
    """Read chosen rows of a .npy file.

    Args:
        path: The file.
        source: What to call it in messages.
        choose: Increasing places of the wanted rows, (k,), of so many; None for all.

    Returns:
        The rows, and their places.

    Raises:
        DataError: If the file is damaged, or is not an array of real numbers, or a chosen one is not finite.
    """
    try:
        with path.open("rb") as stream:
            header = read_header(stream, path.stat().st_size, source)
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
    places = choose(header.shape[0])
    if places is None or (header.fortran_order and len(header.shape) > 1):
        rows = read_rows(source)
        return (rows, None) if places is None else (take_rows(rows, places), places)
    file = NpyRows(path, source)
    values = np.empty((len(places), *file.shape), file.dtype)
    for start, stop in in_order(file, _PIECE):
        low, high = np.searchsorted(places, [start, stop])
        if low < high:
            values[low:high] = file.read(start, stop)[places[low:high] - start]
    return array_rows(as_rows(values, f"{source} (chosen rows)"), source), places
