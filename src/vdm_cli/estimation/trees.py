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


class Trees:
    """Scores v, estimates of log p/q, by scikit-learn's histogram gradient boosting (Friedman 2001).

    The logistic loss with both sides weighted equally, stopped early on a part of the fit rows.  One thread,
    so that the same rows and seed give the same bits.

    Args:
        p: Fit rows of P, shape (n, d).
        q: Fit rows of Q, shape (m, d).
        seed: Of the early-stopping part.
    """

    def __init__(self, p: npt.NDArray[Any], q: npt.NDArray[Any], seed: int):
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = np.concatenate([p, q])
        labels = np.concatenate([np.ones(len(p), np.int8), np.zeros(len(q), np.int8)])
        weights = np.concatenate([np.full(len(p), 0.5 / len(p)), np.full(len(q), 0.5 / len(q))]) * len(rows)
        self._model = HistGradientBoostingClassifier(
            max_iter=300, early_stopping=True, validation_fraction=0.15, random_state=seed
        )
        with threadpool_limits(1, user_api="openmp"):
            self._model.fit(rows, labels, sample_weight=weights)

    def __call__(self, rows: npt.NDArray[Any]) -> Floats:
        """Scores of rows (n, d): (n,)."""
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(self._model.decision_function(rows), np.float64)
