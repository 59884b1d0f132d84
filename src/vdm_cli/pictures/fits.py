"""Fits of one law by different divergences, side by side: what each covers and what it drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, new_figure

REACH = 4.0  # standard deviations of p that are drawn to both sides of its mean
POINTS = 500


@dataclass(frozen=True)
class Fit:
    """One fit of a law on the line.

    Attributes:
        label: By which divergence it was fitted.
        law: The fit.
        divergences: Exact D_f(P || Q) in nats, by the labels of the divergences.
    """

    label: str
    law: GaussianMixture
    divergences: Mapping[str, float]


def draw_fits(p: GaussianMixture, fits: Sequence[Fit]) -> Any:
    """Draw p and each fit in a panel of its own, the other fits as thin lines.

    Args:
        p: The law that was fitted, of dimension one.
        fits: One or more, of dimension one.

    Returns:
        The Matplotlib figure.

    Raises:
        ValueError: If a law has more dimensions.
    """
    if any(law.dim != 1 for law in (p, *(fit.law for fit in fits))):
        raise ValueError("only laws of dimension one can be drawn side by side")
    deviation = float(np.sqrt(p.covariance[0, 0]))
    grid = np.linspace(p.mean[0] - REACH * deviation, p.mean[0] + REACH * deviation, POINTS)
    heights = np.exp([law.log_density(grid[:, None]) for law in (p, *(fit.law for fit in fits))])
    figure = new_figure(4.4 * len(fits) + 0.3, 3.9)
    panels = figure.subplots(1, len(fits), sharex=True, sharey=True, squeeze=False)[0]
    for index, (axes, fit) in enumerate(zip(panels, fits, strict=True)):
        for other in set(range(len(fits))) - {index}:
            axes.plot(grid, heights[1 + other], color=Q_COLOR, lw=0.8, alpha=0.5, label=_other(fits[other]))
        axes.fill_between(grid, heights[0], color=P_COLOR, alpha=0.25, lw=0)
        axes.plot(grid, heights[0], color=P_COLOR, label=_told("p, the data", p))
        axes.plot(grid, heights[1 + index], color=Q_COLOR, lw=2.2, label=_told("q, the fit", fit.law))
        for law, color in ((p, P_COLOR), (fit.law, Q_COLOR)):
            axes.axvline(law.mean[0], ymax=0.72, color=color, lw=1.0, ls=(0, (2, 2)))
        axes.set_ylim(0.0, 1.5 * heights.max())
        axes.set_title(f"fitted by {fit.label}", fontsize=11, parse_math=False)
        axes.set_xlabel("x; dashed: the means")
        axes.legend(fontsize=8, loc="upper left", reverse=True)
        values = "\n".join(f"{name}(P, Q) = {value:.4f}" for name, value in fit.divergences.items())
        place = {"transform": axes.transAxes, "ha": "right", "va": "top"}
        axes.text(0.97, 0.965, values, fontsize=8, linespacing=1.6, parse_math=False, **place)
    panels[0].set_ylabel("density")
    return figure


def _told(name: str, law: GaussianMixture) -> str:
    return f"{name}: mean {law.mean[0]:.2f}, sd {np.sqrt(law.covariance[0, 0]):.2f}"


def _other(fit: Fit) -> str:
    return f"fitted by {fit.label}"
