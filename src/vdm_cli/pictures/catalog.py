"""All named divergences in one picture: f and its slope, the best witness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, WITNESS_COLOR, new_figure, save_figure
from vdm_cli.pictures.theory import in_float64

_ACROSS = 4


def draw_catalog(path: Path, divergences: Sequence[FDivergence]) -> None:
    """Draw f(u) and T*(u) = f'(u), u = p/q, one small picture a divergence.

    Args:
        path: Where the PNG goes.
        divergences: At least one.
    """
    down = math.ceil(len(divergences) / _ACROSS)
    figure = new_figure(3.3 * _ACROSS, 0.8 + 2.7 * down)
    u = np.linspace(0.01, 4.0, 800)
    for index, row in enumerate(divergences):
        f, slope = in_float64(row.f)(u), in_float64(row.witness)(np.log(u))
        axes = figure.add_subplot(down, _ACROSS, index + 1)
        axes.axhline(0.0, color="0.8", lw=0.8)
        axes.axvline(1.0, color="0.8", lw=0.8)
        axes.plot(u, f, color=P_COLOR, lw=2.0, label="f(u)")
        axes.plot(u, slope, color=Q_COLOR, lw=1.4, ls="--", label="T*(u) = f'(u), the best witness")
        shown = np.concatenate([f[u > 0.1], slope[u > 0.4]])
        margin = 0.08 * np.ptp(shown)
        axes.set_ylim(shown.min() - margin, shown.max() + margin)
        axes.set_title(row.name, fontsize=10)
        axes.tick_params(labelsize=8)
        note = f"f''(1) = {row.curvature:g}, sup {row.supremum:.3g}".replace("= nan", "does not exist")
        axes.set_xlabel(f"u = p/q;  {note}", fontsize=8)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=9, frameon=False)
    figure.suptitle("D_f(P‖Q) = E_Q[f(p/q)]", fontsize=12, x=0.02, ha="left", color=WITNESS_COLOR)
    save_figure(figure, path)
