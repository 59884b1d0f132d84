"""Rows of a parquet file, one row group at a time."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from vdm_cli.data.files.parquet import (
    as_table,
    check_size,
    choose_names,
    damage_is_an_error,
    open_parquet,
    read_forms,
    read_into,
)
from vdm_cli.data.form import Form
from vdm_cli.data.rows import Rows, table_rows
from vdm_cli.errors import DataError

LARGEST_GROUP = 1 << 30  # bytes of one row group in memory


class ParquetRows:
    """The rows of one parquet file, each row group a block; see `RowFile`.

    Args:
        path: The file.
        source: What to call it in messages.
        columns: Names of the columns to keep, in this order; None keeps all.
        drop: Names of the columns to leave out.

    Raises:
        DataError: If the file is damaged, or a row group is too large to be held.
    """

    has_blanks = True
    labels = None
    dtype = np.dtype(np.float64)

    def __init__(
        self, path: Path, source: str, columns: Sequence[str] | None = None, drop: Sequence[str] = ()
    ):
        self.source = source
        self._path, self._found = path, path.stat()
        with contextlib.ExitStack() as stack:
            self._file = stack.enter_context(open_parquet(path, source))
            self._names = choose_names(self._file, source, columns, drop)
            check_size(self._file, path, source, len(self._names))
            weakref.finalize(self, stack.pop_all().close)
        metadata = self._file.metadata
        sizes = np.array([metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)])
        self._groups = np.flatnonzero(sizes)
        self.edges = np.concatenate([[0], np.cumsum(sizes[self._groups])])
        self.count = int(self.edges[-1])
        self.shape = (len(self._names),)
        largest = int(sizes.max()) * 8 * len(self._names)
        if largest > LARGEST_GROUP:
            raise DataError(
                f"{source}: has a row group of {int(sizes.max())} rows, {largest / 2**30:.1f} GiB in memory; "
                "write it again with smaller ones (row_group_size=100000), or say data.in_memory: true"
            )

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """How the columns are written; the first use reads the whole file once."""
        with damage_is_an_error(self.source):
            return read_forms(self._file, self.source, self._names)

    @property
    def identity(self) -> str:
        """Names and forms of the columns; see `RowFile`."""
        return str((self._names, self.forms))

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start..stop-1; see `RowFile`."""
        first = int(np.searchsorted(self.edges, start, side="right")) - 1
        last = int(np.searchsorted(self.edges, stop))
        before = int(self.edges[first])
        return self.read_blocks(np.arange(first, last))[start - before : stop - before]

    def read_blocks(self, blocks: np.ndarray) -> np.ndarray:
        """The rows of some row groups; see `RowFile`."""
        self._require_unchanged()
        values = np.empty((int(np.diff(self.edges)[blocks].sum()), *self.shape))
        groups = self._groups[blocks].tolist()
        with damage_is_an_error(self.source):
            read_into(values, self._file, self.source, self._names, self.forms, groups)
        return values

    def describe(self, values: np.ndarray) -> Rows:
        """Some rows as `read_rows` describes them; see `RowFile`."""
        return table_rows(as_table(values, self._names, self.forms), self.source)

    def _require_unchanged(self) -> None:
        """Another file that has taken the name by renaming does no harm: the first stays open."""
        try:
            now = self._path.stat()
        except OSError:
            return
        same = now.st_ino == self._found.st_ino
        if same and (now.st_size, now.st_mtime_ns) != (self._found.st_size, self._found.st_mtime_ns):
            raise DataError(
                f"{self.source}: was changed during the run; leave it as it is, or put another in its place "
                "by renaming"
            )
