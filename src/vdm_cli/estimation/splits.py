"""Which rows fit, calibrate and evaluate, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]

FOLDS = 5
# Above this many rows on both sides one split is precise enough, and five would cost five times the memory.
SINGLE_SPLIT_ROWS = 50_000
_CALIBRATE_SHARE = 0.15


@dataclass(frozen=True)
class Split:
    """One side's rows of one fold, as disjoint index arrays in random order.

    Attributes:
        fit: Rows that the critic trains on (its own validation rows among them).
        calibrate: Rows that choose the affine map, the cut and nothing else.
        evaluate: Rows that are reported, unseen by the critic and by every choice.
    """

    fit: Indices
    calibrate: Indices
    evaluate: Indices


def split_rows(count: int, folds: int, rng: np.random.Generator) -> list[Split]:
    """Split rows 0..count-1 at random: `folds` cross-fitting folds, or 60/20/20 where `folds` is 1.

    Over five folds every row is evaluated exactly once.  Fit and calibration parts have the same
    size in every fold (up to `folds` - 1 rows are left out of a fit part), so that folds can be stacked.
    """
    order = rng.permutation(count)
    if folds == 1:
        fit, calibrate = int(0.6 * count), int(0.2 * count)
        return [Split(order[:fit], order[fit : fit + calibrate], order[fit + calibrate :])]
    parts = np.array_split(order, folds)
    rest_size = count - max(len(part) for part in parts)
    calibrate = max(1, round(_CALIBRATE_SHARE * rest_size))
    splits = []
    for fold, part in enumerate(parts):
        rest = rng.permutation(np.concatenate([other for k, other in enumerate(parts) if k != fold]))
        splits.append(Split(rest[calibrate:rest_size], rest[:calibrate], part))
    return splits
