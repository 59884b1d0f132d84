"""Affine networks: the generator whose density is known, and the linear critic."""

from __future__ import annotations

import flax.linen as nn
import jax

from vdm_cli.networks.conditioning import beside


class Affine(nn.Module):
    """y = b + x A, reshaped to ``shape``; A starts orthogonal, so that no direction starts degenerate.

    Given a condition c, y = b + (x, c) A.

    Attributes:
        shape: Shape of one output row; () for a scalar.
    """

    shape: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Map (n, ...), with a condition (n, k) behind each flat row, to (n, *shape)."""
        del train
        rows = x.shape[0]
        size = 1
        for side in self.shape:
            size *= side
        dense = nn.Dense(size, kernel_init=nn.initializers.orthogonal(), name="dense")
        return dense(beside(x, condition)).reshape(rows, *self.shape)
