"""The named f-divergences with a parameter: a row for each value of it."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.formulas import Formulas
from vdm_cli.divergences.stable import expm1


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
        formulas=Formulas(
            f="pi*u*log(u) - (1 - pi + pi*u)*log(1 - pi + pi*u)",
            witness="-pi*log(pi + (1 - pi)*exp(-v))",
            witness_conjugate="(1 - pi)*log(1 - pi + pi*exp(v))",
            conjugate="(1 - pi)*log((1 - pi)/(1 - pi*exp(t/pi)))",
            domain="t < -pi*log(pi)",
            slope="pi*log(r/(1 - pi + pi*r))",
            convention="pi is the weight of P, the data; pi = 1/2 is jensen_shannon.",
            paper_name="Jensen-Shannon-weighted",
            paper_link="-pi*log(pi) - softplus(-v)",
            parameter="pi",
        ),
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
        witness=lambda v: expm1(b * v) / b,
        witness_conjugate=lambda v: expm1(a * v) / a,
        conjugate=conjugate,
        score_limit=min(60.0, 80.0 / max(abs(a), abs(b))),
        curvature=1.0,
        supremum=1.0 / (a * (1.0 - a)) if 0.0 < a < 1.0 else math.inf,
        parameter=alpha,
        formulas=Formulas(
            f="(u**alpha - 1 - alpha*(u - 1))/(alpha*(alpha - 1))",
            witness="(exp((alpha - 1)*v) - 1)/(alpha - 1)",
            witness_conjugate="(exp(alpha*v) - 1)/alpha",
            conjugate="(((alpha - 1)*t + 1)**(alpha/(alpha - 1)) - 1)/alpha",
            domain="t >= -1/(alpha - 1)" if a > 1.0 else "t < 1/(1 - alpha)",
            slope="(r**(alpha - 1) - 1)/(alpha - 1)",
            convention=(
                "One of four parametrizations in use, that of Cichocki and Amari 2010: alpha = 1/2 is twice "
                "squared_hellinger, 2 is half of pearson_chi2, -1 half of neyman_chi2, and the limits at 1 "
                "and 0 are kl and reverse_kl."
            ),
            below="-1/alpha" if a > 1.0 else "",
            paper_name="alpha-divergence",
            paper_link="v" if a > 1.0 else "1/(1 - alpha) - softplus(-v)",
            parameter="alpha",
        ),
    )
