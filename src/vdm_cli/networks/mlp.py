"""Multi-layer perceptrons with the usual activations and normalizations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from vdm_cli.networks.conditioning import beside
from vdm_cli.networks.fourier import FourierFeatures

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": nn.relu,
    "leaky_relu": lambda x: nn.leaky_relu(x, 0.2),
    "elu": nn.elu,
    "gelu": nn.gelu,
    "silu": nn.silu,
    "softplus": nn.softplus,
    "tanh": jnp.tanh,
}


class Mlp(nn.Module):
    """Dense layers with an activation after each hidden one, reshaped to ``shape`` at the end.

    Attributes:
        shape: Shape of one output row; () for a scalar.
        hidden: Widths of the hidden layers.
        activation: A key of `ACTIVATIONS`.
        normalization: Of every hidden layer: ``batch`` (running statistics when not training), ``layer``,
            ``spectral`` (each weight matrix divided by its largest singular value, the last one too;
            Miyato et al. 2018) or ``none``.
        output: ``linear``, or ``tanh`` for data in [-1, 1].
        fourier: Features put behind a row first, by (count, finest) of `FourierFeatures`; None for none.
    """

    shape: tuple[int, ...]
    hidden: tuple[int, ...]
    activation: str = "relu"
    normalization: Literal["none", "batch", "layer", "spectral"] = "none"
    output: Literal["linear", "tanh"] = "linear"
    fourier: tuple[int, float] | None = None

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Map (n, ...), with a condition (n, k) behind each flat row, to (n, *shape)."""
        rows = x.shape[0]
        activation = ACTIVATIONS[self.activation]
        if self.fourier is not None:
            x = FourierFeatures(*self.fourier)(x.reshape(rows, -1))
        x = beside(x, condition)
        for width in self.hidden:
            x = self._dense(width, x, train)
            if self.normalization == "batch":
                x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
            elif self.normalization == "layer":
                x = nn.LayerNorm()(x)
            x = activation(x)
        x = self._dense(math.prod(self.shape), x, train).reshape(rows, *self.shape)
        return jnp.tanh(x) if self.output == "tanh" else x

    def _dense(self, width: int, x: jax.Array, train: bool) -> jax.Array:
        layer = nn.Dense(width)
        if self.normalization != "spectral":
            return layer(x)
        return nn.SpectralNorm(layer)(x, update_stats=train)
