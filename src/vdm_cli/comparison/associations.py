"""How strongly the columns of a mixed table go together, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import Form


def association_matrix(rows: np.ndarray, forms: tuple[Form, ...]) -> np.ndarray:
    """Pairwise associations: 0 where a column says nothing of the other.

    Two columns of numbers have Spearman's rank correlation, a number and a category the correlation ratio of
    ranks, two categories Cramér's V, the last two corrected for the bias that many categories on few rows
    give them.  Dates are numbers.  All are functions of ranks and counts, so that no outlier decides one.

    A blank is a category's level of its own; a row where a number is blank is left out of its pairs.

    Args:
        rows: (n, d) float64 in memory's coding: NaN where blank.
        forms: How the columns are written, d of them.

    Returns:
        Symmetric, (d, d): in [-1, 1] between numbers, in [0, 1] elsewhere, 0 for constant columns, and 1 on
        the diagonal.
    """
    columns = [_Column.of(values, form) for values, form in zip(rows.T, forms, strict=True)]
    matrix = np.eye(len(columns))
    for i, first in enumerate(columns):
        for j, second in enumerate(columns[:i]):
            matrix[i, j] = matrix[j, i] = _association(first, second)
    return matrix


@dataclass(frozen=True)
class _Column:
    """A column's levels, in order.

    Attributes:
        levels: Place of each value among the distinct ones, (n,) integers; blanks come last.
        present: Whether each value takes part, (n,).
        ranks: Centered ranks of the values, (n,), as they are where all take part.
        is_category: Whether the order of levels means nothing.
    """

    levels: np.ndarray
    present: np.ndarray
    ranks: np.ndarray
    is_category: bool

    @classmethod
    def of(cls, values: np.ndarray, form: Form) -> _Column:
        _, levels = np.unique(values, return_inverse=True)
        is_category = form.kind == "category"
        present = np.ones(len(values), bool) if is_category else ~np.isnan(values)
        return cls(levels, present, _centered_ranks(levels), is_category)

    def ranks_among(self, rows: np.ndarray) -> np.ndarray:
        """Centered ranks among the rows (n,) that are True."""
        return self.ranks if rows.all() else _centered_ranks(self.levels[rows])


def _association(first: _Column, second: _Column) -> float:
    both = first.present & second.present
    if np.count_nonzero(both) < 2:
        return 0.0
    if first.is_category and second.is_category:
        return _cramers_v(first.levels, second.levels)
    if first.is_category:
        return _correlation_ratio(second.ranks_among(both), first.levels[both])
    if second.is_category:
        return _correlation_ratio(first.ranks_among(both), second.levels[both])
    return _spearman(first.ranks_among(both), second.ranks_among(both))


def _centered_ranks(levels: np.ndarray) -> np.ndarray:
    """Ranks (n,), ties sharing their mean, less the mean of all."""
    counts = np.bincount(levels)
    middles = np.cumsum(counts) - (counts - 1) / 2
    return middles[levels] - (len(levels) + 1) / 2


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's correlation of centered ranks; 0 where one side is constant."""
    scale = np.sqrt((x @ x) * (y @ y))
    return float(np.clip((x @ y) / scale, -1.0, 1.0)) if scale > 0 else 0.0


def _correlation_ratio(ranks: np.ndarray, levels: np.ndarray) -> float:
    r"""The share of the ranks' variance between k levels, corrected for its mean under independence.

        eta = sqrt(max(0, (H - k + 1) / (n - k))),   H / (n - 1) = the uncorrected share

    with the H of Kruskal and Wallis (Tomczak and Tomczak 2014; Kelley 1935 for values instead of ranks).
    """
    counts = np.bincount(levels)
    present = counts > 0
    n, k = len(ranks), np.count_nonzero(present)
    total = ranks @ ranks
    if total == 0 or n == k:
        return 0.0
    sums = np.bincount(levels, weights=ranks)
    h = (n - 1) * float(np.sum(sums[present] ** 2 / counts[present])) / total
    return float(np.sqrt(np.clip((h - k + 1) / (n - k), 0.0, 1.0)))


def _cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    r"""Cramér's V of an r x c table with the bias correction of Bergsma (2013).

        V = sqrt(max(0, phi^2 - (r - 1) (c - 1) / (n - 1)) / (min(r', c') - 1))

    where phi^2 = chi^2 / n, r' = r - (r - 1)^2 / (n - 1), and c' is to c what r' is to r.
    """
    n, r, c = len(a), int(a.max()) + 1, int(b.max()) + 1
    joint = np.bincount(a * c + b, minlength=r * c).reshape(r, c).astype(np.float64)
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    phi_squared = float(np.sum(joint**2 / expected)) - 1.0
    corrected = max(0.0, phi_squared - (r - 1) * (c - 1) / (n - 1))
    fewest = min(side - (side - 1) ** 2 / (n - 1) for side in (r, c)) - 1.0
    return float(np.sqrt(min(1.0, corrected / fewest))) if fewest > 1e-9 else 0.0
