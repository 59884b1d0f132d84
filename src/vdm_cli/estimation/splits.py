"""Which rows fit, calibrate and evaluate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]

FOLDS = 5
# Above this many rows on both sides one split is precise enough, and five would cost five times the memory.
SINGLE_SPLIT_ROWS = 50_000
_CALIBRATE_SHARE = 0.15
# The certificate's own split: its limit grows with the square root of evaluated rows, a critic saturates.
_CERTIFY_SHARES = 0.35, 0.10


@dataclass(frozen=True)
class Split:
    """One side's rows of one fold, as disjoint index arrays in random order.

    Attributes:
        fit: Rows that the critic trains on (its own validation rows among them).
        calibrate: Rows that choose how critics combine, caps, stake, cut and route.
        evaluate: Rows that are reported, unseen by the critic and by every choice.
        drawn: Whether weighted rows were drawn by their weights before: all that are left count the same.
    """

    fit: Indices
    calibrate: Indices
    evaluate: Indices
    drawn: bool = False


def split_rows(count: int, folds: int, rng: np.random.Generator) -> list[Split]:
    """Split rows 0..count-1 at random: `folds` cross-fitting folds, or 60/20/20 where `folds` is 1.

    Over five folds every row is evaluated exactly once.
    """
    order = rng.permutation(count)
    if folds == 1:
        return [_cut(order, int(0.6 * count), int(0.2 * count))]
    parts = np.array_split(order, folds)
    splits = []
    for fold, part in enumerate(parts):
        rest = rng.permutation(np.concatenate([other for k, other in enumerate(parts) if k != fold]))
        calibrate = max(1, round(_CALIBRATE_SHARE * len(rest)))
        splits.append(Split(rest[calibrate:], rest[:calibrate], part))
    return splits


def certifying_split(rows: Indices, rng: np.random.Generator) -> Split:
    """One split of draws of a law for a critic whose evaluated rows, more than half, certificates count."""
    order = rng.permutation(rows)
    split = _cut(order, *(max(1, int(share * len(rows))) for share in _CERTIFY_SHARES))
    return replace(split, drawn=True)


def _cut(order: Indices, fit: int, calibrate: int) -> Split:
    return Split(order[:fit], order[fit : fit + calibrate], order[fit + calibrate :])
