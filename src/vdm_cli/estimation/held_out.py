"""The variational bound of fitted critics on rows that they never saw, for any f."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.calibration import Caps, caps_for, narrowed
from vdm_cli.estimation.crossfit import FoldScores, Sample
from vdm_cli.estimation.status import Gain, tail_share
from vdm_cli.estimation.trees import balanced
from vdm_cli.estimation.witness import Floats, witness_pair

# Networks score rows far outside all others by hundreds: squares of ratios must stay numbers.
_LARGEST_SCORE = 300.0


@dataclass(frozen=True)
class Bound:
    """L_f of capped scores on evaluated rows.

    Attributes:
        value: In nats; it may be slightly below f(1).
        error: Its standard error by the central limit theorem.
        clipped: Share of evaluated rows (mean of both sides) beyond the caps.
        lost: What the caps cut off, in nats, if the scores are right.
        tail: The largest share of a side's variance that a thousandth of its rows carries.
    """

    value: float
    error: float
    clipped: float
    lost: float
    tail: float


class HeldOut:
    """Scores of evaluated rows of all folds together.

    Attributes:
        p_rows: Which rows of P, (k,).
        p: Their scores.
        q_rows: Which rows of Q, (l,).
        q: Their scores.
        auc: Area under the ROC curve of each fold: scores of different critics are not compared.
        effective: Effective numbers of evaluated rows of P and of Q.
    """

    def __init__(self, p: Sample, q: Sample, folds: Sequence[FoldScores]):
        self.p_rows: npt.NDArray[np.intp] = np.concatenate([fold.rows_p.evaluate for fold in folds])
        self.q_rows: npt.NDArray[np.intp] = np.concatenate([fold.rows_q.evaluate for fold in folds])
        self.p, self.q = (np.concatenate([fold.evaluate[side] for fold in folds]) for side in (0, 1))
        self._shares = tuple(
            balanced(len(rows), sample.weights_of(rows))
            for sample, rows in ((p, self.p_rows), (q, self.q_rows))
        )
        self.effective = tuple(float(1.0 / np.sum(np.square(shares))) for shares in self._shares)
        self._folds = folds
        self._calibrating = [
            (p.weights_of(fold.rows_p.calibrate), q.weights_of(fold.rows_q.calibrate)) for fold in folds
        ]
        self.auc = [_auc(p, q, fold) for fold in folds]

    def bound(self, divergence: FDivergence) -> Bound:
        """L_f(v) = E_P[T(v)] - E_Q[f*(T(v))], of scores within caps."""
        caps = caps_for(divergence, *self.effective)
        p, q = self._capped(divergence, caps)
        (t, s_of_p), (t_of_q, s) = (witness_pair(divergence, side) for side in (p, q))
        (mean_t, error_t), (mean_s, error_s) = map(_mean, (t, s), self._shares)
        clipped = sum(
            float(shares @ caps.bind(v)) for shares, v in zip(self._shares, (self.p, self.q), strict=True)
        )
        # Of a row with p/q = e^v the bound would take T(v) - e^-v f*(T(v)) if it is one of P and
        # e^v T(v) - f*(T(v)) if it is one of Q; beyond a cap it takes less.
        limit = divergence.score_limit
        high, low = np.clip(self.p, p, limit), np.clip(self.q, -limit, q)
        (t_high, s_high), (t_low, s_low) = (witness_pair(divergence, side) for side in (high, low))
        lost = self._shares[0] @ ((t_high - t) - np.exp(-high) * (s_high - s_of_p))
        lost += self._shares[1] @ (np.exp(low) * (t_low - t_of_q) - (s_low - s))
        return Bound(
            value=mean_t - mean_s,
            error=math.hypot(error_t, error_s),
            clipped=0.5 * clipped,
            lost=float(lost),
            tail=max(tail_share(t), tail_share(s)),
        )

    def gain(self, early: HeldOut, divergence: FDivergence) -> Gain:
        """How much more these critics reach than those of `early`, where they saw the same rows."""
        ours, theirs = (
            [witness_pair(divergence, v)[side] for side, v in enumerate(each._capped(divergence, caps))]
            for each, caps in ((each, caps_for(divergence, *each.effective)) for each in (self, early))
        )
        value, variance = 0.0, 0.0
        for side, (rows, early_rows) in enumerate(((self.p_rows, early.p_rows), (self.q_rows, early.q_rows))):
            _, here, there = np.intersect1d(rows, early_rows, assume_unique=True, return_indices=True)
            shares = early._shares[side][there]
            mean, error = _mean(ours[side][here] - theirs[side][there], shares / shares.sum())
            value += mean if side == 0 else -mean
            variance += error**2
        return Gain(value, math.sqrt(variance))

    def _capped(self, divergence: FDivergence, caps: Caps) -> tuple[Floats, Floats]:
        """Scores of the rows of P and of Q within caps.

        The numbers of rows set the widest caps, and each fold's calibration rows narrow its own.
        """
        own = [
            narrowed(divergence, caps, *fold.calibrate, weights)
            for fold, weights in zip(self._folds, self._calibrating, strict=True)
        ]
        p, q = (
            np.concatenate([cut(fold.evaluate[side]) for cut, fold in zip(own, self._folds, strict=True)])
            for side in (0, 1)
        )
        return p, q

    def ratios(self) -> tuple[Floats, Floats]:
        """e^v at evaluated rows of Q, (l,), an estimate of p/q, and the share that each row stands for."""
        return np.exp(np.minimum(self.q, _LARGEST_SCORE)), self._shares[1]


def _mean(values: Floats, shares: Floats) -> tuple[float, float]:
    """The weighted mean and its standard error."""
    mean = float(shares @ values)
    count = len(values)
    error = math.sqrt(float(np.sum(np.square(shares * (values - mean)))) * count / max(count - 1, 1))
    return mean, error


def _auc(p: Sample, q: Sample, fold: FoldScores) -> float:
    sides = ((p, fold.rows_p.evaluate), (q, fold.rows_q.evaluate))
    weights = [balanced(len(rows), sample.weights_of(rows)) * len(rows) for sample, rows in sides]
    labels = np.concatenate([np.ones(len(fold.evaluate[0])), np.zeros(len(fold.evaluate[1]))])
    return float(roc_auc_score(labels, np.concatenate(fold.evaluate), sample_weight=np.concatenate(weights)))
