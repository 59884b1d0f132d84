r"""f-GAN's own output activations: T = g_f(v) with a score v that is no log-ratio.

Nowozin, Cseke and Tomioka 2016 (arXiv 1606.00709), Table 2, in the increasing form, for which a larger score
means more like data; some printings have the opposite sign in three rows.  g_f maps every score into the
domain of f*, so E_P[g_f(v)] - E_Q[f*(g_f(v))] is a lower bound on the same D_f as with the log-ratio link.
Each f* after g_f below is composed on paper, to keep the digits that f* of a computed T would lose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import softplus

from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.stable import expm1, log1mexp, log_softplus
from vdm_cli.errors import UsageError

_POLYNOMIAL_LIMIT = 1e4  # of rows whose f* grows as a power of t
_LARGEST_ALPHA_BELOW_1 = 0.85  # above, f*(T(v)) overflows at scores not far from those of P = Q


class PaperLink(NamedTuple):
    """One row of the paper's table.

    Attributes:
        witness: v -> T = g_f(v), increasing.
        witness_conjugate: v -> f*(g_f(v)).
        score_limit: Both are finite, with finite gradients, for |v| up to it in float32 and bfloat16.
    """

    witness: Elementwise
    witness_conjugate: Elementwise
    score_limit: float


def paper_link(divergence: FDivergence) -> PaperLink:
    """The paper's activation of a named divergence, with f* after it.

    For `jensen_shannon` it is half the paper's log 2 - softplus(-v), whose JS is twice the usual one.

    Raises:
        UsageError: If the paper has no activation for it, or it is `alpha` just below 1.
    """
    if divergence.name not in _LINKS:
        raise UsageError(
            f"objective.link: paper: f-GAN's Table 2 has no activation for {divergence.label}; it has one "
            f"for {', '.join(_LINKS)}. Leave objective.link at log_ratio, which every divergence has"
        )
    return _LINKS[divergence.name](divergence)


def _identity(v: jax.Array) -> jax.Array:
    return v


def _linear(divergence: FDivergence) -> PaperLink:
    """T = v, for f* that grows as e^t."""
    return PaperLink(_identity, divergence.conjugate, 60.0)


def _same(divergence: FDivergence) -> PaperLink:
    """The log-ratio link itself."""
    return PaperLink(divergence.witness, divergence.witness_conjugate, divergence.score_limit)


def _pearson_chi2(divergence: FDivergence) -> PaperLink:
    return PaperLink(_identity, divergence.conjugate, _POLYNOMIAL_LIMIT)


def _neyman_chi2(_: FDivergence) -> PaperLink:
    """2 - 2 sqrt(1 - t) = 2 - 2 e^(-v/2)."""
    return PaperLink(lambda v: -expm1(-v), lambda v: -2.0 * expm1(-0.5 * v), 60.0)


def _squared_hellinger(_: FDivergence) -> PaperLink:
    """t / (1 - t) = (1 - e^-v) / e^-v."""
    return PaperLink(lambda v: -expm1(-v), lambda v: expm1(v), 60.0)


def _total_variation(_: FDivergence) -> PaperLink:
    """tanh(v) / 2 = sigmoid(2v) - 1/2, with a gradient that does not cancel at large v."""

    def both(v: jax.Array) -> jax.Array:
        return jnp.exp(-softplus(-2.0 * v)) - 0.5

    return PaperLink(both, both, 40.0)


def _skewed_jensen_shannon(divergence: FDivergence) -> PaperLink:
    """1 - pi e^(t/pi) = 1 - sigmoid(v)^(1/pi), with sigmoid(v) = e^-softplus(-v)."""
    assert divergence.parameter is not None
    pi = divergence.parameter
    log_pi, log_rest = math.log(pi), math.log1p(-pi)

    @jax.custom_jvp
    def log_left(v: jax.Array) -> jax.Array:
        """log(1 - sigmoid(v)^(1/pi)); its derivatives by way of itself, as none of them is small or large."""
        return log1mexp(softplus(-v) / pi)

    @log_left.defjvp
    def log_left_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        (v,), (tangent,) = primals, tangents
        value = log_left(v)
        return value, -jnp.exp(-softplus(v) - log_pi - softplus(-v) / pi - value) * tangent

    return PaperLink(
        lambda v: -pi * log_pi - softplus(-v), lambda v: (1.0 - pi) * (log_rest - log_left(v)), 60.0
    )


def _alpha(divergence: FDivergence) -> PaperLink:
    assert divergence.parameter is not None
    return _alpha_above_1(divergence.parameter) if divergence.parameter > 1.0 else _alpha_below_1(divergence)


def _alpha_above_1(a: float) -> PaperLink:
    """T = v, f* = (((a-1) v + 1)^(a/(a-1)) - 1) / a, and -1/a where the base is negative."""
    b = a - 1.0

    def conjugate(v: jax.Array) -> jax.Array:
        positive = b * v > -1.0
        log_base = jnp.log1p(b * jnp.where(positive, v, 0.0))
        return jnp.where(positive, expm1(a / b * log_base) / a, -1.0 / a)

    limit = math.expm1(min(80.0 * b / a, math.log1p(b * _POLYNOMIAL_LIMIT))) / b
    return PaperLink(_identity, conjugate, limit)


def _alpha_below_1(divergence: FDivergence) -> PaperLink:
    """(a-1) t + 1 = (1-a) softplus(-v), whose power a/(a-1) is taken by its logarithm."""
    assert divergence.parameter is not None
    a = divergence.parameter
    if a > _LARGEST_ALPHA_BELOW_1:
        raise UsageError(
            f"objective.link: paper: with {divergence.label} f*(T(v)) overflows at scores not far from those "
            f"of P = Q; it takes alpha <= {_LARGEST_ALPHA_BELOW_1} or > 1. Leave objective.link at log_ratio"
        )
    power, log_rest = a / (a - 1.0), math.log1p(-a)
    steep = -power  # f* grows as e^(steep v)
    limit = 60.0 if steep <= 0.0 else min(60.0, 80.0 / steep + log_rest)
    return PaperLink(
        lambda v: 1.0 / (1.0 - a) - softplus(-v),
        lambda v: expm1(power * (log_rest + log_softplus(-v))) / a,
        limit,
    )


_LINKS: dict[str, Callable[[FDivergence], PaperLink]] = {
    "kl": _linear,
    "reverse_kl": _same,
    "jensen_shannon": _same,
    "gan": _same,
    "total_variation": _total_variation,
    "squared_hellinger": _squared_hellinger,
    "pearson_chi2": _pearson_chi2,
    "neyman_chi2": _neyman_chi2,
    "jeffreys": _linear,
    "skewed_jensen_shannon": _skewed_jensen_shannon,
    "alpha": _alpha,
}
