"""Where in the picture two samples of images differ, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdm_cli.pictures.figure import new_figure


def draw_pixels(p: np.ndarray, q: np.ndarray, divergences: np.ndarray, shades: tuple[float, float]) -> Any:
    """Draw the mean image of P, that of Q, and how much each pixel alone differs.

    Args:
        p: Mean of P, (h, w) or (h, w, c).
        q: Mean of Q.
        divergences: Bounds on the Jensen-Shannon divergence of each pixel in nats, of the same shape; the
            largest over colors is drawn.
        shades: The values that are black and white.

    Returns:
        The Matplotlib figure.
    """
    figure = new_figure(9.0, 3.2)
    left, middle, right = figure.subplots(1, 3)
    low, high = shades
    for axes, image, title in ((left, p, "mean of P"), (middle, q, "mean of Q")):
        shown = ((image - low) / (high - low or 1.0)).clip(0.0, 1.0)
        shown = shown[..., 0] if shown.shape[2:] == (1,) else shown
        axes.imshow(shown, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
        axes.set_title(title, fontsize=9)
    largest = divergences.reshape(*divergences.shape[:2], -1).max(axis=2)
    top = max(float(largest.max()), 1e-3)
    picture = right.imshow(largest, cmap="magma", vmin=0.0, vmax=top, interpolation="nearest")
    right.set_title("Jensen-Shannon of each pixel alone", fontsize=9)
    bar = figure.colorbar(picture, ax=right, shrink=0.85)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("nats, held-out lower bound", fontsize=7)
    for axes in (left, middle, right):
        axes.set_xticks([])
        axes.set_yticks([])
    return figure
