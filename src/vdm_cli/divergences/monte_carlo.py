r"""D_f(P || Q) of Gaussian mixtures in any dimension by Monte Carlo, with its standard error, in float64.

Half of the points come from P and half from Q, so that they are draws of M = (P + Q)/2, and

    D_f(P || Q) - f(1) = E_M[g],   g = (q/m) * (Bregman divergence of f between p/q and 1)

As p/m and q/m lie in [0, 2], g is bounded for a bounded divergence and grows as |log p/q| for the KLs: the
weights of plain sampling from one side, which have no finite variance, do not arise (balance heuristic of
Veach and Guibas 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.growth import growth
from vdm_cli.divergences.laws import Density
from vdm_cli.divergences.perspective import perspective
from vdm_cli.divergences.precision import Float64Array

DRAWS = 200_000  # on either side


class MonteCarlo(NamedTuple):
    """A mean over independent draws.

    Attributes:
        value: In nats.
        standard_error: Of `value`, by the central limit theorem.
    """

    value: float
    standard_error: float


def monte_carlo(
    divergences: Sequence[FDivergence], p: Density, q: Density, *, draws: int = DRAWS, seed: int = 0
) -> list[MonteCarlo | None]:
    """D_f(P || Q) of each divergence, from the same draws.

    Args:
        divergences: Which f.
        p: P.
        q: Q, in as many dimensions.
        draws: Points on either side.
        seed: The same numbers on every machine with the same numpy.

    Returns:
        In the order asked; None for an f that grows faster than linearly in p/q or q/p, whose D_f may be
        infinite and whose mean a sample does not tell.
    """
    rng = np.random.default_rng(seed)
    sides = []
    for law in (p, q):
        x = _sample(law, rng, draws)
        log_p, log_q = p.log_density(x), q.log_density(x)
        log_m = np.logaddexp(log_p, log_q) - math.log(2.0)
        sides.append((log_p - log_m, log_q - log_m))
    return [_mean(divergence, sides) for divergence in divergences]


def _mean(divergence: FDivergence, sides: list[tuple[Float64Array, Float64Array]]) -> MonteCarlo | None:
    if growth(divergence) != (0.0, 1.0):
        return None
    terms = [perspective(divergence, *logs) for logs in sides]
    value = divergence.at_equality + 0.5 * sum(float(np.mean(row)) for row in terms)
    error = 0.5 * math.sqrt(sum(float(np.var(row, ddof=1)) / len(row) for row in terms))
    return MonteCarlo(value, error) if math.isfinite(value) and math.isfinite(error) else None


def _sample(law: Density, rng: np.random.Generator, count: int) -> Float64Array:
    """Independent draws, shape (count, d)."""
    x = rng.standard_normal((count, law.means.shape[1]))
    component = rng.choice(len(law.weights), count, p=law.weights)
    for index in range(len(law.weights)):
        chosen = component == index
        x[chosen] = law.means[index] + x[chosen] @ law.scales[index].T
    return x
