"""Training rows in the order of a shuffle, one window of the file in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vdm_cli.data.stream.row_file import RowFile, numbers_in, row_bytes
from vdm_cli.data.stream.shuffle import Shuffle, Window

READ_BYTES = 1 << 20  # of blocks at a time


def visits(
    file: RowFile, shuffle: Shuffle, held_out: np.ndarray, position: int, count: int
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield the rows at the positions from `position` on, without end.

    Args:
        file: Of the rows.
        shuffle: Their order.
        held_out: Rows that are not visited, increasing.
        position: Of the first row, counted over all epochs.
        count: How many rows at a time.

    Yields:
        Rows (count, *file.shape) in data units, and their labels (count,) where the file has any.

    Raises:
        DataError: If the file cannot be read, or has changed since it was opened.
    """
    held = _Held(file, held_out)
    while True:
        rows = np.empty((count, *file.shape), file.dtype)
        labels = None if file.labels is None else np.empty(count)
        filled = 0
        while filled < count:
            epoch, within = divmod(position, shuffle.count)
            if held.window is None or not held.window.holds(epoch, within):
                held.load(shuffle.window_at(position))
            assert held.window is not None, "it was loaded"
            first = within - held.window.start
            chosen = held.window.order[first : first + count - filled]
            stop = filled + len(chosen)
            # every index is in range; the mode "raise" would copy through a buffer
            np.take(held.rows, chosen, axis=0, out=rows[filled:stop], mode="clip")
            if labels is not None:
                labels[filled:stop] = held.labels[chosen]
            position += len(chosen)
            filled = stop
        yield rows, labels


class _Held:
    """The training rows of one window, in the order of the file; its memory serves for one after another."""

    def __init__(self, file: RowFile, held_out: np.ndarray):
        self._file, self._held_out = file, held_out
        self.window: Window | None = None
        self.rows = np.empty((0, *file.shape), file.dtype)
        self.labels = np.empty(0)

    def load(self, window: Window) -> None:
        """Read the rows of a window."""
        before, self.window = self.window, None
        if before is None or not np.array_equal(before.blocks, window.blocks):
            self._read(window)
        self.window = window

    def _read(self, window: Window) -> None:
        count = len(window.order)
        if len(self.rows) < count:
            self.rows = np.empty((0, *self._file.shape), self._file.dtype)  # freed before more is taken
            self.rows = np.empty((count, *self._file.shape), self._file.dtype)
        numbers = numbers_in(self._file, window.blocks)
        kept = np.ones(len(numbers), bool)
        places = np.searchsorted(numbers, self._held_out)
        found = numbers[np.minimum(places, len(numbers) - 1)] == self._held_out
        kept[places[found]] = False
        if self._file.labels is not None:
            self.labels = self._file.labels.values[numbers[kept]]
        block_bytes = max(1, len(numbers) * row_bytes(self._file) // len(window.blocks))
        together = max(1, READ_BYTES // block_bytes)
        first = filled = 0
        for index in range(0, len(window.blocks), together):
            read = self._file.read_blocks(window.blocks[index : index + together])
            training = read[kept[first : first + len(read)]]
            self.rows[filled : filled + len(training)] = training
            filled += len(training)
            first += len(read)
