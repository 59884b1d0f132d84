"""Wide rows in fewer numbers for the critic of trees: principal components of the fit rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

WIDEST = 200  # features that trees are grown on as they are
COMPONENTS = 50

Reduction = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def fit_reduction(p: npt.NDArray[Any], q: npt.NDArray[Any], seed: int) -> Reduction:
    """A map of rows (n, d) to at most `WIDEST` numbers, fitted on fit rows of both sides.

    Data processing: a divergence of mapped rows bounds that of the rows from below.  Histogram boosting
    costs time in proportion to d, and a pixel says little where a component says much.

    Args:
        p: Fit rows of P, shape (n, d).
        q: Fit rows of Q, shape (m, d).
        seed: Of the randomized decomposition (Halko et al. 2011).
    """
    if p.shape[1] <= WIDEST:
        return lambda rows: rows
    from sklearn.decomposition import PCA

    pooled = np.concatenate([p, q]).astype(np.float32)
    pca = PCA(min(COMPONENTS, len(pooled)), svd_solver="randomized", random_state=seed)
    with threadpool_limits(1):  # the same bits whatever the number of threads
        pca.fit(pooled)

    def reduce(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        with threadpool_limits(1):
            return np.asarray(pca.transform(rows.astype(np.float32)))

    return reduce
