r"""A lower limit on D_f from a binary cut of the scores: valid for every f, best where few values are seen.

For any set A = {v > c} fixed before the evaluated rows are seen, the data-processing inequality gives
D_f(P || Q) >= D_f(Bernoulli(P(A)) || Bernoulli(Q(A))) for every f.  Exact limits of the two shares
(Clopper and Pearson 1934) turn that into a limit from counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, hypergeom

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.witness import Floats, witness_pair

_CANDIDATES = 256


def share_lower(count: npt.ArrayLike, total: float, delta: float) -> Floats:
    """Clopper-Pearson lower limit at level 1 - delta of a share of which `count` of `total` were seen."""
    k = np.asarray(count, np.float64)
    return np.where(k > 0, beta.ppf(delta, np.maximum(k, 1e-9), total - k + 1.0), 0.0)


def share_upper(count: npt.ArrayLike, total: float, delta: float) -> Floats:
    """Clopper-Pearson upper limit at level 1 - delta."""
    return 1.0 - share_lower(total - np.asarray(count), total, delta)


def bernoulli_divergence(divergence: FDivergence, a: Floats, b: Floats) -> Floats:
    """D_f(Bernoulli(a) || Bernoulli(b)) in nats for a, b in (0, 1), shape (n,), at the optimal critic.

    a T(v1) + (1-a) T(v0) - b f*(T(v1)) - (1-b) f*(T(v0)),  v1 = log(a/b),  v0 = log((1-a)/(1-b)):
    a bound from below where these scores lie beyond +-score_limit, as those of a steep f do.
    """
    largest = divergence.score_limit
    t1, s1 = witness_pair(divergence, np.clip(np.log(a / b), -largest, largest))
    t0, s0 = witness_pair(divergence, np.clip(np.log1p(-a) - np.log1p(-b), -largest, largest))
    return a * t1 + (1.0 - a) * t0 - b * s1 - (1.0 - b) * s0


def limit_from_shares(divergence: FDivergence, a_lower: Floats, b_upper: Floats) -> Floats:
    """The least D_f over P(A) >= a_lower and Q(A) <= b_upper: f(1) unless a_lower > b_upper, shape (n,)."""
    apart = a_lower > b_upper
    limits = np.full(a_lower.shape, divergence.at_equality)
    if apart.any():
        found = bernoulli_divergence(divergence, a_lower[apart], b_upper[apart])
        limits[apart] = np.maximum(found, divergence.at_equality)
    return limits


@dataclass(frozen=True)
class CutCounts:
    """How many evaluated rows lie above a cut: k_p of n_p rows of P, k_q of n_q rows of Q."""

    k_p: int
    n_p: int
    k_q: int
    n_q: int

    def p_value(self) -> float:
        """Fisher's exact one-sided p-value of P = Q against P(A) > Q(A)."""
        return float(hypergeom.sf(self.k_p - 1, self.n_p + self.n_q, self.k_p + self.k_q, self.n_p))

    def limit(self, divergence: FDivergence, delta: float) -> float:
        """The level 1 - delta lower limit on D_f: each share's limit at delta/2."""
        a, b = self.shares(delta)
        return float(limit_from_shares(divergence, a, b)[0])

    def shares(self, delta: float) -> tuple[Floats, Floats]:
        """P(A) is at least the first and Q(A) at most the second, together at level 1 - delta; (1,) each."""
        return share_lower([self.k_p], self.n_p, 0.5 * delta), share_upper([self.k_q], self.n_q, 0.5 * delta)


def count_above(p: Floats, q: Floats, cut: float) -> CutCounts:
    """Count the scores of evaluated rows above a cut that was chosen on other rows."""
    return CutCounts(int(np.sum(p > cut)), len(p), int(np.sum(q > cut)), len(q))


class CutChooser:
    """Chooses cuts on calibration scores p (n,) and q (m,), for the limits that evaluated rows will give.

    Args:
        p: Scores of calibration rows of P.
        q: Scores of calibration rows of Q.
        rows_p: Evaluated rows of P.
        rows_q: Evaluated rows of Q.
        delta: The level 1 - delta limit that the cut shall make large.
    """

    def __init__(self, p: Floats, q: Floats, rows_p: int, rows_q: int, delta: float):
        pooled = np.unique(np.concatenate([p, q]))
        take = np.unique(np.linspace(0, len(pooled) - 1, _CANDIDATES).astype(int))
        self._cuts = pooled[take]
        above_p = len(p) - np.searchsorted(np.sort(p), self._cuts, side="right")
        above_q = len(q) - np.searchsorted(np.sort(q), self._cuts, side="right")
        # As if one more calibration row of either side had lain on the wrong side: 0 is no promise.
        a, b = above_p / (len(p) + 1.0), (above_q + 1.0) / (len(q) + 1.0)
        self._a = share_lower(a * rows_p, rows_p, 0.5 * delta)
        self._b = share_upper(b * rows_q, rows_q, 0.5 * delta)
        pooled_share = (above_p + above_q + 1.0) / (len(p) + len(q) + 2.0)
        difference = above_p / len(p) - above_q / len(q)
        self._z = difference / np.sqrt(pooled_share * (1.0 - pooled_share))

    def for_test(self) -> float:
        """The cut with the largest two-proportion z: for the test of P = Q."""
        return float(self._cuts[np.argmax(self._z)])

    def for_divergence(self, divergence: FDivergence) -> tuple[float, float]:
        """The cut with the largest limit that the calibration rows predict, and that limit.

        The test's cut where all limits are trivial.
        """
        limits = limit_from_shares(divergence, self._a, self._b)
        best = int(np.argmax(limits))
        cut = self._cuts[best] if limits[best] > divergence.at_equality else self.for_test()
        return float(cut), float(limits[best])
