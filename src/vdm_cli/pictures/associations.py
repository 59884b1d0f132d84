"""Pairwise associations of two samples, and what differs between them, as three heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vdm_cli.pictures.figure import new_figure, shortened

MOST_COLUMNS = 40
MOST_NUMBERS = 12  # columns up to which each cell shows its value
LONGEST_NAME = 24
LETTER, COLOR_BAR, TITLES = 0.08, 0.8, 0.55  # inches: width of a letter, of a color bar, height of titles


def draw_associations(
    p: np.ndarray, q: np.ndarray, names: Sequence[str], chance: float, labels: tuple[str, str]
) -> Any:
    """Draw associations of P, of Q, and Q - P on a scale of its own.

    Of more than `MOST_COLUMNS` columns, those whose associations differ most are drawn, in their order.

    Args:
        p: Associations in P, (d, d) in [-1, 1].
        q: Associations in Q, (d, d).
        names: Of the columns, at least d.
        chance: The size of differences that mean nothing: the scale of differences is never finer.
        labels: What P and Q are.

    Returns:
        The Matplotlib figure.
    """
    difference = q - p
    shown = np.sort(np.argsort(-np.abs(difference).max(axis=0), kind="stable")[:MOST_COLUMNS])
    count = len(shown)
    written = [shortened(names[index], LONGEST_NAME) for index in shown]
    side, margin = max(2.6, 0.21 * count), 0.3 + LETTER * max(map(len, written))
    width, height = margin + 3 * (side + COLOR_BAR), margin + side + TITLES
    figure = new_figure(width, height)
    figure.set_layout_engine("none")  # a constrained layout cuts off the names below square maps
    largest = float(np.abs(difference).max())
    scale = max(largest, chance, 1e-3)
    told = f"Q - P: at most {largest:.2g}; chance: {chance:.2g}"
    maps = (
        (labels[0], p, 1.0, "RdBu_r"),
        (labels[1], q, 1.0, "RdBu_r"),
        (told, difference, scale, "PuOr_r"),
    )
    for place, (title, matrix, limit, colors) in enumerate(maps):
        left = margin + place * (side + COLOR_BAR)
        axes = figure.add_axes((left / width, margin / height, side / width, side / height))
        bar = figure.add_axes(
            ((left + side + 0.1) / width, (margin + 0.2 * side) / height, 0.13 / width, 0.6 * side / height)
        )
        cells = matrix[np.ix_(shown, shown)]
        picture = axes.imshow(cells, cmap=colors, vmin=-limit, vmax=limit, aspect="equal")
        axes.set_title(title, fontsize=9, parse_math=False)
        axes.set_xticks(range(count), labels=written, rotation=90, fontsize=7, parse_math=False)
        axes.set_yticks(
            range(count), labels=written if place == 0 else [""] * count, fontsize=7, parse_math=False
        )
        figure.colorbar(picture, cax=bar).ax.tick_params(labelsize=6)
        if count <= MOST_NUMBERS:
            _write_numbers(axes, cells, limit)
    if count < len(p):
        figure.suptitle(f"{count} of {len(p)} columns: those whose associations differ most", fontsize=9)
    return figure


def _write_numbers(axes: Any, cells: np.ndarray, limit: float) -> None:
    for (row, column), value in np.ndenumerate(cells):
        shade = "white" if abs(value) > 0.65 * limit else "black"
        text = f"{value:.2f}".replace("0.", ".", 1).replace("-.00", ".00")
        axes.text(column, row, text, ha="center", va="center", fontsize=6, color=shade)
