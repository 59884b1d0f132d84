"""The order in which rows are visited: every one once an epoch, found for any position without replay.

Blocks of neighboring rows (about 128 KiB, or one row group) are taken in random order and gathered into
windows (about 64 MiB, of 8 blocks at least where they are larger), and the rows of a window are visited in
random order.  Hence

- each row is visited exactly once an epoch, and each epoch has an order of its own;
- where a block holds one row (images, rows of 128 KiB or more) the order is a uniform permutation;
- otherwise a batch is a simple random sample of the rows of one window (of two, where it straddles them),
  and a window is K blocks drawn at random: K = 512 where blocks have 128 KiB.  In a file whose rows are in no
  particular order that is as good as a uniform permutation.  In a file that is sorted, so that the rows of a
  block are all alike, the mean of a batch of b rows varies 1 + b / K times as much as under a uniform
  permutation: 1.5 times for b = 256.  A file of one window or less is permuted uniformly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WINDOW_BYTES = 64 << 20
WINDOW_ROWS = 1 << 20  # of small rows fewer bytes suffice, and the permutation takes memory, too
FEWEST_BLOCKS = 8
MOST_BYTES = 256 << 20  # even if that leaves a window fewer blocks


@dataclass(frozen=True, eq=False)
class Window:
    """Rows that are held at a time.

    Attributes:
        epoch: Which pass over the rows, from 0.
        index: Which window of the epoch.
        start: Position of its first row within the epoch.
        blocks: Which blocks of the file, in the order of the file.
        order: A permutation of its training rows, which are numbered in the order of the file, (rows,).
    """

    epoch: int
    index: int
    start: int
    blocks: np.ndarray
    order: np.ndarray

    def holds(self, epoch: int, place: int) -> bool:
        """Whether the row at this place of this epoch is in it."""
        return epoch == self.epoch and self.start <= place < self.start + len(self.order)


class Shuffle:
    """Positions 0, 1, 2, ... of a run to rows of a file, as a function of the seed alone.

    Args:
        edges: Of the file's blocks, see `RowFile`.
        bytes_per_row: In memory.
        held_out: Rows that are never visited, increasing.
        seed: Of all epochs.
    """

    def __init__(self, edges: np.ndarray, bytes_per_row: int, held_out: np.ndarray, seed: int):
        # np.searchsorted counts the held-out rows before each edge
        self._sizes = np.diff(edges) - np.diff(np.searchsorted(held_out, edges))
        self._seed = seed
        self._epoch = -1
        self._order = self._starts = np.empty(0, np.int64)
        self.count = int(self._sizes.sum())
        blocks, windows = len(self._sizes), _num_windows(len(self._sizes), self.count, bytes_per_row)
        self._firsts = np.arange(windows + 1) * blocks // windows

    def window_at(self, position: int) -> Window:
        """The window that holds the row of this position, 0 <= position."""
        epoch, within = divmod(position, self.count)
        if epoch != self._epoch:
            self._plan(epoch)
        index = int(np.searchsorted(self._starts, within, side="right")) - 1
        blocks = np.sort(self._order[self._firsts[index] : self._firsts[index + 1]])
        rows = int(self._starts[index + 1] - self._starts[index])
        # windows of an epoch count from 1: 0 is the order of the blocks
        order = self._rng(epoch, index + 1).permutation(rows)
        return Window(epoch, index, int(self._starts[index]), blocks, order)

    def _plan(self, epoch: int) -> None:
        """Order the blocks of an epoch and divide them into windows."""
        order = self._rng(epoch, 0).permutation(len(self._sizes))
        self._starts = np.concatenate([[0], np.cumsum(self._sizes[order])])[self._firsts]
        self._epoch, self._order = epoch, order

    def _rng(self, epoch: int, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, epoch, purpose])


def _num_windows(blocks: int, rows: int, bytes_per_row: int) -> int:
    """Into how many windows of equally many blocks an epoch falls."""
    wanted = -(-rows // max(1, min(WINDOW_ROWS, WINDOW_BYTES // bytes_per_row)))
    fewest = -(-rows // max(1, MOST_BYTES // bytes_per_row))
    return max(1, min(blocks, max(fewest, min(wanted, blocks // FEWEST_BLOCKS))))
