"""How a condition c (n, k), one-hot classes or standardized numbers, enters a network."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

EMBEDDING = 32  # dimensions of a generator's learned embedding of c


def beside(x: jax.Array, condition: jax.Array | None) -> jax.Array:
    """Each row of x flat, its condition behind it: (n, features + k)."""
    x = x.reshape(x.shape[0], -1)
    return x if condition is None else jnp.concatenate([x, condition], axis=1)


class EmbeddedBeside(nn.Module):
    """Latents z with a learned linear embedding of c behind them.

    Its entries start with the variance of a normal latent's where c is one-hot, so that c is heard at once.
    """

    @nn.compact
    def __call__(self, z: jax.Array, condition: jax.Array | None) -> jax.Array:
        """Map z (n, d) and c (n, k) to (n, d + EMBEDDING); z itself where there is no condition."""
        if condition is None:
            return z
        return beside(z, nn.Dense(EMBEDDING, kernel_init=nn.initializers.normal(1.0))(condition))


class Projection(nn.Module):
    """The score s(x, c) = w phi(x) + b + <V c, phi(x)> of a projection critic (Miyato & Koyama 2018, eq. 3).

    Attributes:
        spectral: Divide w and V by their largest singular values.
    """

    spectral: bool = False

    @nn.compact
    def __call__(self, features: jax.Array, train: bool, condition: jax.Array | None) -> jax.Array:
        """Map phi(x) (n, d) and c (n, k) to scores (n,)."""
        scores = self._linear(nn.Dense(1, name="score"), features, train)[:, 0]
        if condition is None:
            return scores
        width = features.shape[1]
        classes = nn.Dense(
            width, use_bias=False, kernel_init=nn.initializers.normal(width**-0.5), name="condition"
        )
        return scores + jnp.sum(self._linear(classes, condition, train) * features, axis=1)

    def _linear(self, layer: nn.Dense, x: jax.Array, train: bool) -> jax.Array:
        return nn.SpectralNorm(layer)(x, update_stats=train) if self.spectral else layer(x)
