"""Residual generator and critic for images (Miyato et al. 2018, table 4; Mescheder et al. 2018)."""

from __future__ import annotations

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from vdm_cli.networks.conditioning import EmbeddedBeside, Projection
from vdm_cli.networks.image import Normalization, Normalize, linear, sizes, widths, with_channels
from vdm_cli.networks.mlp import ACTIVATIONS

_HE = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")


class ResidualBlock(nn.Module):
    """y = shortcut(x) + conv(act(norm(conv(act(norm(x)))))), 3x3; the shortcut is 1x1 where channels change.

    The second convolution starts small: at first a block is little more than its shortcut.

    Attributes:
        features: Channels of the output.
        activation: A key of `ACTIVATIONS`.
        normalization: Before each activation, or ``spectral``.
    """

    features: int
    activation: str
    normalization: Normalization

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Map (n, h, w, i) to (n, h, w, features)."""
        activation = ACTIVATIONS[self.activation]
        y = activation(Normalize(self.normalization)(x, train))
        y = linear(nn.Conv(self.features, (3, 3), kernel_init=_HE), y, self.normalization, train)
        y = activation(Normalize(self.normalization)(y, train))
        small = nn.initializers.variance_scaling(0.1, "fan_in", "truncated_normal")
        y = linear(nn.Conv(self.features, (3, 3), kernel_init=small), y, self.normalization, train)
        if x.shape[-1] != self.features:
            x = linear(nn.Dense(self.features, use_bias=False), x, self.normalization, train)
        return x + y


class ResidualGenerator(nn.Module):
    """A dense layer to the coarsest size, a block and a doubling (nearest pixel) for each finer one.

    A condition enters as a learned embedding beside z.

    Attributes:
        shape: (h, w) or (h, w, c) of one image.
        channels: At full size; twice as many at each coarser one, at most 8 times.
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
        *hidden, widest = widths(self.channels, len(finer) + 1)
        x = EmbeddedBeside()(x, condition)
        dense = nn.Dense(coarsest[0] * coarsest[1] * widest)
        x = linear(dense, x, self.normalization, train).reshape(x.shape[0], *coarsest, widest)
        for (rows, columns), width in zip(reversed(finer), reversed(hidden), strict=True):
            x = ResidualBlock(width, self.activation, self.normalization)(_doubled(x), train)
            x = x[:, :rows, :columns]
        x = ACTIVATIONS[self.activation](Normalize(self.normalization)(x, train))
        x = linear(
            nn.Conv(self.shape[2] if len(self.shape) == 3 else 1, (3, 3)), x, self.normalization, train
        )
        x = x.reshape(x.shape[0], *self.shape)
        return jnp.tanh(x) if self.output == "tanh" else x


class ResidualCritic(nn.Module):
    """A 3x3 convolution, a block and an average of 2x2 pixels for each coarser size, then a `Projection`.

    Attributes:
        channels: At full size; twice as many at each coarser one, at most 8 times.
        activation: A key of `ACTIVATIONS`.
        normalization: Of every hidden layer.
    """

    channels: int = 32
    activation: str = "leaky_relu"
    normalization: Normalization = "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Map images (n, h, w) or (n, h, w, c), given c (n, k), to scores (n,)."""
        x = with_channels(x)
        first, *coarser = widths(self.channels, len(sizes(x.shape[1:])))
        x = linear(nn.Conv(first, (3, 3)), x, self.normalization, train)
        for width in coarser:
            x = _halved(ResidualBlock(width, self.activation, self.normalization)(x, train))
        x = ACTIVATIONS[self.activation](x).reshape(x.shape[0], -1)
        return Projection(self.normalization == "spectral")(x, train, condition)


def _doubled(x: jax.Array) -> jax.Array:
    """Each pixel of (n, h, w, c) four times: (n, 2h, 2w, c)."""
    count, rows, columns, channels = x.shape
    shape = (count, rows, 2, columns, 2, channels)
    return jnp.broadcast_to(x[:, :, None, :, None], shape).reshape(count, 2 * rows, 2 * columns, channels)


def _halved(x: jax.Array) -> jax.Array:
    """Means of 2x2 pixels of (n, h, w, c), the border pixel repeated where a side is odd."""
    x = jnp.pad(x, ((0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)), mode="edge")
    count, rows, columns, channels = x.shape
    return x.reshape(count, rows // 2, 2, columns // 2, 2, channels).mean(axis=(2, 4))
