"""Relativistic pairing: the critic judges which of two rows is the more real."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from vdm_cli.objectives.wasserstein import Trained


def margins(data_scores: jax.Array, model_scores: jax.Array) -> jax.Array:
    """v_i = s(x_i) - s(y_i) of data rows x and generated rows y, shape (n,).

    Raises:
        ValueError: If both do not have the same shape (n,).
    """
    if data_scores.ndim != 1 or data_scores.shape != model_scores.shape:
        raise ValueError(
            f"scores must both have shape (n,), got {data_scores.shape} and {model_scores.shape}"
        )
    return data_scores - model_scores


def relativistic_objective(divergence: Trained, pairs: jax.Array) -> jax.Array:
    """E[T(s(x) - s(y))], which the critic ascends (Jolicoeur-Martineau 2019; Huang et al. 2024, R3GAN).

    With ``gan`` it is R3GAN's -E softplus(-(s(x) - s(y))), with ``jensen_shannon`` half of that plus
    log(2) / 2.  It bounds no D_f.

    Args:
        divergence: Whose T is taken.
        pairs: From `margins`.
    """
    witness, _ = divergence.training_pair
    return jnp.mean(witness(pairs))


def relativistic_non_saturating_loss(divergence: Trained, pairs: jax.Array) -> jax.Array:
    """-E[T(s(y) - s(x))], which the generator descends: R3GAN's loss with ``gan``; arguments as above.

    The minimax generator descends `relativistic_objective` itself.
    """
    return -relativistic_objective(divergence, -pairs)
