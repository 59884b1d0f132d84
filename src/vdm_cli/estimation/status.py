"""One word on how far an estimate can be trusted, by simple rules on evaluated rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.witness import Floats

Status = Literal["ok", "indistinguishable", "saturated", "heavy_tail", "undersampled", "critic_unstable"]

_NEAR_SUPREMUM = 0.98
_CLIPPED_SHARE = 0.05
_SEPARATED_AUC = 0.999
_NEARLY_SEPARATED_AUC = 0.99
_HEAVY_TAIL = 0.75
_FEW_ROWS = 500
_ROWS_PER_COLUMN = 10
_MISSING = 0.05
_FAR_BELOW = 0.1
_UNSTABLE_ERRORS = 5.0
_UNSTABLE_AUC = 0.03


@dataclass(frozen=True)
class Gain:
    """How much more one bound reaches than another on the rows that both evaluated.

    Attributes:
        value: In nats.
        error: Its standard error, of differences row by row.
    """

    value: float
    error: float


@dataclass(frozen=True)
class Evidence:
    """What is known of one estimate.

    Attributes:
        estimate: The held-out bound.
        error: Its standard error.
        gained: On a critic with about half as many fit rows; None where there is none.
        p_value: Of P = Q.
        delta: One minus the level.
        auc: Of each fold.
        clipped: Share of rows beyond the caps.
        lost: What the caps cut off, in nats, if the critics are right.
        tail: See `tail_share`.
        exact: The true value, where known.
        rows: Of the smaller side.
        columns: Of a row.
    """

    estimate: float
    error: float
    gained: Gain | None
    p_value: float
    delta: float
    auc: Sequence[float]
    clipped: float
    lost: float
    tail: float
    exact: float | None
    rows: int
    columns: int


def tail_share(values: Floats) -> float:
    """The share of the sum of squared deviations that the largest 0.1 % of rows (at least 5) carry, (n,)."""
    squares = np.square(values - np.mean(values))
    total = float(np.sum(squares))
    top = max(5, len(values) // 1000)
    return float(np.sum(np.sort(squares)[-top:])) / total if total > 0.0 else 0.0


def pareto_shape(values: Floats) -> float | None:
    """The shape k of a generalized Pareto law fitted to the upper tail of positive values, (n,).

    From 0.5 on the variance of a mean is infinite, from 1 on the mean.  The estimator of Zhang and Stephens
    (2009, Technometrics 51) on the largest min(n/5, 3 sqrt n) values, as in Pareto-smoothed importance
    sampling (Vehtari et al. 2024, JMLR 25).  None where the tail is constant or too short.
    """
    count = int(min(len(values) / 5, 3 * math.sqrt(len(values))))
    if count < 5:
        return None
    tail = np.sort(values)[-count - 1 :]
    excess = tail[1:] - tail[0]
    quartile = excess[int(count / 4 + 0.5) - 1]
    if not quartile > 0.0 or not np.isfinite(excess[-1]):
        return None
    grid = 30 + int(math.sqrt(count))
    b = 1.0 / excess[-1] + (1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3.0 * quartile)
    k = np.mean(np.log1p(-b[:, None] * excess[None, :]), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = count * (np.log(-b / k) - k - 1.0)
    likelihood = np.where(np.isfinite(likelihood), likelihood, -np.inf)
    weight = np.exp(likelihood - likelihood.max())
    mean_b = float(np.sum(b * weight) / np.sum(weight))
    return float(np.mean(np.log1p(-mean_b * excess)))


def unstable(auc: Sequence[float], rows_p: float, rows_q: float) -> bool:
    """Whether folds differ more than their numbers of rows explain (Hanley and McNeil 1982, Radiology 143).

    Args:
        auc: Of each fold.
        rows_p: Evaluated rows of P, of a fold.
        rows_q: Evaluated rows of Q, of a fold.
    """
    mean = float(np.mean(auc))
    first, second = mean / (2.0 - mean), 2.0 * mean * mean / (1.0 + mean)
    variance = mean * (1.0 - mean) + (rows_p - 1.0) * (first - mean**2) + (rows_q - 1.0) * (second - mean**2)
    error = math.sqrt(max(variance, 0.0) / (rows_p * rows_q))
    return max(auc) - min(auc) > _UNSTABLE_ERRORS * error + _UNSTABLE_AUC


def judge(divergence: FDivergence, evidence: Evidence, *, stable: bool = True) -> Status:
    """The first rule that holds.

    - ``indistinguishable``: the test of P = Q does not reject at delta.
    - ``saturated``: the samples are separated, so that their size and not the distributions sets the
      number: AUC > .999, a bounded D_f above 98 % of its range, or more than 5 % of the evaluated rows
      beyond this divergence's caps at AUC > .99.
    - ``critic_unstable``: the folds' critics differ more than chance explains.
    - ``heavy_tail``: D_f is known to be infinite, or 0.1 % of the rows (at least 5) carry more than 3/4
      of the variance of T or f*(T): the mean, and its standard error, hang on them.
    - ``undersampled``: fewer than 500 rows on a side, or fewer than 10 a column; more than 5 % of the rows
      beyond the caps, which widen with the number of rows, or caps that by the critics' own ratios cut off
      5 % of D_f; a bound that still grows with the fit rows: on the same rows a critic with about half as
      many reached 5 % less, and two standard errors less; or a true value, where known, more than 10 % and
      three standard errors above the estimate.
    - ``ok``.
    """
    auc = float(np.mean(evidence.auc))
    above = evidence.estimate - divergence.at_equality
    if evidence.p_value > evidence.delta:
        return "indistinguishable"
    if auc > _SEPARATED_AUC or (auc > _NEARLY_SEPARATED_AUC and evidence.clipped > _CLIPPED_SHARE):
        return "saturated"
    if divergence.bounded and above >= _NEAR_SUPREMUM * (divergence.supremum - divergence.at_equality):
        return "saturated"
    if not stable:
        return "critic_unstable"
    if (evidence.exact is not None and math.isinf(evidence.exact)) or evidence.tail > _HEAVY_TAIL:
        return "heavy_tail"
    gained = evidence.gained
    learning = gained is not None and gained.value > max(_MISSING * above, 2.0 * gained.error)
    if evidence.exact is not None:
        missing = evidence.exact - evidence.estimate
        learning |= missing > max(_FAR_BELOW * abs(evidence.exact), 3.0 * evidence.error)
    few = evidence.rows < max(_FEW_ROWS, _ROWS_PER_COLUMN * evidence.columns)
    cut_off = evidence.clipped > _CLIPPED_SHARE or evidence.lost > _MISSING * above
    if few or learning or cut_off:
        return "undersampled"
    return "ok"
