"""Gradient penalties that keep the critic smooth, on gradients of the score v that the objective sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

from vdm_cli.divergences.divergence import Elementwise


def squared_gradient_norms(
    score: Callable[[jax.Array], tuple[jax.Array, Any]], x: jax.Array
) -> tuple[jax.Array, jax.Array, Any]:
    """||grad_x v(x_i)||^2 for each row, from the same forward pass as the scores.

    Args:
        score: A function of rows (n, ...) to scores (n,) and anything else; each row's score comes from that
            row alone (with batch normalization, from the others' statistics too).
        x: The rows, in network units.

    Returns:
        The squared norms (n,), the scores (n,), and the anything else.
    """

    def total(rows: jax.Array) -> tuple[jax.Array, tuple[jax.Array, Any]]:
        scores, extra = score(rows)
        return jnp.sum(scores), (scores, extra)

    gradients, (scores, extra) = jax.grad(total, has_aux=True)(x)
    return jnp.sum(jnp.square(gradients), axis=tuple(range(1, x.ndim))), scores, extra


def gradient_penalty(squared_norms: jax.Array, weight: jax.Array | float) -> jax.Array:
    """weight / 2 * E ||grad_x v||^2: R1 on data rows, R2 on generated ones (Mescheder et al. 2018, eq. 9).

    Args:
        squared_norms: From `squared_gradient_norms`, shape (n,).
        weight: gamma; some codes drop the one half.
    """
    return 0.5 * weight * jnp.mean(squared_norms)


def roth_penalty(
    squared_norms: jax.Array,
    scores: jax.Array,
    conjugate: Elementwise,
    weight: jax.Array | float,
    witness: Elementwise | None = None,
) -> jax.Array:
    r"""weight / 2 * E_Q[f*''(T) ||grad_x T||^2] on generated rows (Roth et al. 2017, section 3).

    To first order in gamma this is the bound between P and Q blurred by noise of variance gamma.  With v the
    log-ratio, f*'(T(v)) = e^v, hence the fused form that is computed here:

        f*''(T) ||grad T||^2 = e^v T'(v) ||grad v||^2 = (f* o T)'(v) ||grad v||^2

    For total variation, whose f* is piecewise linear, the last form is taken of its smooth surrogate.  For
    any other link T the same is, with S = f* o T and f*'(T) = S' / T',

        f*''(T) ||grad T||^2 = T' (S' / T')' ||grad v||^2 = (S'' - S' T'' / T') ||grad v||^2

    Args:
        squared_norms: ||grad_x v||^2 of generated rows, shape (n,).
        scores: Their scores v, shape (n,).
        conjugate: v -> f*(T(v)), the one that training differentiates.
        weight: gamma.
        witness: v -> T(v) where v is no log-ratio; None where it is one.
    """
    slope = jax.grad(conjugate) if witness is None else _linked_slope(witness, conjugate)
    slopes = jax.vmap(slope)(scores)
    return 0.5 * weight * jnp.mean(slopes * squared_norms)


def _linked_slope(witness: Elementwise, conjugate: Elementwise) -> Elementwise:
    """v -> S'' - S' T'' / T', and S'' where T' is 0 in the dtype."""
    rise = jax.grad(witness)
    bend = jax.grad(rise)

    def relative(v: jax.Array, numerator: jax.Array) -> jax.Array:
        slope = rise(v)
        return jnp.where(slope > 0.0, numerator / jnp.where(slope > 0.0, slope, 1.0), 0.0)

    @jax.custom_jvp
    def bending(v: jax.Array) -> jax.Array:
        """T'' / T', without the square of T' in its derivative, which underflows long before T' does."""
        return relative(v, bend(v))

    @bending.defjvp
    def bending_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        (v,), (tangent,) = primals, tangents
        value = bending(v)
        return value, (relative(v, jax.grad(bend)(v)) - jnp.square(value)) * tangent

    def slope(v: jax.Array) -> jax.Array:
        first, second = jax.value_and_grad(jax.grad(conjugate))(v)
        return second - first * bending(v)

    return slope


def interpolates(key: jax.Array, data: jax.Array, model: jax.Array) -> jax.Array:
    """Rows e x_i + (1 - e) y_i (n, ...), one e ~ U(0, 1) for each (Gulrajani et al. 2017, Algorithm 1)."""
    share = jax.random.uniform(key, (data.shape[0],) + (1,) * (data.ndim - 1), data.dtype)
    return share * data + (1.0 - share) * model


def lipschitz_penalty(
    squared_norms: jax.Array,
    weight: jax.Array | float,
    target: float = 1.0,
    sided: Literal["two", "one"] = "two",
) -> jax.Array:
    """weight * E (||grad_x v|| - target)^2, WGAN-GP's (Gulrajani et al. 2017, eq. 3), which has no one half.

    Args:
        squared_norms: Of `interpolates`, shape (n,).
        weight: lambda, 10 in the paper.
        target: The Lipschitz constant aimed at.
        sided: ``one`` leaves smaller gradients alone: E max(0, ||grad_x v|| - target)^2 (section 4, there).
    """
    positive = (
        squared_norms > 0.0
    )  # the root has no derivative at zero: a flat critic gets no gradient, not nan
    norms = jnp.where(positive, jnp.sqrt(jnp.where(positive, squared_norms, 1.0)), 0.0)
    excess = norms - target
    if sided == "one":
        excess = jnp.maximum(excess, 0.0)
    return weight * jnp.mean(jnp.square(excess))
