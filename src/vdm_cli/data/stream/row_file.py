"""What a file of rows must offer to be trained on without being held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from vdm_cli.data.labels import Labels
from vdm_cli.data.rows import Rows

BLOCK_BYTES = 128 << 10  # what an SSD or a network file system reads at nearly its full rate


class RowFile(Protocol):
    """Rows in data units, read piece by piece.

    Attributes:
        source: The path as it was given, for messages.
        count: Number of rows.
        shape: Shape of one row.
        dtype: Type of the values that `read` gives.
        edges: Where blocks of rows begin that are cheap to read at once, and the end: increasing from 0 to
            `count`, shape (blocks + 1,).
        labels: What stands beside the rows of arrays and images; None where nothing does.
        has_blanks: Whether NaN stands for a blank cell; where not, all values must be finite.
        identity: What else than values tells this file from another (names of categories); for the digest.
    """

    @property
    def source(self) -> str:
        """See the class."""

    @property
    def count(self) -> int:
        """See the class."""

    @property
    def shape(self) -> tuple[int, ...]:
        """See the class."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """See the class."""

    @property
    def edges(self) -> np.ndarray:
        """See the class."""

    @property
    def labels(self) -> Labels | None:
        """See the class."""

    @property
    def has_blanks(self) -> bool:
        """See the class."""

    @property
    def identity(self) -> str:
        """See the class."""

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start..stop-1, shape (stop - start, *shape), a new array of type `dtype`.

        Raises:
            DataError: If they cannot be read, or the file has changed since it was opened.
        """

    def read_blocks(self, blocks: np.ndarray) -> np.ndarray:
        """The rows of some blocks (increasing numbers) one after another, as `read` gives them."""

    def describe(self, values: np.ndarray) -> Rows:
        """Some of the rows (n, *shape) as a file of these alone would be described, without labels."""


def row_bytes(file: RowFile) -> int:
    """Bytes of one row in memory."""
    return int(np.prod(file.shape, dtype=np.int64)) * file.dtype.itemsize


def even_edges(count: int, bytes_per_row: int) -> np.ndarray:
    """Edges of blocks of about `BLOCK_BYTES`, at least one row each."""
    rows = max(1, BLOCK_BYTES // bytes_per_row)
    return np.append(np.arange(0, count, rows), count)


def numbers_in(file: RowFile, blocks: np.ndarray) -> np.ndarray:
    """Numbers of the rows of some blocks, one block after another."""
    ranges = zip(file.edges[blocks], file.edges[blocks + 1], strict=True)
    return np.concatenate([np.arange(start, stop) for start, stop in ranges])


def in_order(file: RowFile, most_bytes: int) -> Iterator[tuple[int, int]]:
    """Ranges of whole blocks from the first row to the last, of about `most_bytes` each."""
    rows = max(1, most_bytes // row_bytes(file))
    start = 0
    while start < file.count:
        end = int(np.searchsorted(file.edges, start + rows, side="right")) - 1
        stop = int(file.edges[end])
        if stop <= start:  # one block holds more
            stop = int(file.edges[end + 1])
        yield start, stop
        start = stop
