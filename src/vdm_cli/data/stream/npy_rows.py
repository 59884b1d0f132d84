"""Rows of a .npy file, read where they lie.

The file is read, not mapped: pages of a mapping that have been touched count as the process's memory, and a
file that shrinks under one kills the process instead of raising an error.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.files.array import native_type
from vdm_cli.data.files.npy import read_header
from vdm_cli.data.labels import Labels
from vdm_cli.data.rows import Rows, array_rows
from vdm_cli.data.stream.row_file import even_edges, row_bytes
from vdm_cli.errors import DataError


class NpyRows:
    """The rows of one .npy file in C order; see `RowFile`.

    The file stays open: one that takes its name by renaming does not disturb those who read this one.

    Args:
        path: The file.
        source: What to call it in messages.
        labels: What stands beside its rows.

    Raises:
        DataError: If its header is damaged, promises other than rows of real numbers, or is in Fortran order.
    """

    has_blanks = False
    identity = ""

    def __init__(self, path: Path, source: str, labels: Labels | None = None):
        self.source, self.labels = source, labels
        try:
            self._stream = path.open("rb", buffering=0)
            weakref.finalize(self, self._stream.close)
            found = os.fstat(self._stream.fileno())
            header = read_header(self._stream, found.st_size, source)
        except OSError as error:
            raise DataError(f"{source}: cannot be read: {error.strerror or error}") from error
        if header.fortran_order and len(header.shape) > 1:
            raise DataError(
                f"{source}: is in Fortran order (columns first), and too large to be held in memory; save it "
                "in C order (numpy.ascontiguousarray) so that its rows lie in one piece"
            )
        self.count, *rest = header.shape
        self.shape = tuple(rest)
        self.dtype: np.dtype[Any] = native_type(header.dtype)
        self.edges = even_edges(self.count, row_bytes(self))
        self._stored, self._offset = header.dtype, header.offset
        self._stored_row_bytes = math.prod(self.shape) * header.dtype.itemsize
        self._version = (found.st_size, found.st_mtime_ns)
        self._turn = threading.Lock()

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start..stop-1; see `RowFile`."""
        values = np.empty((stop - start, *self.shape), self._stored)
        self._read_into(values, start)
        return np.asarray(values, self.dtype)

    def read_blocks(self, blocks: np.ndarray) -> np.ndarray:
        """The rows of some blocks; see `RowFile`."""
        starts, stops = self.edges[blocks], self.edges[blocks + 1]
        values = np.empty((int(np.sum(stops - starts)), *self.shape), self._stored)
        filled = 0
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            self._read_into(values[filled : filled + stop - start], start)
            filled += stop - start
        return np.asarray(values, self.dtype)

    def describe(self, values: np.ndarray) -> Rows:
        """Some rows as `read_rows` describes them; see `RowFile`."""
        return array_rows(values, self.source)

    def _read_into(self, values: np.ndarray, start: int) -> None:
        """Fill values (n, *shape), as they are stored, with the rows from `start` on."""
        room = values.reshape(-1).view(np.uint8).data
        stop = start + len(values)
        try:
            with self._turn:
                found = os.fstat(self._stream.fileno())
                self._stream.seek(self._offset + start * self._stored_row_bytes)
                filled = 0
                while filled < len(room):
                    got = self._stream.readinto(room[filled:])
                    if not got:
                        break
                    filled += got
        except OSError as error:
            raise DataError(f"{self.source}: cannot be read: {error.strerror or error}") from error
        if filled < len(room) or (found.st_size, found.st_mtime_ns) != self._version:
            raise DataError(
                f"{self.source}: was changed during the run (noticed at rows {start} to {stop - 1}); leave "
                "it as it is, or put another in its place by renaming"
            )
