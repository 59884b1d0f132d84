"""The images that look least like those of the other side."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdm_cli.pictures.figure import new_figure

ACROSS = 10


def draw_extremes(
    p: np.ndarray,
    q: np.ndarray,
    rows: tuple[np.ndarray, np.ndarray],
    ratios: tuple[np.ndarray, np.ndarray],
    shades: tuple[float, float],
) -> Any:
    """Draw a strip of images of P above one of images of Q, each with its row and log-ratio.

    Args:
        p: Images of P that look least like Q, the most extreme first, (k, h, w) or (k, h, w, c); at most
            `ACROSS` are drawn.
        q: Images of Q that look least like P.
        rows: Their numbers, (k,) and (l,).
        ratios: Their log p/q in nats.
        shades: The values that are black and white.

    Returns:
        The Matplotlib figure.
    """
    across = min(ACROSS, max(len(p), len(q)))
    figure = new_figure(max(4.5, 0.95 * across), 3.0)
    low, high = shades
    titles = ("Rows of P that look least like Q", "Rows of Q that look least like P")
    strips = figure.subfigures(2, 1)
    for strip, title, images, numbers, values in zip(strips, titles, (p, q), rows, ratios, strict=True):
        strip.suptitle(f"{title} (row, log p/q in nats)", fontsize=9)
        for place, axes in enumerate(strip.subplots(1, across, squeeze=False)[0]):
            axes.set_axis_off()
            if place < len(images):
                shown = (images[place].astype(np.float64) - low) / (high - low or 1.0)
                shown = shown.clip(0.0, 1.0)
                shown = shown[..., 0] if shown.shape[2:] == (1,) else shown
                axes.imshow(shown, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
                axes.set_title(f"{numbers[place]}\n{values[place]:.1f}", fontsize=7)
    return figure
