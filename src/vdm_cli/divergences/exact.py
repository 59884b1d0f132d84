r"""The exact D_f(P || Q) of two known laws, in float64.

    D_f(P || Q) = f(1) + ∫ p (T(v) - T(0)) - q (f*(T(v)) - f*(T(0))),   v = log p - log q

Closed forms first; else adaptive quadrature, for any two laws in one dimension, Gaussian mixtures in two,
and Gaussians that differ in at most two directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vdm_cli.divergences.closed_forms import EQUAL, alpha_orders, closed_form, whitened
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.laws import Density, Law, LineLaw, dimension
from vdm_cli.divergences.precision import Float64Array
from vdm_cli.divergences.quadrature import quadrature


def exact_divergence(divergence: FDivergence, p: Law, q: Law) -> float | None:
    """D_f(P || Q) of two laws whose densities are known, in nats.

    Args:
        divergence: Any f-divergence whose T and f* after T are right wherever they are finite.
        p: P, the data: a Gaussian mixture, or a law of `vdm_cli.divergences.laws`.
        q: Q, the model.

    Returns:
        The value, relative error about 1e-9 in one dimension or closed form and 1e-6 in two; ``inf`` where
        the integral diverges or exceeds float64; None where it is not known: mixtures in three dimensions or
        more, Gaussians that differ in three directions or more (`monte_carlo` takes those), thousands of
        modes, and a user's f that hangs on p/q where its growth is not known.

    Raises:
        ValueError: If P and Q differ in dimension.
    """
    dim = dimension(p)
    if dimension(q) != dim:
        raise ValueError(f"P has {dim} dimensions and Q has {dimension(q)}")
    value = closed_form(divergence, p, q)
    if value is not None:
        return _within(divergence, value)
    p, q = reduced(p, q)
    dim = dimension(p)
    if dim > 2:
        return None
    orders = alpha_orders(divergence)
    exponents = None if orders is None else (min(0.0, *orders, 0.0), max(1.0, *orders, 1.0))
    excess = 0.0 if dim == 0 else quadrature(divergence, p, q, exponents)
    return None if excess is None else _within(divergence, divergence.at_equality + excess)


def _within(divergence: FDivergence, value: float) -> float:
    """Rounding does not leave the range of D_f."""
    return min(max(value, divergence.at_equality), divergence.supremum)


@dataclass(frozen=True)
class _Gaussian:
    """N(means[0], diag(deviations^2)), as a Density."""

    means: Float64Array
    deviations: Float64Array

    @property
    def weights(self) -> Float64Array:
        return np.ones(1)

    @property
    def scales(self) -> Float64Array:
        return np.diag(self.deviations)[None]

    def log_density(self, x: Float64Array, /) -> Float64Array:
        squares = np.square((x - self.means[0]) / self.deviations)
        return np.asarray(
            -0.5 * squares.sum(axis=1) - np.log(self.deviations * math.sqrt(2.0 * math.pi)).sum()
        )


def reduced(p: Law, q: Law) -> tuple[Law, Law]:
    """Two Gaussians in the directions where they differ; any other laws as they are.

    All directions of equal variance count as one, along the shift.
    """
    if isinstance(p, LineLaw) or isinstance(q, LineLaw) or max(len(p.weights), len(q.weights)) > 1:
        return p, q
    variances, shift = whitened(p, q)
    other = np.abs(variances - 1.0) > EQUAL
    rest = float(np.linalg.norm(shift[~other]))
    extra = [rest] if rest > 0.0 else []
    means = np.concatenate([shift[other], extra])
    deviations = np.sqrt(np.concatenate([variances[other], np.ones(len(extra))]))
    first: Density = _Gaussian(means[None], deviations)
    return first, _Gaussian(np.zeros_like(means)[None], np.ones_like(means))
