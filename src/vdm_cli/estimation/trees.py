"""A critic of gradient-boosted trees: what a network smooths over, trees see.

On the ring, whose modes are a hundredth of its radius wide, a small network finds .006 nats of JS between
data and a good generator's samples where trees find .1; on wine with .1 sd of jitter 0 against .6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.float64]


def balanced(count: int, weights: Floats | None) -> Floats:
    """Weights of sum 1, (count,): equal ones where there are none, or none is positive."""
    if weights is None or weights.sum() <= 0.0:
        return np.full(count, 1.0 / count)
    return weights / weights.sum()


class Trees:
    """Scores v, estimates of log p/q, by scikit-learn's histogram gradient boosting (Friedman 2001).

    The logistic loss with both sides weighted equally, stopped early on a part of the fit rows.  One thread,
    so that the same rows and seed give the same bits.

    Args:
        p: Fit rows of P, shape (n, d).
        q: Fit rows of Q, shape (m, d).
        seed: Of the early-stopping part.
        weights: Of the rows of P, (n,), and of Q, (m,); None where all of a side count the same.
        iterations: Boosting iterations at most.
    """

    def __init__(
        self,
        p: npt.NDArray[Any],
        q: npt.NDArray[Any],
        seed: int,
        *,
        weights: tuple[Floats | None, Floats | None] = (None, None),
        iterations: int = 300,
    ):
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = np.concatenate([p, q])
        labels = np.concatenate([np.ones(len(p), np.int8), np.zeros(len(q), np.int8)])
        sides = [balanced(len(side), own) for side, own in zip((p, q), weights, strict=True)]
        each = np.concatenate(sides) * (0.5 * len(rows))
        self._model = HistGradientBoostingClassifier(
            max_iter=iterations, early_stopping=True, validation_fraction=0.15, random_state=seed
        )
        with threadpool_limits(1, user_api="openmp"):
            self._model.fit(rows, labels, sample_weight=each)

    def __call__(self, rows: npt.NDArray[Any]) -> Floats:
        """Scores of rows (n, d): (n,)."""
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(self._model.decision_function(rows), np.float64)
