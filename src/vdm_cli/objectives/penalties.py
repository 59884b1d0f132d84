"""Gradient penalties that keep the critic smooth."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp


def squared_gradient_norms(score: Callable[[jax.Array], jax.Array], x: jax.Array) -> jax.Array:
    """||grad_x v(x_i)||^2 for each row: (n, ...) -> (n,).

    Args:
        score: A function of a batch of rows (n, ...) to scores (n,), each row's score from that row alone.
        x: The rows, in network units.
    """
    gradients = jax.grad(lambda rows: jnp.sum(score(rows)))(x)
    return jnp.sum(jnp.square(gradients), axis=tuple(range(1, x.ndim)))


def gradient_penalty(squared_norms: jax.Array, weight: jax.Array | float) -> jax.Array:
    """weight / 2 * E ||grad_x v||^2: R1 on data rows, R2 on generated ones (Mescheder et al. 2018, eq. 9).

    Args:
        squared_norms: From `squared_gradient_norms`, shape (n,).
        weight: gamma; some codes drop the one half.
    """
    return 0.5 * weight * jnp.mean(squared_norms)
