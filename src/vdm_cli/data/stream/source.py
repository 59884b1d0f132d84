"""Rows streamed to training: read, shuffled and encoded in the background."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from vdm_cli.data.stream.prefetch import Prefetch
from vdm_cli.data.stream.row_file import RowFile, row_bytes
from vdm_cli.data.stream.shuffle import Shuffle
from vdm_cli.data.stream.visits import visits

SLAB_BYTES = 1 << 20  # stays in a core's cache while it is encoded
AHEAD_BYTES = 64 << 20  # training goes on from these while the next window is read
CHUNK_BYTES = 32 << 20

HostBatch = tuple[np.ndarray, np.ndarray | None]
Encode = Callable[[np.ndarray, np.ndarray | None, int], HostBatch]


class StreamSource:
    """Rows of a file for each step, as a function of (seed, step) alone.

    Step t takes the rows at positions t R, ..., (t + 1) R - 1 of the shuffle, R rows a step: nothing needs to
    be replayed, or saved, to continue anywhere.  Steps are encoded in slabs, which begin at multiples of
    their length wherever a run begins.  All seeds of a run see the same rows.

    Memory: one window of rows (see `shuffle`), about `AHEAD_BYTES` of encoded ones, and what `batches` gives.

    Args:
        file: Of the rows, in data units.
        held_out: Rows that are never visited, increasing.
        seed: Of the order.
        encode: (rows (n, *file.shape), labels (n,) or None, seed) -> rows (n, *shape) and conditions (n, k)
            or None in network units, float32, new arrays; the seed is the index of the slab.
        rows: Leading shape of what a step needs: (critic_steps, batch_size).
        shape: Of a row in network units.

    Attributes:
        chunk_steps: How many steps to ask for at a time: about `CHUNK_BYTES`.
    """

    def __init__(
        self,
        file: RowFile,
        held_out: np.ndarray,
        seed: int,
        encode: Encode,
        rows: tuple[int, ...],
        shape: tuple[int, ...],
    ):
        step_bytes = 4 * math.prod(rows) * math.prod(shape)
        self.chunk_steps = max(1, CHUNK_BYTES // step_bytes)
        self._slab_steps = max(1, SLAB_BYTES // step_bytes)
        self._depth = max(2, AHEAD_BYTES // (self._slab_steps * step_bytes))
        self._file, self._held_out, self._encode, self._rows = file, held_out, encode, rows
        self._seed = seed
        self._ahead: Prefetch[HostBatch] | None = None
        self._slab: HostBatch | None = None  # the one that the next step is in, if it was fetched
        self._step = 0  # the next one

    def batches(self, step: int, steps: int) -> HostBatch:
        """Rows (steps, *rows, *shape) of several steps, and their conditions (steps, *rows, k) or None.

        Quick where `step` follows the last call's; elsewhere the background thread starts anew there.

        Args:
            step: The first, from 0.
            steps: How many, at least 1.

        Raises:
            DataError: If the file cannot be read, or has changed since it was opened.
        """
        if self._ahead is None or step != self._step:
            self.close()
            self._ahead = Prefetch(self._slabs(step // self._slab_steps), self._depth)
            self._step = step
        parts: list[HostBatch] = []
        end = step + steps
        while self._step < end:
            first = self._step % self._slab_steps
            x, condition = self._slab = self._slab or next(self._ahead)
            last = min(self._slab_steps, first + end - self._step)
            parts.append((x[first:last], None if condition is None else condition[first:last]))
            self._step += last - first
            if last == self._slab_steps:
                self._slab = None
        conditions = [condition for _, condition in parts if condition is not None]
        return np.concatenate([x for x, _ in parts]), np.concatenate(conditions) if conditions else None

    def close(self) -> None:
        """End the background thread; a later call of `batches` starts another."""
        if self._ahead is not None:
            self._ahead.close()
        self._ahead = self._slab = None

    def _slabs(self, slab: int) -> Iterator[HostBatch]:
        """Slabs of encoded steps from this one on; runs in the background thread."""
        count = self._slab_steps * math.prod(self._rows)
        shuffle = Shuffle(self._file.edges, row_bytes(self._file), self._held_out, self._seed)
        visited = visits(self._file, shuffle, self._held_out, slab * count, count)
        for index, (rows, labels) in enumerate(visited, slab):
            x, condition = self._encode(rows, labels, index)
            steps = (self._slab_steps, *self._rows)
            yield (
                x.reshape(*steps, *x.shape[1:]),
                None if condition is None else condition.reshape(*steps, *condition.shape[1:]),
            )
