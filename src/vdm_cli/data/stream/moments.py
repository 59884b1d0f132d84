"""Range, mean and standard deviation of features, gathered piece by piece."""

from __future__ import annotations

import numpy as np


class Moments:
    """Of the values that are not NaN, feature by feature, in float64.

    Each piece is centered at the mean so far before it is squared, and the pieces are merged as Chan, Golub
    and LeVeque (1983, eq. 2.1) do: a mean of 1e9 does not cost a deviation of 1 its digits.

    Args:
        features: How many.

    Attributes:
        count: Values so far, (features,).
        mean: Their means; zero where there are none.
        minimum: The smallest; infinite where there are none.
        maximum: The largest; minus infinity where there are none.
    """

    def __init__(self, features: int):
        self.count = np.zeros(features, np.int64)
        self.mean = np.zeros(features)
        self.minimum = np.full(features, np.inf)
        self.maximum = np.full(features, -np.inf)
        self._squares = np.zeros(features)  # sum of squared deviations from the mean

    def add(self, rows: np.ndarray) -> None:
        """Take in rows (n, features), n >= 1."""
        low, high = rows.min(axis=0), rows.max(axis=0)  # NaN where there is one
        if np.isnan(low).any():
            self._add_with_blanks(rows)
            return
        self.minimum = np.minimum(self.minimum, low)
        self.maximum = np.maximum(self.maximum, high)
        count = np.full(len(self.count), len(rows))
        shift = np.where(self.count > 0, self.mean, rows[0])
        deviations = np.subtract(rows, shift, dtype=np.float64)
        self._merge(count, shift, deviations)

    def _add_with_blanks(self, rows: np.ndarray) -> None:
        present = ~np.isnan(rows)
        self.minimum = np.fmin(self.minimum, np.fmin.reduce(rows, axis=0))
        self.maximum = np.fmax(self.maximum, np.fmax.reduce(rows, axis=0))
        first = rows[np.argmax(present, axis=0), np.arange(rows.shape[1])]
        shift = np.nan_to_num(np.where(self.count > 0, self.mean, first))  # NaN where all are blank
        deviations = np.where(present, np.subtract(rows, shift, dtype=np.float64), 0.0)
        self._merge(np.count_nonzero(present, axis=0), shift, deviations)

    def _merge(self, count: np.ndarray, shift: np.ndarray, deviations: np.ndarray) -> None:
        """Add values, `count` a feature, by their deviations (n, features) from `shift`, zero where blank."""
        mean = deviations.sum(axis=0) / np.maximum(count, 1)
        squares = np.einsum("ij,ij->j", deviations, deviations) - count * mean**2
        total = self.count + count
        share = count / np.maximum(total, 1)
        delta = mean + shift - self.mean
        self._squares += np.maximum(squares, 0.0) + delta**2 * self.count * share
        self.mean = self.mean + delta * share
        self.count = total

    @property
    def std(self) -> np.ndarray:
        """Standard deviations of the values themselves, not an estimate of a law's: (features,)."""
        return np.sqrt(self._squares / np.maximum(self.count, 1))
