"""The variational lower bound that both players see."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from vdm_cli.divergences.divergence import Elementwise, FDivergence


def bound_score(raw: jax.Array, limit: float) -> jax.Array:
    """The score v = C tanh(s / C), of any shape: any score gives a lower bound, a bounded one stays finite.

    Without it Pearson, Neyman and large alpha went non-finite within 1,000 steps on the ring.

    Args:
        raw: The critic's output s.
        limit: C > 0, the largest |v|; an estimate of log p/q rarely needs more than 10.  With ``inf`` v = s.
    """
    if math.isinf(limit):
        return raw
    return limit * jnp.tanh(raw / limit)


def variational_bound(
    divergence: FDivergence, data_scores: jax.Array, model_scores: jax.Array, *, smooth: bool = False
) -> jax.Array:
    r"""Monte-Carlo value of the variational lower bound on D_f(P || Q).

        F(v) = 1/n sum_i T(v(x_i)) - 1/m sum_j f*(T(v(y_j))),   x_i ~ P,  y_j ~ Q

    (Nowozin et al. 2016, eqs. 4 and 6).  E[F] <= D_f(P || Q) for scores that do not depend on
    the samples.  On the batch the critic was fitted to, F is biased upwards and routinely
    exceeds the true divergence: report it on held-out data.

    Args:
        divergence: Which f-divergence to bound.
        data_scores: Critic scores on samples of P, shape (n,).
        model_scores: Critic scores on samples of Q, shape (m,); m may differ from n.
        smooth: Take the pair that training differentiates (total variation's tanh, f-GAN's activations)
            instead of the one that is tight at the log-ratio.

    Returns:
        The bound, a scalar in nats.  The critic ascends it, the generator descends it.

    Raises:
        ValueError: If either argument is not one-dimensional.  (n, 1) is refused rather than
            squeezed: against (n,) it would broadcast to (n, n) and give a plausible wrong number.
    """
    tight = divergence.witness, divergence.witness_conjugate
    return mean_difference(divergence.training_pair if smooth else tight, data_scores, model_scores)


def mean_difference(
    pair: tuple[Elementwise, Elementwise], data_scores: jax.Array, model_scores: jax.Array
) -> jax.Array:
    """1/n sum_i T(v(x_i)) - 1/m sum_j F(v(y_j)) of a pair (T, F); for the rest as `variational_bound`."""
    for name, scores in (("data_scores", data_scores), ("model_scores", model_scores)):
        if scores.ndim != 1:
            raise ValueError(f"{name} must have shape (n,), got {scores.shape}")
    witness, conjugate = pair
    return jnp.mean(witness(data_scores)) - jnp.mean(conjugate(model_scores))
