"""The law of the generator's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Latent:
    """z ~ N(0, I) or U(-1, 1)^dim, with independent Gumbel noise after it where categories are drawn.

    Attributes:
        kind: Which of the two.
        dim: Dimensions of z.
        noise: Gumbel draws a row, see `vdm_cli.networks.categories`.
    """

    kind: Literal["normal", "uniform"]
    dim: int
    noise: int = 0

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Draw (count, dim + noise) in float32."""
        if self.noise:
            z_key, noise_key = jax.random.split(key)
            z = Latent(self.kind, self.dim).sample(z_key, count)
            return jnp.concatenate([z, jax.random.gumbel(noise_key, (count, self.noise))], axis=1)
        if self.kind == "normal":
            return jax.random.normal(key, (count, self.dim))
        return jax.random.uniform(key, (count, self.dim), minval=-1.0, maxval=1.0)
