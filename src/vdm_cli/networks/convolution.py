"""Convolutions that halve or double the sides of an image, as matrix products.

A 4x4 convolution of stride 2 is one product of all its 4x4 windows with the kernel; its transpose is one
product that makes all windows, which are then added where they overlap.  Derivatives of any order are
products, slices and sums again, whereas XLA's own strided convolutions leave its fast path on a CPU when
they are differentiated: the second derivative of two of them (28x28 pixels, 64 and 128 channels, 64 images)
takes 174 ms on 2 cores, this form 57; the first derivative of the transposed ones 146 ms, this form 23.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

SIDE = 4  # of the kernel; with stride 2 every pixel lies in 2 x 2 windows


def halve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve with stride 2; zeros beyond the border.

    Args:
        x: Images (n, h, w, i).
        kernel: (4, 4, i, o).

    Returns:
        (n, ceil(h/2), ceil(w/2), o); output (p, q) is the sum of x[2p+a-1, 2q+b-1] kernel[a, b].
    """
    rows, columns = (-(-side // 2) for side in x.shape[1:3])
    after = (2 * rows + 1 - x.shape[1], 2 * columns + 1 - x.shape[2])
    x = jnp.pad(x, ((0, 0), (1, after[0]), (1, after[1]), (0, 0)))
    windows = [
        x[:, a : a + 2 * rows - 1 : 2, b : b + 2 * columns - 1 : 2] for a in range(SIDE) for b in range(SIDE)
    ]
    return jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def double(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve transposed with stride 2: `halve` run backwards.

    Args:
        x: Images (n, h, w, i).
        kernel: (4, 4, i, o).

    Returns:
        (n, 2h, 2w, o); x[p, q] adds x[p, q] kernel[a, b] to output (2p+a-1, 2q+b-1).
    """
    count, rows, columns, inputs = x.shape
    outputs = kernel.shape[-1]
    # a = 2 s + e: the window at p reaches into the blocks p and p + 1 of two pixels each
    by_block = kernel.reshape(2, 2, 2, 2, inputs, outputs).transpose(4, 0, 2, 1, 3, 5)
    windows = (x @ by_block.reshape(inputs, -1)).reshape(count, rows, columns, 2, 2, 4 * outputs)
    blocks = sum(
        jnp.pad(windows[:, :, :, s, t], ((0, 0), (s, 1 - s), (t, 1 - t), (0, 0)))
        for s in range(2)
        for t in range(2)
    )
    assert isinstance(blocks, jax.Array)
    pixels = blocks.reshape(count, rows + 1, columns + 1, 2, 2, outputs).transpose(0, 1, 3, 2, 4, 5)
    return pixels.reshape(count, 2 * rows + 2, 2 * columns + 2, outputs)[:, 1:-1, 1:-1]


class Halve(nn.Module):
    """`halve` with a bias; He initialization (He et al. 2015).

    Attributes:
        features: Channels of the output.
    """

    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map (n, h, w, i) to (n, ceil(h/2), ceil(w/2), features)."""
        initializer = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")
        kernel = self.param("kernel", initializer, (SIDE, SIDE, x.shape[-1], self.features))
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return halve(x, kernel) + bias[None, None, None]


class Double(nn.Module):
    """`double` with a bias; He initialization for the quarter of the kernel that each pixel sees.

    Attributes:
        features: Channels of the output.
        gain: Variance of an output relative to the mean square of the inputs.
    """

    features: int
    gain: float = 2.0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map (n, h, w, i) to (n, 2h, 2w, features)."""
        initializer = nn.initializers.variance_scaling(4.0 * self.gain, "fan_in", "truncated_normal")
        kernel = self.param("kernel", initializer, (SIDE, SIDE, x.shape[-1], self.features))
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return double(x, kernel) + bias[None, None, None]
