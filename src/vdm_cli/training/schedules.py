"""Schedules of learning rates and penalty weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
import optax


def learning_rate(
    peak: float,
    schedule: Literal["constant", "cosine", "linear"],
    *,
    updates: int,
    warmup: int = 0,
    final_fraction: float = 0.0,
) -> optax.Schedule:
    """The learning rate as a function of the player's own update count.

    Args:
        peak: The highest rate, reached after the warm-up.
        schedule: How it falls from there to ``final_fraction * peak`` after the last update.
        updates: Updates of the player in the whole run.
        warmup: Updates of the linear rise from 0, fewer than ``updates``.
        final_fraction: In [0, 1]; a constant schedule ignores it.
    """
    remaining = max(1, updates - warmup)
    if schedule == "constant":
        after = optax.constant_schedule(peak)
    elif schedule == "cosine":
        after = optax.cosine_decay_schedule(peak, remaining, alpha=final_fraction)
    else:
        after = optax.linear_schedule(peak, final_fraction * peak, remaining)
    if warmup == 0:
        return after
    return optax.join_schedules([optax.linear_schedule(0.0, peak, warmup), after], [warmup])


def annealed_weight(
    initial: float, final: float, schedule: Literal["linear", "exponential"], steps: int
) -> Callable[[jax.Array], jax.Array]:
    """A penalty weight as a function of the step: from ``initial`` to ``final`` at step ``steps``."""

    def weight(step: jax.Array) -> jax.Array:
        progress = jnp.clip(step.astype(jnp.float32) / steps, 0.0, 1.0)
        if schedule == "linear":
            return initial + (final - initial) * progress
        return jnp.exp(math.log(initial) + (math.log(final) - math.log(initial)) * progress)

    return weight
