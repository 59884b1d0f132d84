"""One picture of a run: samples beside the data, and the witness T that tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.form import NUMBER
from vdm_cli.data.layout import feature_names
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, new_figure, save_figure
from vdm_cli.pictures.marginals import draw_marginals

WITNESS_COLOR = "#444444"
POINTS = 2_500

Witness = Callable[[np.ndarray], np.ndarray]  # rows (n, *shape) in data units to T (n,)


def draw_run(path: Path, dataset: Dataset, samples: np.ndarray, witness: Witness | None, title: str) -> None:
    """Draw one seed of a run: 1-D densities with T, 2-D points on the level sets of T, or marginals.

    Args:
        path: Where the PNG goes.
        dataset: Its validation rows, and its density where it is known, stand for the data.
        samples: Generated rows (n, *shape) in data units.
        witness: T of the live critic, where it is a function of a row.
        title: One line.
    """
    rows = dataset.validation.rows
    data = rows.reshape(len(rows), -1)
    model = samples.reshape(len(samples), -1)
    if witness is not None and data.shape[1] == 1:
        figure = new_figure(6.4, 4.0)
        _line(figure, dataset, data[:, 0], model[:, 0], witness)
    elif witness is not None and data.shape[1] == 2:
        figure = new_figure(6.0, 5.6)
        _plane(figure, dataset, data, model, witness)
    else:
        names = feature_names(dataset.layout)
        forms = dataset.layout.forms or (NUMBER,) * len(names)
        figure = draw_marginals(data, model, names, forms, ("data", "samples"))
    figure.suptitle(title, fontsize=10, parse_math=False)
    save_figure(figure, path)


def _line(figure: Any, dataset: Dataset, data: np.ndarray, model: np.ndarray, witness: Witness) -> None:
    low, high = _span(data)
    grid = np.linspace(low, high, 400)
    left = figure.add_subplot()
    if dataset.law is None:
        _histogram(left, data, 80, (low, high), color=P_COLOR, alpha=0.35, label="data")
    else:
        left.plot(grid, np.exp(dataset.law.log_density(grid[:, None])), color=P_COLOR, label="p, the data")
    _histogram(left, model, 80, (low, high), color=Q_COLOR, alpha=0.45, label="q, samples")
    left.set_ylabel("density")
    left.set_xlabel(feature_names(dataset.layout)[0], parse_math=False)
    right = left.twinx()
    right.plot(
        grid, witness(grid.reshape(-1, *dataset.shape)), color=WITNESS_COLOR, lw=1, ls="--", label="T, critic"
    )
    right.set_ylabel("T(x), nats")
    lines, labels = left.get_legend_handles_labels()
    more, more_labels = right.get_legend_handles_labels()
    left.legend(lines + more, labels + more_labels, fontsize=8, loc="upper left")


def _plane(figure: Any, dataset: Dataset, data: np.ndarray, model: np.ndarray, witness: Witness) -> None:
    axes = figure.add_subplot()
    (left, right), (bottom, top) = _span(data[:, 0]), _span(data[:, 1])
    x, y = np.meshgrid(np.linspace(left, right, 160), np.linspace(bottom, top, 160))
    values = witness(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape)
    if np.ptp(values) > 0:
        levels = axes.contourf(x, y, values, 14, cmap="Greys", alpha=0.55)
        figure.colorbar(levels, ax=axes, label="T(x), nats", shrink=0.8)
    axes.scatter(*data[:POINTS].T, s=5, color=P_COLOR, alpha=0.6, lw=0, label="data, validation rows")
    axes.scatter(*model[:POINTS].T, s=5, color=Q_COLOR, alpha=0.6, lw=0, label="samples")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    names = feature_names(dataset.layout)
    axes.set_xlabel(names[0], parse_math=False)
    axes.set_ylabel(names[1], parse_math=False)
    axes.legend(fontsize=8, loc="upper right", markerscale=3)


def _histogram(axes: Any, values: np.ndarray, bins: int, span: tuple[float, float], **style: Any) -> None:
    """A density over all values, also those outside the span, of which there may be none inside."""
    weight = bins / (len(values) * (span[1] - span[0]))
    axes.hist(values, bins, range=span, weights=np.full(len(values), weight), **style)


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.001, 0.999])
    margin = 0.15 * (high - low) or 0.5
    return float(low - margin), float(high + margin)
