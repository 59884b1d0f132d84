"""Principal components as a map of rows: fitted on rows of their own, the same for P and Q."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from vdm_cli.errors import DataError
from vdm_cli.estimation.scaling import fit_scaling

RowMap = Callable[[npt.NDArray[Any]], npt.NDArray[np.float32]]


def fit_components(
    pooled: npt.NDArray[Any], count: int, *, seed: int, pixels: bool = False, at_most: bool = False
) -> RowMap:
    """A map of rows (n, d) to their first principal components, each of unit variance on the fit rows.

    Constant columns drop out.  The others are scaled robustly first, but pixels not: they share a unit, and
    each by its own interquartile range would turn stray ink at the border into the largest numbers.

    Args:
        pooled: Rows of both sides that are evaluated nowhere, shape (n, d), in random order.
        count: Number of components.
        seed: Of the randomized decomposition (Halko et al. 2011).
        pixels: Whether all columns share one unit.
        at_most: Take as many components as there are instead of failing.

    Raises:
        DataError: If the rows have fewer components than that.
    """
    from sklearn.decomposition import PCA

    kept = np.flatnonzero(np.any(pooled != pooled[:1], axis=0))
    most = min(len(kept), len(pooled) - 1)
    if most < 1 or (count > most and not at_most):
        raise DataError(
            f"pca:{count}: {len(pooled)} rows that fit the map, with {len(kept)} columns that vary among "
            f"them, have no more than {most} principal components"
        )
    chosen = pooled[:, kept]
    scaling = None if pixels else fit_scaling(chosen, chosen)

    def scaled(rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return rows.astype(np.float32) if scaling is None else scaling(rows)

    pca = PCA(min(count, most), svd_solver="randomized", random_state=seed, whiten=True)
    with threadpool_limits(1):  # the same bits whatever the number of threads
        pca.fit(scaled(chosen))

    def project(rows: npt.NDArray[Any], block: int = 16_384) -> npt.NDArray[np.float32]:
        out = np.empty((len(rows), pca.n_components_), np.float32)
        with threadpool_limits(1):
            for start in range(0, len(rows), block):
                part = rows[start : start + block, kept]
                out[start : start + len(part)] = pca.transform(scaled(part))
        return out

    return project
