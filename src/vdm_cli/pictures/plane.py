"""Pictures of a run on rows of two numbers: samples and data on the level sets of T, with those of T*."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.layout import feature_names
from vdm_cli.pictures.animation import MOST_FRAMES
from vdm_cli.pictures.canvas import Canvas
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, span
from vdm_cli.pictures.view import RowFunction, View, WitnessScale

POINTS = 120  # along each side of the grid on which T is evaluated
SHADE = 0.55  # opacity of the level sets


class PlanePictures:
    """Points over gray level sets of T; dashed lines are every other level of T* = f'(p/q).

    Args:
        dataset: Its validation rows stand for the data.
        scale: Of T; None where it is not drawn.
    """

    count = 2_500  # samples that a view brings, and data rows beside them
    frames = MOST_FRAMES

    def __init__(self, dataset: Dataset, scale: WitnessScale | None):
        from matplotlib.lines import Line2D

        rows = dataset.validation.rows.reshape(len(dataset.validation), -1)
        self._data = rows[: self.count]
        across, up = span(rows[:, 0]), span(rows[:, 1])
        self._x, self._y = np.meshgrid(np.linspace(*across, POINTS), np.linspace(*up, POINTS))
        self._canvas = Canvas(6.0, 5.2)
        width = 0.86 if scale is None else 0.735
        self._axes = axes = self._canvas.figure.add_axes((0.11, 0.095, width, 0.835))
        axes.set_xlim(*across)
        axes.set_ylim(*up)
        for name, put in zip(feature_names(dataset.layout), (axes.set_xlabel, axes.set_ylabel), strict=True):
            put(name, parse_math=False)
        self._levels = () if scale is None else scale.levels
        self._shades = {} if scale is None else self._color_bar(scale)
        self._handles = [
            Line2D([], [], ls="", marker="o", ms=5, color=color, label=label)
            for color, label in ((P_COLOR, "data, validation rows"), (Q_COLOR, "samples"))
        ]
        self._optimum = Line2D([], [], color="black", lw=0.8, ls="--", label="T* = f'(p/q)")

    def _color_bar(self, scale: WitnessScale) -> dict[str, Any]:
        """Draw it; how values of T are shaded."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import BoundaryNorm

        def shades() -> dict[str, Any]:  # a norm that frames shared with the bar would draw it again
            return {"norm": BoundaryNorm(scale.levels, 256, extend="both"), "cmap": "Greys"}

        axes = self._canvas.figure.add_axes((0.865, 0.16, 0.022, 0.70))
        bar = self._canvas.figure.colorbar(
            ScalarMappable(**shades()), cax=axes, alpha=SHADE, ticks=scale.levels, format="%.2g"
        )
        bar.ax.tick_params(labelsize=7)
        bar.set_label(scale.label)
        return shades()

    def draw(self, path: Path, view: View) -> None:
        """Draw one frame."""
        axes, moving, handles = self._axes, [], list(self._handles)
        if view.witness is not None and self._levels:
            style = {**self._shades, "alpha": SHADE, "extend": "both"}
            moving.append(axes.contourf(*self._values(view.witness), self._levels, **style))
        for points, color in ((self._data, P_COLOR), (view.samples.reshape(-1, 2), Q_COLOR)):
            moving.append(axes.scatter(*points.T, s=5, color=color, alpha=0.6, lw=0))
        if view.optimum is not None and self._levels:
            x, y, values = self._values(view.optimum)
            crossed = [level for level in self._levels[::2] if values.min() < level < values.max()]
            if crossed:
                style = {"colors": "black", "linewidths": 0.7, "linestyles": "dashed"}
                moving.append(axes.contour(x, y, values, crossed, **style))
            handles.append(self._optimum)
        moving.append(axes.legend(handles=handles, fontsize=8, loc="upper right"))
        self._canvas.save(path, view.title, moving)

    def _values(self, function: RowFunction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places and values on the grid, each (n, n)."""
        values = function(np.stack([self._x.ravel(), self._y.ravel()], axis=1))
        return self._x, self._y, values.reshape(self._x.shape)
