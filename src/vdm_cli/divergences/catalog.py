r"""The named f-divergences: one row each, with stable closed forms.

    D_f(P || Q) = E_Q[f(p/q)],   T(v) = f'(e^v),   f*(T(v)) = e^v f'(e^v) - f(e^v)

Conjugates f* follow Nowozin, Cseke and Tomioka 2016 (arXiv 1606.00709, Tables 1 and 6), except that
`jensen_shannon` is the usual divergence with supremum log 2 (theirs is twice it) and `alpha` is the
family of Cichocki and Amari 2010.  To add a divergence, add a row to `catalog` and its name to the schema.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.nn import softplus
from jax.scipy.special import xlogy

from vdm_cli.divergences.divergence import FDivergence

_LOG2 = math.log(2.0)


@jax.custom_jvp
def _expm1(x: jax.Array) -> jax.Array:
    """e^x - 1 with derivative e^x: JAX's own, expm1 + 1, loses every digit of a small one in float32."""
    return jnp.expm1(x)


@_expm1.defjvp
def _expm1_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (tangent,) = primals, tangents
    return jnp.expm1(x), jnp.exp(x) * tangent


def _jeffreys_conjugate(t: jax.Array) -> jax.Array:
    """f*(t) = W + 1/W + t - 2, W = W0(e^(1-t)): Newton's method for w + log w = 1 - t in log space."""
    target = 1.0 - t
    log_w = jnp.where(target > 1.0, jnp.log(jnp.maximum(target, 1.0)), jnp.minimum(target, 0.0))
    for _ in range(12):
        w = jnp.exp(log_w)
        log_w = log_w - (w + log_w - target) / (w + 1.0)
    w = jnp.exp(log_w)
    return w + jnp.exp(-log_w) + t - 2.0


KL = FDivergence(
    name="kl",
    title="KL(P‖Q), Kullback-Leibler",
    f=lambda u: xlogy(u, u),
    witness=lambda v: 1.0 + v,
    witness_conjugate=lambda v: jnp.exp(v),
    conjugate=lambda t: jnp.exp(t - 1.0),
    score_limit=60.0,
    curvature=1.0,
    supremum=math.inf,
)

REVERSE_KL = FDivergence(
    name="reverse_kl",
    title="KL(Q‖P)",
    f=lambda u: -jnp.log(u),
    witness=lambda v: -jnp.exp(-v),
    witness_conjugate=lambda v: v - 1.0,
    conjugate=lambda t: -1.0 - jnp.log(-t),
    score_limit=60.0,
    curvature=1.0,
    supremum=math.inf,
)

JENSEN_SHANNON = FDivergence(
    name="jensen_shannon",
    title="JS, the usual one (f-GAN prints 2·JS)",
    f=lambda u: 0.5 * (xlogy(u, u) - xlogy(u + 1.0, 0.5 * (u + 1.0))),
    witness=lambda v: 0.5 * (_LOG2 - softplus(-v)),
    witness_conjugate=lambda v: 0.5 * (softplus(v) - _LOG2),
    conjugate=lambda t: -0.5 * jnp.log(2.0 - jnp.exp(2.0 * t)),
    score_limit=60.0,
    curvature=0.25,
    supremum=_LOG2,
)

GAN = FDivergence(
    name="gan",
    title="2·JS − log 4, the GAN objective",
    f=lambda u: xlogy(u, u) - xlogy(u + 1.0, u + 1.0),
    witness=lambda v: -softplus(-v),
    witness_conjugate=lambda v: softplus(v),
    conjugate=lambda t: -jnp.log(-jnp.expm1(t)),
    score_limit=60.0,
    curvature=0.5,
    supremum=0.0,
    at_equality=-2.0 * _LOG2,
)

TOTAL_VARIATION = FDivergence(
    name="total_variation",
    title="TV = ½∫|p − q|",
    f=lambda u: 0.5 * jnp.abs(u - 1.0),
    witness=lambda v: 0.5 * jnp.sign(v),
    witness_conjugate=lambda v: 0.5 * jnp.sign(v),
    conjugate=lambda t: jnp.maximum(t, -0.5),
    score_limit=60.0,
    curvature=math.nan,
    supremum=1.0,
    # tanh(v/2) / 2 = sigmoid(v) - 1/2, with a gradient that does not cancel at large v
    training_link=(lambda v: jnp.exp(-softplus(-v)) - 0.5, lambda v: jnp.exp(-softplus(-v)) - 0.5),
)

SQUARED_HELLINGER = FDivergence(
    name="squared_hellinger",
    title="H² = ∫(√p − √q)², without a ½",
    f=lambda u: jnp.square(jnp.sqrt(u) - 1.0),
    witness=lambda v: -_expm1(-0.5 * v),
    witness_conjugate=lambda v: _expm1(0.5 * v),
    conjugate=lambda t: t / (1.0 - t),
    score_limit=60.0,
    curvature=0.5,
    supremum=2.0,
)

PEARSON_CHI2 = FDivergence(
    name="pearson_chi2",
    title="χ²(P‖Q) = ∫(p − q)²/q",
    f=lambda u: jnp.square(u - 1.0),
    witness=lambda v: 2.0 * _expm1(v),
    witness_conjugate=lambda v: _expm1(2.0 * v),
    conjugate=lambda t: jnp.where(t >= -2.0, 0.25 * jnp.square(t) + t, -1.0),
    score_limit=40.0,
    curvature=2.0,
    supremum=math.inf,
)

NEYMAN_CHI2 = FDivergence(
    name="neyman_chi2",
    title="χ²(Q‖P) = ∫(p − q)²/p",
    f=lambda u: jnp.square(1.0 - u) / u,
    witness=lambda v: -_expm1(-2.0 * v),
    witness_conjugate=lambda v: -2.0 * _expm1(-v),
    conjugate=lambda t: 2.0 - 2.0 * jnp.sqrt(1.0 - t),
    score_limit=40.0,
    curvature=2.0,
    supremum=math.inf,
)

JEFFREYS = FDivergence(
    name="jeffreys",
    title="KL(P‖Q) + KL(Q‖P)",
    f=lambda u: xlogy(u - 1.0, u),
    witness=lambda v: v - _expm1(-v),
    witness_conjugate=lambda v: _expm1(v) + v,
    conjugate=_jeffreys_conjugate,
    score_limit=60.0,
    curvature=2.0,
    supremum=math.inf,
)

LE_CAM = FDivergence(
    name="le_cam",
    title="∫(p − q)²/(p + q), triangular discrimination",
    f=lambda u: jnp.square(u - 1.0) / (u + 1.0),
    # 1 - 4 s(-v)^2 and 4 s(v)^2 - 1; the gradient of JAX's sigmoid, s (1 - s), cancels at large v
    witness=lambda v: 1.0 - 4.0 * jnp.exp(-2.0 * softplus(v)),
    witness_conjugate=lambda v: 4.0 * jnp.exp(-2.0 * softplus(-v)) - 1.0,
    conjugate=lambda t: jnp.where(t >= -3.0, 4.0 - t - 4.0 * jnp.sqrt(1.0 - t), -1.0),
    score_limit=60.0,
    curvature=1.0,
    supremum=2.0,
)


def skewed_jensen_shannon(pi: float = 0.3) -> FDivergence:
    """pi KL(P‖M) + (1-pi) KL(Q‖M), M = pi P + (1-pi) Q.

    Args:
        pi: Weight of P, in (0, 1).

    Raises:
        ValueError: If pi is outside (0, 1).
    """
    if not 0.0 < pi < 1.0:
        raise ValueError(f"pi must lie strictly between 0 and 1, got {pi}")
    log_pi, log_rest = math.log(pi), math.log1p(-pi)

    def log_mixture(v: jax.Array) -> jax.Array:
        return jnp.logaddexp(log_rest, v + log_pi)

    return FDivergence(
        name="skewed_jensen_shannon",
        title=f"π KL(P‖M) + (1−π) KL(Q‖M), M = πP + (1−π)Q, π = {pi:g}",
        f=lambda u: pi * xlogy(u, u) - xlogy(1.0 - pi + pi * u, 1.0 - pi + pi * u),
        witness=lambda v: -pi * jnp.logaddexp(log_pi, log_rest - v),
        witness_conjugate=lambda v: (1.0 - pi) * log_mixture(v),
        conjugate=lambda t: (1.0 - pi) * (log_rest - jnp.log1p(-pi * jnp.exp(t / pi))),
        score_limit=60.0,
        curvature=pi * (1.0 - pi),
        supremum=-pi * log_pi - (1.0 - pi) * log_rest,
        parameter=pi,
    )


def alpha_divergence(alpha: float = 0.5) -> FDivergence:
    """The alpha family f(u) = (u^a - 1 - a (u - 1)) / (a (a - 1)); kl at a -> 1, reverse_kl at a -> 0.

    Args:
        alpha: Any real but 0 and 1.

    Raises:
        ValueError: If alpha is 0 or 1 or not finite.
    """
    if alpha in (0.0, 1.0) or not math.isfinite(alpha):
        raise ValueError(f"alpha must be finite and neither 0 ('reverse_kl') nor 1 ('kl'), got {alpha}")
    a, b = alpha, alpha - 1.0
    edge = -1.0 / b if b != 0.0 else -math.inf

    def conjugate(t: jax.Array) -> jax.Array:
        base = b * t + 1.0
        inside = (jnp.maximum(base, 0.0) ** (a / b) - 1.0) / a
        return jnp.where(t < edge, -1.0 / a, inside) if a > 1.0 else inside

    return FDivergence(
        name="alpha",
        title=f"(E_Q[r^α] − 1)/(α(α−1)), α = {alpha:g}",
        f=lambda u: (u**a - 1.0 - a * (u - 1.0)) / (a * b),
        witness=lambda v: _expm1(b * v) / b,
        witness_conjugate=lambda v: _expm1(a * v) / a,
        conjugate=conjugate,
        score_limit=min(60.0, 80.0 / max(abs(a), abs(b))),
        curvature=1.0,
        supremum=1.0 / (a * (1.0 - a)) if 0.0 < a < 1.0 else math.inf,
        parameter=alpha,
    )


def catalog() -> dict[str, FDivergence]:
    """Every named divergence by its name, families at their default parameter (pi = 0.3, alpha = 0.5)."""
    rows = (
        KL,
        REVERSE_KL,
        JENSEN_SHANNON,
        GAN,
        TOTAL_VARIATION,
        SQUARED_HELLINGER,
        PEARSON_CHI2,
        NEYMAN_CHI2,
        JEFFREYS,
        LE_CAM,
        skewed_jensen_shannon(),
        alpha_divergence(),
    )
    return {row.name: row for row in rows}
