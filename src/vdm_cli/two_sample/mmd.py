"""Maximum mean discrepancy with a Gaussian kernel."""

from __future__ import annotations

import numpy as np

from vdm_cli.two_sample.measure import Line, Measure
from vdm_cli.two_sample.pairs import PERMUTATIONS, Pairs, permutation_test


def mmd(pairs: Pairs, rng: np.random.Generator) -> Measure:
    r"""The unbiased estimate of MMD^2 = E k(X,X') + E k(Y,Y') - 2 E k(X,Y), with a permutation p-value.

    Gretton et al. 2012 (JMLR 13:723), eq. 3; k(x, y) = exp(-|x-y|^2 / (2 s^2)) with s the median distance of
    the pooled rows.  0 on average where P = Q, then as often negative; at most 2.

    Args:
        pairs: Of scaled rows, at least 2 of a side.
        rng: Of the permutations.
    """
    bandwidth = _median_distance(pairs)
    kernel = np.exp(pairs.squared * (-0.5 / bandwidth**2))
    value, p_value = permutation_test(kernel, pairs.n, rng)
    return Measure(
        "mmd",
        value,
        pairs.rows,
        lines=(Line("mmd: squared distance of kernel means", value, 0.0, p_value),),
        details={
            "p_value": p_value,
            "at_equality": 0.0,
            "bandwidth": bandwidth,
            "permutations": PERMUTATIONS,
        },
    )


def _median_distance(pairs: Pairs) -> float:
    """Over different pooled rows; over different values where most rows are equal; 1 where all are."""
    above = pairs.squared[np.triu(np.ones(pairs.squared.shape, bool), 1)]
    median = float(np.median(above))
    if median == 0.0:
        apart = above[above > 0.0]
        median = float(np.median(apart)) if len(apart) else 1.0
    return median**0.5
