"""Pictures of a run: samples beside the data, and the witness T that tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.layout import Layout, feature_names
from vdm_cli.data.output import write_rows

DATA_COLOR, MODEL_COLOR, WITNESS_COLOR = "#1f5fa8", "#e4572e", "#444444"
POINTS = 2_500
IMAGES = 100
MOST_MARGINALS = 16

Witness = Callable[[np.ndarray], np.ndarray]  # rows (n, *shape) in data units to T (n,)


def draw_images(path: Path, images: np.ndarray, layout: Layout) -> None:
    """Draw images (n, h, w) or (n, h, w, c) in data units as one grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, iter([images]), layout, len(images))


def draw_run(path: Path, dataset: Dataset, samples: np.ndarray, witness: Witness | None, title: str) -> None:
    """Draw one seed of a run: 1-D densities with T, 2-D points on the level sets of T, or marginals.

    Args:
        path: Where the PNG goes.
        dataset: Its validation rows, and its density where it is known, stand for the data.
        samples: Generated rows (n, *shape) in data units.
        witness: T of the live critic, where it is a function of a row.
        title: One line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = dataset.validation.rows
    data = rows.reshape(len(rows), -1)
    model = samples.reshape(len(samples), -1)
    figure = _figure(
        *((6.4, 4.0) if data.shape[1] == 1 else (6.0, 5.6) if data.shape[1] == 2 else (9.0, 6.4))
    )
    if witness is not None and data.shape[1] == 1:
        _line(figure, dataset, data[:, 0], model[:, 0], witness)
    elif witness is not None and data.shape[1] == 2:
        _plane(figure, dataset, data, model, witness)
    else:
        _marginals(figure, dataset, data, model)
    figure.suptitle(title, fontsize=10)
    temporary = path.with_name(f".{path.name}.tmp")
    figure.savefig(temporary, dpi=120, format="png")
    temporary.replace(path)


def _figure(width: float, height: float) -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _line(figure: Any, dataset: Dataset, data: np.ndarray, model: np.ndarray, witness: Witness) -> None:
    low, high = _span(data)
    grid = np.linspace(low, high, 400)
    left = figure.add_subplot()
    if dataset.law is None:
        _histogram(left, data, 80, (low, high), color=DATA_COLOR, alpha=0.35, label="data")
    else:
        left.plot(grid, np.exp(dataset.law.log_density(grid[:, None])), color=DATA_COLOR, label="p, the data")
    _histogram(left, model, 80, (low, high), color=MODEL_COLOR, alpha=0.45, label="q, samples")
    left.set_ylabel("density")
    left.set_xlabel(feature_names(dataset.layout)[0])
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
    axes.scatter(*data[:POINTS].T, s=5, color=DATA_COLOR, alpha=0.6, lw=0, label="data, validation rows")
    axes.scatter(*model[:POINTS].T, s=5, color=MODEL_COLOR, alpha=0.6, lw=0, label="samples")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    names = feature_names(dataset.layout)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.legend(fontsize=8, loc="upper right", markerscale=3)


def _marginals(figure: Any, dataset: Dataset, data: np.ndarray, model: np.ndarray) -> None:
    count = min(data.shape[1], MOST_MARGINALS)
    columns = int(np.ceil(np.sqrt(count * 1.4)))
    names = feature_names(dataset.layout)
    for index in range(count):
        axes = figure.add_subplot(int(np.ceil(count / columns)), columns, index + 1)
        span = _span(data[:, index])
        _histogram(axes, data[:, index], 30, span, color=DATA_COLOR, alpha=0.5, label="data")
        _histogram(axes, model[:, index], 30, span, color=MODEL_COLOR, alpha=0.5, label="samples")
        axes.set_title(names[index], fontsize=8)
        axes.tick_params(labelsize=6)
        axes.set_yticks([])
        if index == 0:
            axes.legend(fontsize=7)


def _histogram(axes: Any, values: np.ndarray, bins: int, span: tuple[float, float], **style: Any) -> None:
    """A density over all values, also those outside the span, of which there may be none inside."""
    weight = bins / (len(values) * (span[1] - span[0]))
    axes.hist(values, bins, range=span, weights=np.full(len(values), weight), **style)


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.001, 0.999])
    margin = 0.15 * (high - low) or 0.5
    return float(low - margin), float(high + margin)
