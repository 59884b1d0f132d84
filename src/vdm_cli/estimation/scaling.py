"""Robust scaling of raw columns for a critic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Quantiles need no more rows than this; rows beyond it cost sorting time and move nothing.
_QUANTILE_ROWS = 10_000
_LINEAR_RANGE = 3.0
_LARGEST = 1e300
_LEAST_PIXEL = 0.01


@dataclass(frozen=True)
class RobustScaling:
    """z = (x - median) / IQR a column, with a bijective log squash beyond |z| = 3.

    A divergence does not change under a bijection, so scaling costs no information.  The mean and
    standard deviation fail on Cauchy columns; where the IQR is 0 (a mostly constant column) the
    standard deviation stands in, and 1 where that is 0 too.

    Attributes:
        center: Medians in the data's units, shape (d,), float64.
        scale: Positive scales in the data's units, shape (d,), float64.
    """

    center: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def __call__(self, rows: npt.NDArray[np.generic], *, block: int = 16_384) -> npt.NDArray[np.float32]:
        """Scale rows of any real dtype, shape (n, d), to float32 of the same shape.

        The center is subtracted in float64, so that 1e9 +- 1 keeps its digits.
        """
        out = np.empty(rows.shape, np.float32)
        for start in range(0, len(rows), block):
            with np.errstate(over="ignore"):
                z = (rows[start : start + block].astype(np.float64) - self.center) / self.scale
            size = np.clip(np.abs(z), 0.0, _LARGEST)
            beyond = np.maximum(size - _LINEAR_RANGE, 0.0)
            out[start : start + block] = np.sign(z) * (np.minimum(size, _LINEAR_RANGE) + np.log1p(beyond))
        return out


def fit_scaling(p: npt.NDArray[np.generic], q: npt.NDArray[np.generic], *, pixels: int = 0) -> RobustScaling:
    """Fit the scaling on the pooled fit rows, both sides with equal weight.

    Args:
        p: Rows of P, shape (n, d), in random order: the quantiles use the first rows only.
        q: Rows of Q, shape (m, d), likewise.
        pixels: How many columns, from the first, are pixels: of 784 of MNIST 438 have an IQR of 0, so that
            deviations are taken, none below a hundredth of that of all pixels.
    """
    rows = min(len(p), len(q), _QUANTILE_ROWS)
    pooled = np.concatenate([p[:rows], q[:rows]]).astype(np.float64)
    pooled = np.clip(pooled, -_LARGEST, _LARGEST)  # the distance of two quantiles is a number too
    low, center, high = np.percentile(pooled, [25.0, 50.0, 75.0], axis=0)
    spread = np.asarray(high - low, np.float64)
    with np.errstate(over="ignore"):
        deviation = np.minimum(np.std(pooled, axis=0), _LARGEST)
    scale = np.where(spread > 0.0, spread, np.where(deviation > 0.0, deviation, 1.0))
    center = np.asarray(center, np.float64)
    if pixels:
        # A pixel that hardly varies must not outshout the others when it does.
        least = _LEAST_PIXEL * float(np.std(pooled[:, :pixels]))
        scale[:pixels] = np.maximum(deviation[:pixels], least) if least > 0.0 else 1.0
    return RobustScaling(center, scale)
