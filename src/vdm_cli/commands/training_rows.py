"""Training rows of a run, as many as are needed to see whether samples repeat them."""

from __future__ import annotations

import numpy as np

from vdm_cli.data.dataset import Part, StreamedPart

MOST_ROWS = 50_000
_MOST_NUMBERS = 20_000_000


def training_rows(train: Part | StreamedPart | None, seed: int) -> Part | None:
    """Training rows in random order, at most `MOST_ROWS`, fewer where they are very wide.

    Args:
        train: All of them, or what a stream keeps of them; None for fresh draws.
        seed: Of the choice.
    """
    if train is None:
        return None
    part = train.sample if isinstance(train, StreamedPart) else train
    width = max(1, int(np.prod(part.rows.shape[1:])))
    order = np.random.default_rng(seed).permutation(len(part))
    return part.take(order[: min(MOST_ROWS, max(1, _MOST_NUMBERS // width))])
