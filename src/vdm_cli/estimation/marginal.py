r"""How much P and Q differ in each column alone: a held-out bound for every column, in a moment.

A column is a function of the row, so that its divergence is at most that of the rows (data processing), and
every bound on it bounds D_f(P || Q) as well.  Half of the rows choose cells and a score for each; the other
half evaluates

    mean T(v) over P  -  mean f*(T(v)) over Q  <=  D_f of the column  <=  D_f(P || Q)   in expectation,

and the halves change places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.partition import cell_of, cut_points, joined_scores
from vdm_cli.estimation.weights import Weights
from vdm_cli.estimation.witness import Floats, witness_pair

MOST_ROWS, MOST_VALUES = 50_000, 10_000_000  # of each side: a thousand columns take seconds
_TAIL = 20  # no row may weigh more than this part of the rows does together, see `_cap`


@dataclass(frozen=True, eq=False)
class MarginalBounds:
    """Lower bounds on divergences of single columns, in nats; 0 where nothing was found.

    Attributes:
        estimates: (k, d) for k divergences and d columns; expected to be at most the column's divergence.
        standard_errors: Of the estimates, (k, d).
    """

    estimates: Floats
    standard_errors: Floats


@dataclass(frozen=True, eq=False)
class _Tally:
    """What the held-out half of one side holds of each cell, for all columns one after the other.

    Attributes:
        shares: Of the weight, summing to 1 over the cells of a column.
        squares: Sum of squared weights, over the squared sum of the weights.
    """

    shares: Floats
    squares: Floats


def marginal_bounds(
    p: np.ndarray,
    q: np.ndarray,
    forms: Sequence[Form],
    divergences: Sequence[FDivergence],
    *,
    seed: int = 0,
    p_weights: Weights | None = None,
    q_weights: Weights | None = None,
) -> MarginalBounds:
    """Bound every divergence of every column from below.

    Args:
        p: Rows of P, (n, ...) in memory's coding, n >= 4; each row is taken as one vector of d numbers.
        q: Rows of Q, (m, ...).
        forms: How the columns are written; empty for plain numbers.
        divergences: Which f.
        seed: Of the choice of rows, where there are many, and of the halves.
        p_weights: Of the rows of P; None where all count the same.
        q_weights: Of the rows of Q.
    """
    rng = np.random.default_rng(seed)
    sides = [_halves(rows, weights, rng) for rows, weights in ((p, p_weights), (q, q_weights))]
    width = math.prod(p.shape[1:])
    forms = tuple(forms) or (NUMBER,) * width
    found = [_bounds(sides, forms, divergences, fit, 1 - fit) for fit in (0, 1)]
    estimates, errors = (np.stack(each) for each in zip(*found, strict=True))
    return MarginalBounds(estimates.mean(axis=0), np.sqrt(np.square(errors).sum(axis=0)) / 2.0)


Half = tuple[np.ndarray, Floats]  # rows (n, d), and weights whose sum is the effective number of rows


def _halves(rows: np.ndarray, weights: Weights | None, rng: np.random.Generator) -> tuple[Half, Half]:
    """At most `MOST_ROWS` rows, in two halves."""
    flat = rows.reshape(len(rows), -1)
    most = max(2000, min(MOST_ROWS, MOST_VALUES // flat.shape[1]))
    order = rng.permutation(len(flat))[:most]
    values = np.ones(len(flat)) if weights is None else weights.values
    first, second = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    return (flat[first], _scaled(values[first])), (flat[second], _scaled(values[second]))


def _scaled(weights: Floats) -> Floats:
    total, squares = float(weights.sum()), float(np.square(weights).sum())
    return weights * (total / squares) if total > 0 else weights


def _bounds(
    sides: Sequence[tuple[Half, Half]],
    forms: Sequence[Form],
    divergences: Sequence[FDivergence],
    fit: int,
    held_out: int,
) -> tuple[Floats, Floats]:
    """Bounds and standard errors, (k, d) each, of scores fitted on one half and evaluated on the other."""
    if not all(weights.any() for halves in sides for _, weights in halves):
        nothing = np.zeros((len(divergences), len(forms)))  # a half without weight stands for no law
        return nothing, nothing
    all_points, scores = [], []
    for index, form in enumerate(forms):
        p, q = (side[fit][0][:, index].astype(np.float64) for side in sides)
        points = cut_points(p, q, form)
        counts = [
            _sums(cell_of(column, points), side[fit][1], len(points) + 2)
            for column, side in zip((p, q), sides, strict=True)
        ]
        all_points.append(points)
        scores.append(joined_scores(counts[0], counts[1]))
    v = np.concatenate(scores)
    first = np.cumsum([0, *map(len, scores)])[:-1]
    seen = [_tally(side[held_out], all_points) for side in sides]
    rows_p, rows_q = (float(side[held_out][1].sum()) for side in sides)
    estimates, errors = [], []
    for divergence in divergences:
        cap = _cap(divergence, rows_p, rows_q)
        t, s = witness_pair(divergence, np.clip(v, -cap, cap))
        (mean_t, variance_t), (mean_s, variance_s) = (
            _mean(values, tally, first) for values, tally in zip((t, s), seen, strict=True)
        )
        estimates.append(mean_t - mean_s)
        errors.append(np.sqrt(variance_t + variance_s))
    return np.stack(estimates), np.stack(errors)


def _sums(cells: np.ndarray, weights: Floats, count: int) -> Floats:
    """The weight in each cell, (count,)."""
    return np.bincount(cells, weights, count).astype(np.float64)


def _tally(half: Half, all_points: Sequence[Floats]) -> _Tally:
    """Count the rows of one half in the cells of each column."""
    rows, weights = half
    total, squared = float(weights.sum()), np.square(weights)
    shares, squares = [], []
    for index, points in enumerate(all_points):
        cells = cell_of(rows[:, index].astype(np.float64), points)
        shares.append(_sums(cells, weights, len(points) + 2) / total)
        squares.append(_sums(cells, squared, len(points) + 2) / total**2)
    return _Tally(np.concatenate(shares), np.concatenate(squares))


def _mean(values: Floats, tally: _Tally, first: np.ndarray) -> tuple[Floats, Floats]:
    """Weighted means of each column, and their variances; columns start at `first`."""
    means = np.add.reduceat(values * tally.shares, first)
    sizes = np.diff(first, append=len(values))
    centered = values - np.repeat(means, sizes)
    return means, np.add.reduceat(np.square(centered) * tally.squares, first)


def _cap(divergence: FDivergence, rows_p: float, rows_q: float) -> float:
    """The largest C for which, on |v| <= C, T ranges over n_P / `_TAIL` at most and f*(T) over n_Q / `_TAIL`.

    Without it a cell that Q all but lacks would carry means that no sample of this size can know.
    """
    caps = np.linspace(0.0, min(divergence.score_limit, 30.0), 601)
    high, low = witness_pair(divergence, caps), witness_pair(divergence, -caps)
    known = np.ones(len(caps), bool)
    for above, below, rows in zip(high, low, (rows_p, rows_q), strict=True):
        known &= above - below <= max(rows / _TAIL, 2.0)
    return float(caps[known].max())
