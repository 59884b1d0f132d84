"""The law of the generator's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax


@dataclass(frozen=True)
class Latent:
    """z ~ N(0, I) or U(-1, 1)^dim.

    Attributes:
        kind: Which of the two.
        dim: Dimensions of z.
    """

    kind: Literal["normal", "uniform"]
    dim: int

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Draw (count, dim) in float32."""
        if self.kind == "normal":
            return jax.random.normal(key, (count, self.dim))
        return jax.random.uniform(key, (count, self.dim), minval=-1.0, maxval=1.0)
