"""Random Fourier features: what lets a small network see details much finer than the whole."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

COARSEST = 0.5  # radians a unit of the rows: a fraction of a turn over standardized data
COLLECTION = "fourier"


class FourierFeatures(nn.Module):
    """Rows with sin(B x) and cos(B x) behind them (Tancik et al. 2020, section 4), B drawn once and kept.

    Columns of B have random directions and norms that are log-uniform between `COARSEST` and ``finest``, so
    that every scale in between has its share.

    Attributes:
        count: Columns of B.
        finest: The largest norm, in radians a unit of the rows: about one over the size of the finest detail.
    """

    count: int
    finest: float

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map (n, d) to (n, d + 2 count)."""
        dim = x.shape[1]
        frequencies = self.variable(COLLECTION, "frequencies", self._draw, dim)
        angles = jnp.matmul(x, frequencies.value, precision="highest")
        return jnp.concatenate([x, jnp.sin(angles), jnp.cos(angles)], axis=1)

    def _draw(self, dim: int) -> jax.Array:
        direction_key, norm_key = jax.random.split(self.make_rng("params"))
        directions = jax.random.normal(direction_key, (dim, self.count))
        low, high = jnp.log(COARSEST), jnp.log(self.finest)
        norms = jnp.exp(jax.random.uniform(norm_key, (1, self.count), minval=low, maxval=high))
        return directions / jnp.linalg.norm(directions, axis=0, keepdims=True) * norms
