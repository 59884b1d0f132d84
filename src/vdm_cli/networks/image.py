"""What networks for images share: their sizes, the channel axis, normalization."""

from __future__ import annotations

from typing import Literal

import flax.linen as nn
import jax

from vdm_cli.errors import UsageError

Normalization = Literal["none", "batch", "layer", "spectral"]

SMALLEST_SIDE = 8  # of an image that is halved at least once
LARGEST_COARSE_SIDE = 7  # halving goes on until the shorter side is no longer than this
MOST_DOUBLINGS = 3  # of the channels, which double as the sides halve


def sizes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Sides from those of the image, each half of the one before (rounded up), to the coarsest.

    Args:
        shape: (h, w) or (h, w, channels), h and w at least `SMALLEST_SIDE`.
    """
    rows, columns = shape[:2]
    found = [(rows, columns)]
    while min(rows, columns) > LARGEST_COARSE_SIDE:
        rows, columns = -(-rows // 2), -(-columns // 2)
        found.append((rows, columns))
    return found


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape are images: (h, w), (h, w, 1) or (h, w, 3), large enough to be halved."""
    return len(shape) in (2, 3) and shape[2:] in ((), (1,), (3,)) and min(shape[:2]) >= SMALLEST_SIDE


def require_image(shape: tuple[int, ...], what: str) -> None:
    """Refuse rows that a network of images cannot take.

    Args:
        shape: Of one row.
        what: Who asks, for the message: ``generator.kind: conv``.

    Raises:
        UsageError: If the shape is not (h, w) or (h, w, channels), or a side is below `SMALLEST_SIDE`.
    """
    needed = f"{what} needs images (height, width) or (height, width, channels)"
    if len(shape) not in (2, 3):
        raise UsageError(f"{needed}, and the rows have shape {shape}: use kind: mlp")
    if min(shape[:2]) < SMALLEST_SIDE:
        raise UsageError(
            f"{needed} of at least {SMALLEST_SIDE} pixels a side, and the rows have shape {shape}: "
            "use kind: mlp, or move the channels last"
        )


def widths(channels: int, halvings: int) -> list[int]:
    """Channels after each halving: ``channels``, then twice as many each time, at most 8 times."""
    return [channels * 2 ** min(index, MOST_DOUBLINGS) for index in range(halvings)]


def with_channels(x: jax.Array) -> jax.Array:
    """Images (n, h, w) or (n, h, w, c) as (n, h, w, c)."""
    return x[..., None] if x.ndim == 3 else x


class Normalize(nn.Module):
    """Batch or layer normalization of images; nothing for the other kinds.

    Attributes:
        kind: ``batch``: each channel over the batch (running statistics when not training); ``layer``: each
            image over all its pixels and channels.
    """

    kind: Normalization

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Keep the shape, (n, h, w, c) or (n, c)."""
        if self.kind == "batch":
            return nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        if self.kind == "layer":
            return nn.GroupNorm(num_groups=1)(x)
        return x


def linear(layer: nn.Module, x: jax.Array, normalization: Normalization, train: bool) -> jax.Array:
    """A layer's output, its weights divided by their largest singular value for ``spectral``.

    That of a convolution is the one of its kernel as a matrix (h w i, o), as in Miyato et al. 2018: the
    convolution itself may stretch by sqrt(m) more, where each pixel lies in m windows.
    """
    if normalization == "spectral":
        return nn.SpectralNorm(layer)(x, update_stats=train)
    y: jax.Array = layer(x)
    return y
