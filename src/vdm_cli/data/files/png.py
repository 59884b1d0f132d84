"""One picture of many images: a grid, row by row, for the eye."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import IO

import numpy as np

from vdm_cli.data.layout import Layout

MAX_IMAGES = 10_000
MAX_PIXELS = 89_478_485  # beyond this, Pillow warns of a decompression bomb when it opens the picture
_SIDE = 32  # pixels that the longer side of an image gets at least
_MANY = 400  # images beyond which none is enlarged
_GAP = 1
_GAP_SHADE = 128


def picture_grid(num_images: int, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return how the images are laid out: rows, columns and the whole factor of enlargement."""
    columns = math.ceil(math.sqrt(num_images))
    scale = math.ceil(_SIDE / max(shape[:2])) if num_images <= _MANY else 1
    return math.ceil(num_images / columns), columns, scale


def picture_size(num_images: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of the picture in pixels."""
    rows, columns, scale = picture_grid(num_images, shape)
    return rows * (shape[0] * scale + _GAP) - _GAP, columns * (shape[1] * scale + _GAP) - _GAP


def write_png(stream: IO[bytes], chunks: Iterable[np.ndarray], num_rows: int, layout: Layout) -> None:
    """Write images as one gray or RGB picture, the layout's range being black to white.

    Args:
        stream: Where to write.
        chunks: Arrays of shape (m, *layout.shape), `num_rows` images in all.
        num_rows: How many images there will be, at least 1.
        layout: Shape (h, w), (h, w, 1) or (h, w, 3) and a finite range.
    """
    from PIL import Image

    _, columns, scale = picture_grid(num_rows, layout.shape)
    height, width = layout.shape[:2]
    color = layout.shape[2:] == (3,)
    picture = np.full((*picture_size(num_rows, layout.shape), 3 if color else 1), _GAP_SHADE, np.uint8)
    low, high = layout.minimum[0], layout.maximum[0]
    position = 0
    for chunk in chunks:
        for image in chunk:
            shades = (image.astype(np.float64) - low) * (255.0 / (high - low or 1.0))
            pixels = np.rint(np.clip(shades, 0.0, 255.0)).astype(np.uint8).reshape(height, width, -1)
            row, column = divmod(position, columns)
            top, left = row * (height * scale + _GAP), column * (width * scale + _GAP)
            picture[top : top + height * scale, left : left + width * scale] = pixels.repeat(
                scale, axis=0
            ).repeat(scale, axis=1)
            position += 1
    Image.fromarray(picture if color else picture[..., 0]).save(stream, format="PNG")
