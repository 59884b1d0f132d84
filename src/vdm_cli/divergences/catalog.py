r"""The named f-divergences: one row each, with stable closed forms.

    D_f(P || Q) = E_Q[f(p/q)],   T(v) = f'(e^v),   f*(T(v)) = e^v f'(e^v) - f(e^v)

Conjugates f* follow Nowozin, Cseke and Tomioka 2016 (arXiv 1606.00709, Tables 1 and 6), except that
`jensen_shannon` is the usual divergence with supremum log 2 (theirs is twice it) and `alpha` is the
family of Cichocki and Amari 2010.  To add a divergence, add a row to `catalog` and its name to the schema;
rows with a parameter are in `families`.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax.nn import softplus
from jax.scipy.special import xlogy

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.families import alpha_divergence, skewed_jensen_shannon
from vdm_cli.divergences.formulas import Formulas
from vdm_cli.divergences.stable import expm1, jeffreys_conjugate

__all__ = [
    "GAN",
    "JEFFREYS",
    "JENSEN_SHANNON",
    "KL",
    "LE_CAM",
    "NEYMAN_CHI2",
    "PEARSON_CHI2",
    "REVERSE_KL",
    "SQUARED_HELLINGER",
    "TOTAL_VARIATION",
    "alpha_divergence",
    "catalog",
    "skewed_jensen_shannon",
]

_LOG2 = math.log(2.0)

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
    formulas=Formulas(
        f="u*log(u)",
        witness="1 + v",
        witness_conjugate="exp(v)",
        conjugate="exp(t - 1)",
        domain="every t",
        slope="1 + log(r)",
        convention=(
            "The mean of log(p/q) over the data P: large where Q misses P, so that minimizing it covers P."
        ),
        paper_name="Kullback-Leibler",
        paper_link="v",
    ),
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
    formulas=Formulas(
        f="-log(u)",
        witness="-exp(-v)",
        witness_conjugate="v - 1",
        conjugate="-1 - log(-t)",
        domain="t < 0",
        slope="-1/r",
        convention=(
            "The mean of log(q/p) over the model Q: large where Q leaves P, so that minimizing it may drop "
            "modes."
        ),
        paper_name="Reverse KL",
        paper_link="-exp(-v)",
    ),
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
    formulas=Formulas(
        f="(u*log(u) - (u + 1)*log((u + 1)/2))/2",
        witness="(log(2) - softplus(-v))/2",
        witness_conjugate="(softplus(v) - log(2))/2",
        conjugate="-log(2 - exp(2*t))/2",
        domain="t < log(2)/2",
        slope="log(2*r/(r + 1))/2",
        convention=(
            "The usual one, at most log 2: f-GAN's tables print twice it, and scipy's jensenshannon is its "
            "square root."
        ),
        paper_name="Jensen-Shannon (twice this one, halved here)",
        paper_link="(log(2) - softplus(-v))/2",
    ),
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
    formulas=Formulas(
        f="u*log(u) - (u + 1)*log(u + 1)",
        witness="-softplus(-v)",
        witness_conjugate="softplus(v)",
        conjugate="-log(1 - exp(t))",
        domain="t < 0",
        slope="log(r/(r + 1))",
        convention=(
            "An objective and no divergence: f(1) = -log 4, so that it is -log 4 at P = Q and 2 JS - log 4 "
            "elsewhere."
        ),
        paper_name="GAN",
        paper_link="-softplus(-v)",
    ),
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
    breakpoints=(1.0,),
    # tanh(v/2) / 2 = sigmoid(v) - 1/2, with a gradient that does not cancel at large v
    training_link=(lambda v: jnp.exp(-softplus(-v)) - 0.5, lambda v: jnp.exp(-softplus(-v)) - 0.5),
    formulas=Formulas(
        f="abs(u - 1)/2",
        witness="sign(v)/2",
        witness_conjugate="sign(v)/2",
        conjugate="t",
        domain="-1/2 <= t <= 1/2",
        slope="sign(r - 1)/2",
        convention=(
            "With the 1/2, so that it is at most 1; f has a kink at 1, where T jumps and has no gradient: "
            "training differentiates a smooth surrogate, which gives a lower bound too."
        ),
        below="-1/2",
        surrogate="tanh(v/2)/2",
        paper_name="Total variation",
        paper_link="tanh(v)/2",
    ),
)

SQUARED_HELLINGER = FDivergence(
    name="squared_hellinger",
    title="H² = ∫(√p − √q)², without a ½",
    f=lambda u: jnp.square(jnp.sqrt(u) - 1.0),
    witness=lambda v: -expm1(-0.5 * v),
    witness_conjugate=lambda v: expm1(0.5 * v),
    conjugate=lambda t: t / (1.0 - t),
    score_limit=60.0,
    curvature=0.5,
    supremum=2.0,
    formulas=Formulas(
        f="(sqrt(u) - 1)**2",
        witness="1 - exp(-v/2)",
        witness_conjugate="exp(v/2) - 1",
        conjugate="t/(1 - t)",
        domain="t < 1",
        slope="1 - 1/sqrt(r)",
        convention=(
            "Without a 1/2, so that it is at most 2: many books put one before it. It is the square of a "
            "distance."
        ),
        paper_name="Squared Hellinger",
        paper_link="1 - exp(-v)",
    ),
)

PEARSON_CHI2 = FDivergence(
    name="pearson_chi2",
    title="χ²(P‖Q) = ∫(p − q)²/q",
    f=lambda u: jnp.square(u - 1.0),
    witness=lambda v: 2.0 * expm1(v),
    witness_conjugate=lambda v: expm1(2.0 * v),
    conjugate=lambda t: jnp.where(t >= -2.0, 0.25 * jnp.square(t) + t, -1.0),
    score_limit=40.0,
    curvature=2.0,
    supremum=math.inf,
    formulas=Formulas(
        f="(u - 1)**2",
        witness="2*(exp(v) - 1)",
        witness_conjugate="exp(2*v) - 1",
        conjugate="t**2/4 + t",
        domain="t >= -2",
        slope="2*(r - 1)",
        convention=(
            "The direction with Q, the model, in the denominator; neyman_chi2 is the other, and some books "
            "halve both."
        ),
        below="-1",
        paper_name="Pearson chi^2",
        paper_link="v",
    ),
)

NEYMAN_CHI2 = FDivergence(
    name="neyman_chi2",
    title="χ²(Q‖P) = ∫(p − q)²/p",
    f=lambda u: jnp.square(1.0 - u) / u,
    witness=lambda v: -expm1(-2.0 * v),
    witness_conjugate=lambda v: -2.0 * expm1(-v),
    conjugate=lambda t: 2.0 - 2.0 * jnp.sqrt(1.0 - t),
    score_limit=40.0,
    curvature=2.0,
    supremum=math.inf,
    formulas=Formulas(
        f="(1 - u)**2/u",
        witness="1 - exp(-2*v)",
        witness_conjugate="2 - 2*exp(-v)",
        conjugate="2 - 2*sqrt(1 - t)",
        domain="t <= 1",
        slope="1 - 1/r**2",
        convention="The direction with P, the data, in the denominator: Pearson's with P and Q exchanged.",
        paper_name="Neyman chi^2",
        paper_link="1 - exp(-v)",
    ),
)

JEFFREYS = FDivergence(
    name="jeffreys",
    title="KL(P‖Q) + KL(Q‖P)",
    f=lambda u: xlogy(u - 1.0, u),
    witness=lambda v: v - expm1(-v),
    witness_conjugate=lambda v: expm1(v) + v,
    conjugate=jeffreys_conjugate,
    score_limit=60.0,
    curvature=2.0,
    supremum=math.inf,
    formulas=Formulas(
        f="(u - 1)*log(u)",
        witness="1 + v - exp(-v)",
        witness_conjugate="exp(v) - 1 + v",
        conjugate="W(exp(1 - t)) + 1/W(exp(1 - t)) + t - 2",
        domain="every t",
        slope="1 + log(r) - 1/r",
        convention="The sum of both KL divergences; some books take half of it.",
        paper_name="Jeffrey",
        paper_link="v",
    ),
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
    formulas=Formulas(
        f="(u - 1)**2/(u + 1)",
        witness="1 - 4*sigmoid(-v)**2",
        witness_conjugate="4*sigmoid(v)**2 - 1",
        conjugate="4 - t - 4*sqrt(1 - t)",
        domain="-3 <= t <= 1",
        slope="1 - 4/(r + 1)**2",
        convention="The triangular discrimination, at most 2; some books put a 1/2 before it.",
        below="-1",
    ),
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
