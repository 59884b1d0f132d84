"""Pictures of a run on rows of one number: p, q and the samples, with T of the critic beside T* = f'(p/q)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.layout import feature_names
from vdm_cli.pictures.animation import MOST_FRAMES
from vdm_cli.pictures.canvas import Canvas
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, WITNESS_COLOR, span
from vdm_cli.pictures.view import View, WitnessScale

POINTS = 400
BINS = 80
HEADROOM = 1.45  # of the density's axis over the highest of p: room for the legend, and for q


class LinePictures:
    """Densities on the left axis, T on the right one; the axes are those of the data.

    Args:
        dataset: Its validation rows, and its density where it is known, stand for the data.
        scale: Of T; None where it is not drawn.
    """

    count = 10_000  # samples that a view brings
    frames = MOST_FRAMES

    def __init__(self, dataset: Dataset, scale: WitnessScale | None):
        data = dataset.validation.rows.reshape(-1)
        self._shape = dataset.shape
        self._span = span(data)
        self._grid = np.linspace(*self._span, POINTS)
        self._canvas = Canvas(6.4, 4.0)
        width = 0.88 if scale is None else 0.775
        self._axes = axes = self._canvas.figure.add_axes((0.095, 0.125, width, 0.795))
        if dataset.law is None:
            heights = _histogram(axes, data, self._span, color=P_COLOR, alpha=0.35, label="data")
        else:
            heights = np.exp(dataset.law.log_density(self._grid[:, None]))
            axes.plot(self._grid, heights, color=P_COLOR, label="p, the data")
        axes.set_xlim(*self._span)
        axes.set_ylim(0.0, HEADROOM * heights.max())
        axes.set_ylabel("density")
        axes.set_xlabel(feature_names(dataset.layout)[0], parse_math=False)
        self._right = None
        if scale is not None:
            self._right = axes.twinx()
            self._right.set_ylim(scale.low, scale.high)
            self._right.set_ylabel(scale.label)

    def draw(self, path: Path, view: View) -> None:
        """Draw one frame."""
        axes, rows = self._axes, self._grid.reshape(-1, *self._shape)
        _histogram(axes, view.samples.reshape(-1), self._span, color=Q_COLOR, alpha=0.4, label="samples")
        moving = [axes.patches[-1]]
        if view.density is not None:
            moving += axes.plot(self._grid, view.density(rows), color=Q_COLOR, label="q, the generator")
        handles = axes.get_legend_handles_labels()[0]
        if self._right is not None:
            for function, label, style in (
                (view.witness, "T, the critic", {"color": WITNESS_COLOR, "lw": 2.0}),
                (view.optimum, "T* = f'(p/q)", {"color": "black", "lw": 1.0, "ls": (0, (4, 3))}),
            ):
                if function is not None:
                    moving += self._right.plot(self._grid, function(rows), label=label, **style)
            handles += self._right.get_legend_handles_labels()[0]
        upper = self._right or axes
        moving.append(upper.legend(handles=handles, fontsize=8, loc="upper right"))
        self._canvas.save(path, view.title, moving)


def _histogram(axes: Any, values: np.ndarray, reach: tuple[float, float], **style: Any) -> np.ndarray:
    """A density over all values, also those outside the span, of which there may be none inside."""
    counts, edges = np.histogram(values, BINS, range=reach)
    heights = counts * (BINS / (len(values) * (reach[1] - reach[0])))
    axes.stairs(heights, edges, fill=True, lw=0, **style)
    return np.asarray(heights)
