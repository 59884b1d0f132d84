"""Distances of all pairs of rows, and what permutations of the two samples make of a function of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PERMUTATIONS = 499  # the smallest p-value is 1/500
_SAME = 1e-12  # squared distances are differences of squared lengths: below this share of them they are 0


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs among n rows of P, which come first, and m of Q.

    Attributes:
        squared: Squared Euclidean distances, (n + m, n + m) float64, symmetric, exactly 0 for equal rows.
        n: Rows of P.
    """

    squared: Floats
    n: int

    @property
    def rows(self) -> tuple[int, int]:
        """n and m."""
        return self.n, len(self.squared) - self.n


def all_pairs(p: npt.NDArray[np.generic], q: npt.NDArray[np.generic]) -> Pairs:
    """The pairs of p (n, d) and q (m, d), by one matrix product."""
    from sklearn.metrics.pairwise import euclidean_distances

    rows = np.concatenate([p, q]).astype(np.float64)
    squared = np.asarray(euclidean_distances(rows, squared=True))
    lengths = _SAME * np.einsum("ij,ij->i", rows, rows)
    squared[squared <= lengths[:, None] + lengths] = 0.0
    return Pairs(squared, len(p))


def permutation_test(
    similarity: Floats, n: int, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> tuple[float, float]:
    r"""E[k(X, X')] + E[k(Y, Y')] - 2 E[k(X, Y)] without bias, and its permutation p-value for large values.

    The p-value is (1 + #{permuted >= observed}) / (1 + permutations), valid for any number of rows and
    permutations (Phipson and Smyth 2010).  With a permutation's indicator z of the first sample the three
    sums follow from z'Kz, z'K1 and 1'K1, so that one matrix product does for all permutations.

    Args:
        similarity: k of all pairs, (n + m, n + m), symmetric; its diagonal does not count.
        n: Rows of the first sample, which come first; n, m >= 2.
        rng: Of the permutations.
        permutations: How many.
    """
    count = len(similarity)
    m = count - n
    labels = np.tile((np.arange(count) < n).astype(np.float64), (permutations + 1, 1))
    rng.permuted(labels[1:], axis=1, out=labels[1:])
    diagonal, total_rows = np.diagonal(similarity), similarity.sum(axis=1)
    within = np.einsum("bi,bi->b", labels @ similarity, labels)  # z'Kz
    first = labels @ total_rows  # z'K1
    own = labels @ diagonal
    total, all_own = float(total_rows.sum()), float(diagonal.sum())
    x_x, x_y = within - own, first - within
    y_y = total - 2.0 * first + within - (all_own - own)
    statistics = x_x / (n * (n - 1)) + y_y / (m * (m - 1)) - 2.0 * x_y / (n * m)
    rounding = 1e-12 * float(np.abs(similarity).max(initial=0.0))
    extreme = int(np.sum(statistics[1:] >= statistics[0] - rounding))
    return float(statistics[0]), (1 + extreme) / (1 + permutations)
