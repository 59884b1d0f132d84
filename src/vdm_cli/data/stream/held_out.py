"""Which rows of a large file are kept from training, and which of the others stand for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def hold_out(count: int, sizes: Sequence[int], seed: int) -> list[np.ndarray]:
    """Disjoint random parts of rows 0..count-1, each increasing; the same for the same count, sizes and seed.

    Time and memory go with the parts, not with the file.
    """
    chosen = np.random.default_rng([seed, 0]).choice(count, sum(sizes), replace=False)
    ends = np.cumsum(sizes)[:-1]
    return [np.sort(part) for part in np.split(chosen, ends)]


def sample_rest(count: int, held_out: np.ndarray, size: int, seed: int) -> np.ndarray:
    """A uniform random sample of the rows that are not held out, increasing; all where `size` is more.

    Args:
        count: Rows of the file.
        held_out: Increasing.
        size: How many to draw.
        seed: Of the draw.
    """
    rest = count - len(held_out)
    if size >= rest:
        places = np.arange(rest)
    else:
        places = np.sort(np.random.default_rng([seed, 1]).choice(rest, size, replace=False, shuffle=False))
    # the row at a place among the rest has as many held-out rows before it as have at most that place
    return places + np.searchsorted(held_out - np.arange(len(held_out)), places, side="right")
