"""A small convolutional critic for images: patches first, then their neighborhoods, then the whole.

Written as slices and matrix products.  On a CPU a convolution inside `lax.scan` runs some 20 times slower
than outside (jax#12868), and one with a kernel for each member becomes a grouped convolution, slower still;
these products become batched ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.estimation.critic import HostParams, Params, uniform_weights

SMALLEST_SIDE = 8
_WINDOW, _STRIDE = 3, 2  # of the convolution over patches


@dataclass(frozen=True)
class PatchNetwork:
    """Patches embedded alike, a convolution over them, and a dense layer that sees texture as well as place.

    Texture is the mean and the root mean square of each channel over all patches: what an image is made of,
    wherever it is.  A linear skip takes what single pixels tell.

    Attributes:
        shape: (h, w, c) of an image, sides of `SMALLEST_SIDE` at least.
        beside: Numbers that follow the pixels of a row, such as indicators of its label.
        channels: Of a patch; a neighborhood has twice as many.
        hidden: Width of the dense layer.
    """

    shape: tuple[int, int, int]
    beside: int = 0
    channels: int = 16
    hidden: int = 32

    @property
    def pixels(self) -> int:
        """How many columns of a row are the image."""
        return math.prod(self.shape)

    @property
    def patch(self) -> int:
        """Side of a patch in pixels, so that images of any size have some 4 to 12 patches a side."""
        side = min(self.shape[:2])
        return 2 if side < 24 else 4 if side < 48 else 8 * max(1, side // 96)

    @property
    def _patches(self) -> tuple[int, int]:
        height, width, _ = self.shape
        return -(-height // self.patch), -(-width // self.patch)

    @property
    def _layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer with weights."""
        wide = 2 * self.channels
        high, broad = (_windows(count) for count in self._patches)
        seen = high * broad * wide + 2 * self.channels + self.beside
        return [
            (self.patch**2 * self.shape[2], self.channels),
            (_WINDOW**2 * self.channels, wide),
            (seen, self.hidden),
        ]

    def init(self, rng: np.random.Generator) -> HostParams:
        """Weights with which every score is 0, float32."""
        params: HostParams = {}
        for place, (inputs, outputs) in enumerate(self._layers):
            params[f"w{place}"] = uniform_weights(rng, inputs, outputs)
            params[f"b{place}"] = np.zeros(outputs, np.float32)
        return {
            **params,
            "out": np.zeros(self.hidden, np.float32),
            "skip": np.zeros(self.pixels + self.beside, np.float32),
            "bias": np.zeros((), np.float32),
        }

    def score(self, params: Params, x: jax.Array) -> jax.Array:
        """The estimate of log p/q at scaled rows x, shape (n, h w c + beside) -> (n,)."""

        def layer(place: int, values: jax.Array) -> jax.Array:
            flat = values.reshape(-1, values.shape[-1])
            active = jax.nn.silu(flat @ params[f"w{place}"] + params[f"b{place}"][None, :])
            return active.reshape(*values.shape[:-1], -1)

        patches = layer(0, self._cut(x[:, : self.pixels]))
        texture = jnp.mean(patches, axis=(1, 2)), jnp.sqrt(jnp.mean(patches**2, axis=(1, 2)) + 1e-6)
        places = layer(1, _neighborhoods(patches)).reshape(len(x), -1)
        hidden = layer(2, jnp.concatenate([places, *texture, x[:, self.pixels :]], axis=1))
        return hidden @ params["out"] + x @ params["skip"] + params["bias"]

    def _cut(self, x: jax.Array) -> jax.Array:
        """Images (n, h w c) as patches (n, rows, columns, pixels), the last ones filled up with zeros."""
        (height, width, depth), side, (high, broad) = self.shape, self.patch, self._patches
        images = x.reshape(len(x), height, width, depth)
        margin = ((0, 0), (0, high * side - height), (0, broad * side - width), (0, 0))
        cut = jnp.pad(images, margin).reshape(len(x), high, side, broad, side * depth)
        return cut.transpose(0, 1, 3, 2, 4).reshape(len(x), high, broad, side * side * depth)


def patch_network(shape: tuple[int, ...], columns: int) -> PatchNetwork | None:
    """The network for images of a shape (h, w) or (h, w, c), in rows of so many columns; None if tiny."""
    height, width, depth = (*shape, 1)[:3]
    if min(height, width) < SMALLEST_SIDE:
        return None
    return PatchNetwork((height, width, depth), beside=columns - height * width * depth)


def _windows(count: int) -> int:
    """How many windows it takes to cover a side of so many patches."""
    return -(-(count - _WINDOW) // _STRIDE) + 1


def _neighborhoods(patches: jax.Array) -> jax.Array:
    """Channels of all patches of a window, (n, rows, columns, c) -> (n, windows, windows, 9 c)."""
    spans = [_STRIDE * (_windows(count) - 1) for count in patches.shape[1:3]]
    margins = [(0, span + _WINDOW - count) for span, count in zip(spans, patches.shape[1:3], strict=True)]
    filled = jnp.pad(patches, ((0, 0), *margins, (0, 0)))
    shifted = [
        filled[:, row : row + spans[0] + 1 : _STRIDE, column : column + spans[1] + 1 : _STRIDE]
        for row in range(_WINDOW)
        for column in range(_WINDOW)
    ]
    return jnp.concatenate(shifted, axis=-1)
