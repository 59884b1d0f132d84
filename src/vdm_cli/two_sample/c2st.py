"""Classifier two-sample test: how often critics that never saw a row tell which sample it is of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vdm_cli.two_sample.measure import Line, Measure

Floats = npt.NDArray[np.float64]


def c2st(p: Sequence[Floats], q: Sequence[Floats], level: float) -> Measure:
    r"""Balanced accuracy of "P where v > 0", the mean over K folds, with an exact interval and p-value.

    Lopez-Paz and Oquab 2017 (arXiv 1610.06545).  Each fold has critics of its own, fitted without its rows:
    given them, its rows are independent, and only they may be counted as binomial.  Other folds' critics saw
    these rows, so that counts of different folds depend on each other, and an interval from the pooled
    count would be too narrow.  Here instead:

    - a fold's interval is Clopper and Pearson's of the number of right answers on equally many rows of P and
      of Q, at level 1 - delta/K.  Right answers on P and on Q have different probabilities; the binomial
      tails still dominate (Hoeffding 1956, Ann. Math. Stat. 27:713, theorem 4), except that of the count
      next to the end, which takes delta' = 1 - exp(-delta) in place of delta;
    - all K hold together with probability `level`, so the mean of their ends is an interval for the mean
      accuracy of the K critics.  (1 + TV)/2 is no less than that mean, and may be larger;
    - the p-value of P = Q is K/j times the j-th smallest of the folds' one-sided Fisher tests, j the
      median: valid under any dependence (Rueger 1978).

    The AUC is the mean over folds too, as scores of different critics are not comparable.

    Args:
        p: Scores (estimates of log p/q) of each fold's rows of P; at least one row.
        q: The same of Q.
        level: Of the interval.
    """
    from scipy.stats import binomtest, hypergeom
    from sklearn.metrics import roc_auc_score

    folds, ends, p_values, accuracies, areas = len(p), [], [], [], []
    delta = -math.expm1(-(1.0 - level) / 2.0 / folds) * 2.0
    for own_p, own_q in zip(p, q, strict=True):
        n, m = len(own_p), len(own_q)
        right_p, right_q = own_p > 0.0, ~(own_q > 0.0)
        accuracies.append(0.5 * (right_p.mean() + right_q.mean()))
        areas.append(roc_auc_score(np.arange(n + m) < n, np.concatenate([own_p, own_q])))
        above = int(right_p.sum() + m - right_q.sum())
        p_values.append(float(hypergeom.sf(right_p.sum() - 1, n + m, above, n)))
        few = min(n, m)
        right = int(right_p[:few].sum() + right_q[:few].sum())
        interval = binomtest(right, 2 * few).proportion_ci(1.0 - delta, method="exact")
        ends.append((interval.low, interval.high))
    value = float(np.mean(accuracies))
    low, high = np.mean(ends, axis=0)
    low, high = min(float(low), value), max(float(high), value)  # unequal sides: the value counts all rows
    rank = (folds + 1) // 2
    p_value = min(1.0, folds / rank * sorted(p_values)[rank - 1])
    told = f"c2st: share told rightly ({low:.3f} to {high:.3f})"
    return Measure(
        "c2st",
        value,
        (sum(map(len, p)), sum(map(len, q))),
        lines=(Line(told, value, 0.5, p_value),),
        details={
            "ci": [low, high],
            "p_value": p_value,
            "at_equality": 0.5,
            "auc": float(np.mean(areas)),
            "folds": folds,
        },
    )
