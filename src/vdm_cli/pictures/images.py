"""Images as one grid."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from vdm_cli.data.files.png import MAX_PIXELS, picture_size
from vdm_cli.data.layout import Layout, continuous_layout
from vdm_cli.data.output import write_rows

IMAGES = 100


def draw_images(path: Path, images: np.ndarray, layout: Layout) -> None:
    """Draw images (n, h, w) or (n, h, w, c) in data units as one grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, iter([images]), layout, len(images))


def draw_choice(path: Path, images: np.ndarray, span: tuple[float, float], seed: int = 0) -> None:
    """Draw a random choice of images (n, h, w) or (n, h, w, c), `IMAGES` of them or as many as there is room.

    Args:
        path: Where the PNG goes.
        images: To choose from.
        span: The values that are black and white.
        seed: Of the choice.
    """
    shape = images.shape[1:]
    count = min(IMAGES, len(images))
    while count > 1 and np.prod(picture_size(count, shape)) > MAX_PIXELS:
        count -= 1
    chosen = np.sort(np.random.default_rng(seed).choice(len(images), count, replace=False))
    layout = continuous_layout(shape, images.dtype.name)
    layout = dataclasses.replace(layout, minimum=span[:1], maximum=span[1:])
    draw_images(path, images[chosen], layout)
