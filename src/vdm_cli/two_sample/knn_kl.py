"""KL by nearest neighbors: a point estimate without any guarantee, as a second opinion in few dimensions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vdm_cli.two_sample.measure import Line, Measure, missing

NEIGHBORS = 5
MOST_COLUMNS = 5


def knn_kl(p: npt.NDArray[np.generic], q: npt.NDArray[np.generic]) -> Measure:
    r"""KL(P || Q) = d/n sum_i log(nu(i)/rho(i)) + log(m/(n-1)), in nats.

    rho(i) and nu(i) are the distances of row i of P to its k-th nearest other row of P and of Q, k = 5
    (Wang, Kulkarni and Verdu 2009, IEEE TIT 55:2392, eq. 5; Perez-Cruz 2008).  Consistent where both have a
    density, but biased in a finite sample, and useless in many dimensions: off by a factor of 4 for d = 50.
    KL does not change under a bijection of each column, so the rows may come scaled.  Constant columns
    are left out.  The value is missing where there is no density to compare: columns that repeat their
    values, or that depend on each other linearly.

    Args:
        p: Rows (n, d), n > k.
        q: Rows (m, d), m >= k.
    """
    from scipy.spatial import cKDTree

    rows, k = (len(p), len(q)), NEIGHBORS
    if p.shape[1] > MOST_COLUMNS:  # before copies are made of very wide rows
        return missing("knn_kl", f"only for at most {MOST_COLUMNS} columns, and there are {p.shape[1]}", rows)
    if len(p) <= k or len(q) < k:
        return missing("knn_kl", f"needs more than {k} rows of a side", rows)
    pooled = np.concatenate([p, q]).astype(np.float64)
    pooled = pooled[:, np.ptp(pooled, axis=0) > 0.0]
    width = pooled.shape[1]
    if width == 0:
        return missing("knn_kl", "every column is constant", rows)
    p, q = pooled[: len(p)], pooled[len(p) :]
    if any(2 * len(np.unique(column)) < len(column) for column in (*p.T, *q.T)):
        return missing("knn_kl", "a column repeats its values: there is no density", rows)
    if np.linalg.matrix_rank(pooled - pooled.mean(axis=0)) < width:
        return missing("knn_kl", "columns depend on each other linearly: there is no density", rows)
    rho = cKDTree(p).query(p, k=[k + 1])[0][:, 0]
    nu = cKDTree(q).query(p, k=[k])[0][:, 0]
    if not (rho.min() > 0.0 and nu.min() > 0.0):
        return missing("knn_kl", f"more than {k} rows are equal: their distance is 0", rows)
    value = float(width * np.mean(np.log(nu) - np.log(rho)) + np.log(len(q) / (len(p) - 1.0)))
    return Measure(
        "knn_kl",
        value,
        rows,
        lines=(Line("knn_kl: KL(P||Q) by neighbors, no guarantee", value, 0.0),),
        note="a point estimate without guarantee",
        details={"at_equality": 0.0, "neighbors": k},
    )
