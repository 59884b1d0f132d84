"""Affine networks: the generator whose density is known, and the linear critic."""

from __future__ import annotations

import flax.linen as nn
import jax


class Affine(nn.Module):
    """y = b + x A, reshaped to ``shape``; A starts orthogonal, so that no direction starts degenerate.

    Attributes:
        shape: Shape of one output row; () for a scalar.
    """

    shape: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Map (n, ...) to (n, *shape)."""
        del train
        rows = x.shape[0]
        size = 1
        for side in self.shape:
            size *= side
        dense = nn.Dense(size, kernel_init=nn.initializers.orthogonal(), name="dense")
        return dense(x.reshape(rows, -1)).reshape(rows, *self.shape)
