"""What the generator descends."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from vdm_cli.objectives.wasserstein import Trained

GeneratorLoss = Callable[[Trained, jax.Array], jax.Array]


def minimax_loss(divergence: Trained, model_scores: jax.Array) -> jax.Array:
    """-E_Q[f*(T(v))], the part of the bound that depends on the generator.

    Args:
        divergence: What is minimized.
        model_scores: Critic scores on generated rows, shape (m,).

    Returns:
        A scalar in nats; its gradient is that of the bound (Nowozin et al. 2016, eq. 6).
    """
    _, conjugate = divergence.training_pair
    return -jnp.mean(conjugate(model_scores))


def non_saturating_loss(divergence: Trained, model_scores: jax.Array) -> jax.Array:
    """-E_Q[T(v)], which pushes hard where the critic is sure (Nowozin et al. 2016, section 3.2).

    It is no bound: same fixed point, other gradients.  Arguments and result as `minimax_loss`.
    """
    witness, _ = divergence.training_pair
    return -jnp.mean(witness(model_scores))
