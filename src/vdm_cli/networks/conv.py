"""Convolutional generator and critic for images.

4x4 convolutions of stride 2 as in DCGAN (Radford et al. 2016), and in both players a hidden dense layer
beyond the coarsest of them, as in InfoGAN (Chen et al. 2016, table 1): without it the generator's coarsest
image is linear in z, and MNIST was five times as far from the data (Frechet distance) after 2,000 steps.
"""

from __future__ import annotations

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from vdm_cli.networks.conditioning import EmbeddedBeside, Projection
from vdm_cli.networks.convolution import Double, Halve
from vdm_cli.networks.image import Normalization, Normalize, linear, sizes, widths, with_channels
from vdm_cli.networks.mlp import ACTIVATIONS

DENSE_WIDTHS = 8  # width of the hidden dense layer over the channels
_HE = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")


class ConvGenerator(nn.Module):
    """Dense layers to the coarsest size, then 4x4 transposed convolutions that double it.

    A condition enters as a learned embedding beside z.

    Attributes:
        shape: (h, w) or (h, w, c) of one image.
        channels: Of the last hidden layer, at half the size; twice as many at each coarser one.
        activation: A key of `ACTIVATIONS`.
        normalization: Of every hidden layer.
        output: ``tanh`` for images in [-1, 1], or ``linear``.
    """

    shape: tuple[int, ...]
    channels: int = 32
    activation: str = "relu"
    normalization: Normalization = "batch"
    output: Literal["linear", "tanh"] = "tanh"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Map z (n, d), given c (n, k), to images (n, *shape)."""
        *finer, coarsest = sizes(self.shape)
        *hidden, widest = widths(self.channels, len(finer))
        x = EmbeddedBeside()(x, condition)
        dense = nn.Dense(DENSE_WIDTHS * self.channels, kernel_init=_HE)
        x = self._activated(linear(dense, x, self.normalization, train), train)
        dense = nn.Dense(coarsest[0] * coarsest[1] * widest, kernel_init=_HE)
        x = linear(dense, x, self.normalization, train).reshape(x.shape[0], *coarsest, widest)
        for (rows, columns), width in zip(reversed(finer[1:]), reversed(hidden), strict=True):
            x = self._activated(x, train)
            x = linear(Double(width), x, self.normalization, train)[:, :rows, :columns]
        last = Double(self.shape[2] if len(self.shape) == 3 else 1, gain=1.0)
        x = linear(last, self._activated(x, train), self.normalization, train)
        x = x[:, : self.shape[0], : self.shape[1]].reshape(x.shape[0], *self.shape)
        return jnp.tanh(x) if self.output == "tanh" else x

    def _activated(self, x: jax.Array, train: bool) -> jax.Array:
        return ACTIVATIONS[self.activation](Normalize(self.normalization)(x, train))


class ConvCritic(nn.Module):
    """4x4 convolutions that halve the image down to the coarsest size, a dense layer, then a `Projection`.

    Attributes:
        channels: Of the first layer, at half the size; twice as many at each coarser one.
        activation: A key of `ACTIVATIONS`.
        normalization: Of every hidden convolution but the first; ``spectral`` of every layer.
    """

    channels: int = 32
    activation: str = "leaky_relu"
    normalization: Normalization = "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Map images (n, h, w) or (n, h, w, c), given c (n, k), to scores (n,)."""
        x = with_channels(x)
        for index, width in enumerate(widths(self.channels, len(sizes(x.shape[1:])) - 1)):
            x = linear(Halve(width), x, self.normalization, train)
            if index > 0:
                x = Normalize(self.normalization)(x, train)
            x = ACTIVATIONS[self.activation](x)
        dense = nn.Dense(DENSE_WIDTHS * self.channels, kernel_init=_HE)
        x = linear(dense, x.reshape(x.shape[0], -1), self.normalization, train)
        x = ACTIVATIONS[self.activation](x)
        return Projection(self.normalization == "spectral")(x, train, condition)
