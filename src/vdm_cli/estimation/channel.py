r"""Gaussian noise added to rows of both sides: a channel, so that what separates P from Q is blurred.

    D_f(P * N || Q * N) <= D_f(P || Q)        (data processing: one channel N for both)

(Polyanskiy and Wu, Information Theory, 2025, thm. 7.4).  Between samples on thin or disjoint supports every
divergence sits at its supremum, and only the number of rows sets what is measured; those of the blurred laws
are finite and move with the distance between P and Q (Sonderby et al. 2017, arXiv 1610.04490), and what is
certified of them is certified of P and Q.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class NoiseChannel:
    """y = x + N(0, diag(deviation^2)), drawn row by row from a seed, whatever the number of threads.

    Attributes:
        deviation: Standard deviation of the noise in each column's units, shape (d,); 0 adds nothing.
    """

    deviation: npt.NDArray[np.float64]

    def __call__(
        self, rows: npt.NDArray[np.generic], seed: tuple[int, ...], *, block: int = 16_384
    ) -> npt.NDArray[np.floating]:
        """Rows (n, d) of any real dtype with noise of their own: float32, or float64 where they need it.

        Args:
            rows: In their own units.
            seed: The two sides need different ones: the noise of one row must not be another's.
            block: Rows at a time; the result is the same for every block.
        """
        rng = np.random.default_rng(seed)
        noisy = np.flatnonzero(self.deviation > 0.0)
        out = rows.astype(np.result_type(rows.dtype, np.float32))
        for start in range(0, len(rows), block):
            part = out[start : start + block]
            part[:, noisy] += rng.standard_normal((len(part), len(noisy))) * self.deviation[noisy]
        return out


def fit_noise(
    pooled: npt.NDArray[np.generic],
    size: float,
    *,
    common: bool = False,
    numbers: npt.NDArray[np.bool_] | None = None,
) -> NoiseChannel:
    """A channel whose noise is `size` times the standard deviation of each column.

    Args:
        pooled: Rows that are evaluated nowhere, shape (n, d), of both sides.
        size: In standard deviations, positive.
        common: One standard deviation for all columns: pixels share a unit, and those at the border of images
            hardly vary.
        numbers: Which columns take noise, shape (d,); the others, such as indicators of a category, stay as
            they are, which is a channel too.  None for all.
    """
    rows = pooled.astype(np.float64)
    deviation = np.full(rows.shape[1], np.std(rows)) if common else np.std(rows, axis=0)
    if numbers is not None:
        deviation = np.where(numbers, deviation, 0.0)
    return NoiseChannel(size * deviation)
