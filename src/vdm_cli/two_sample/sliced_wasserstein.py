"""Sliced Wasserstein distance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vdm_cli.two_sample.measure import Line, Measure

PROJECTIONS = 64

Floats = npt.NDArray[np.float64]


def sliced_wasserstein(
    p: npt.NDArray[np.generic], q: npt.NDArray[np.generic], rng: np.random.Generator
) -> Measure:
    """The mean of the Wasserstein-1 distances of p and q along `PROJECTIONS` random directions.

    Bonneel et al. 2015 (J. Math. Imaging Vision 51:22), with W_1 in place of W_2: the mean of |F_P - F_Q|
    over a line, which needs one moment only.  In the units of the scaled rows.  Positive also where P = Q:
    beside it stands what a random deal of the pooled rows into samples of the same sizes gives.

    Args:
        p: Scaled rows (n, d), n >= 1.
        q: Scaled rows (m, d), m >= 1.
        rng: Of the directions and the deal.
    """
    width = p.shape[1]
    directions = rng.normal(size=(width, 1 if width == 1 else PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    along = np.concatenate([p, q]).astype(np.float64) @ directions
    value = _mean_distance(along, len(p))
    chance = _mean_distance(along[rng.permutation(len(along))], len(p))
    return Measure(
        "sliced_wasserstein",
        value,
        (len(p), len(q)),
        lines=(Line("sliced_wasserstein: mean W1 of lines, scaled", value, chance),),
        details={"at_equality": chance, "projections": directions.shape[1]},
    )


def _mean_distance(along: Floats, n: int) -> float:
    """Over the columns of (n + m, k), the first n rows being the first sample's."""
    from scipy.stats import wasserstein_distance

    return float(np.mean([wasserstein_distance(line[:n], line[n:]) for line in along.T]))
