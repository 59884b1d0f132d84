"""Gradient penalties that keep the critic smooth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


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
