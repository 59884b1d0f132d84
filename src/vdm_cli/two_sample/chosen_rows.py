"""Rows that a measure is computed from: at most so many of a side, at random, the same for every measure."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from vdm_cli.estimation.scaling import RobustScaling, fit_scaling
from vdm_cli.estimation.weights import Weights

Rows = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

MOST_ROWS = 10_000  # of a side
PAIR_ROWS = 2_000  # of a side, where all pairs are compared
FEWEST_ROWS = 20  # of a side: below, as weights may leave, nothing is measured
_MOST_NUMBERS = 20_000_000
_WIDE = 1_000  # columns; beyond, fewer pairs keep the time
_FEWEST_PAIR_ROWS = 500


def generator_for(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of one purpose: what else is measured does not change them."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def choose_rows(count: int, width: int, weights: Weights | None, rng: np.random.Generator) -> Indices:
    """Rows 0..count-1 in random order, at most `MOST_ROWS`, fewer where they are very wide.

    Weighted ones are kept with probability weight / maximum, the declared one or the largest seen: they are
    then draws of the weighted law that all count the same, and every measure takes them as they are.
    """
    kept = np.arange(count) if weights is None else kept_by_weight(weights, rng)
    return rng.permutation(kept)[: min(MOST_ROWS, max(PAIR_ROWS, _MOST_NUMBERS // max(width, 1)))]


def kept_by_weight(weights: Weights, rng: np.random.Generator) -> Indices:
    """Rows kept with probability weight / maximum, increasing."""
    values = weights.values
    largest = float(values.max()) if weights.maximum is None else weights.maximum
    return np.flatnonzero(rng.random(len(values)) * largest < values)


def pair_rows(width: int) -> int:
    """How many rows of a side are compared pair by pair, so that d columns take seconds."""
    return PAIR_ROWS if width <= _WIDE else max(_FEWEST_PAIR_ROWS, int(PAIR_ROWS * (_WIDE / width) ** 0.5))


def fit_units(p: npt.NDArray[np.generic], q: npt.NDArray[np.generic], *, one_unit: bool) -> RobustScaling:
    """The units in which distances are measured.

    Args:
        p: Chosen rows of P, (n, d).
        q: Chosen rows of Q, (m, d).
        one_unit: Whether all columns are measured in one unit, as pixels are: their overall standard
            deviation.  Else each column in its own IQR, or standard deviation where that is 0, logarithmic
            beyond 3 of them, as the critics see it.
    """
    # Of the pooled rows, whichever side they are of: permutation tests of them stay exact.
    pooled = np.concatenate([p[:PAIR_ROWS], q[:PAIR_ROWS]]).astype(np.float64)
    if not one_unit:
        return fit_scaling(pooled, pooled)
    center = pooled.mean(axis=0)
    spread = float(np.sqrt(np.mean((pooled - center) ** 2)))
    return RobustScaling(center, np.full(len(center), spread if spread > 0.0 else 1.0))
