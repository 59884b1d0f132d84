"""Draw what an evaluation compared: `vdm eval-divergence --plot`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.plot_rows import ROW_NAMES, plot_features, plot_images, plot_scores
from vdm_cli.comparison.compare import Comparison
from vdm_cli.errors import UsageError
from vdm_cli.pictures.associations import draw_associations
from vdm_cli.pictures.figure import save_figure, shortened
from vdm_cli.pictures.images import draw_choice
from vdm_cli.pictures.marginals import MOST_MARGINALS, draw_marginals

MARGINALS, ASSOCIATIONS = "marginals.png", "associations.png"
P_IMAGES, Q_IMAGES = "images-p.png", "images-q.png"
NAMES = (MARGINALS, ASSOCIATIONS, P_IMAGES, Q_IMAGES, *ROW_NAMES)
LONGEST_LABEL = 40


def check_plots(directory: str | Path, names: Sequence[str] = NAMES) -> None:
    """Refuse a folder that pictures could not be written into, before anything is computed for them.

    Args:
        directory: The folder; it need not exist.
        names: Of the pictures.

    Raises:
        UsageError: If it holds one of the pictures already, is no folder, or cannot be written to.
    """
    folder = Path(directory)
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"--plot {directory}: is not a folder")
        there = [name for name in names if (folder / name).exists()]
        if there:
            raise UsageError(f"--plot {directory}: it has {', '.join(there)} already; choose another folder")
        parent = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    except OSError as error:
        raise UsageError(f"--plot {directory}: cannot be used: {error.strerror or error}") from error
    if not parent.is_dir():
        raise UsageError(f"--plot {directory}: {parent} is not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"--plot {directory}: no permission to write in the folder {parent}")


def plot_evaluation(found: Evaluation, directory: str | Path) -> tuple[Path, ...]:
    """Draw P beside Q into a folder, which is made where there is none.

    Tables give `MARGINALS` and, where they have two columns or more, `ASSOCIATIONS`; images give `P_IMAGES`
    and `Q_IMAGES`, a random choice of each on one scale of shades.  Both give what critics say of their rows
    and what columns or pixels say alone: see `vdm_cli.commands.plot_rows`.

    Args:
        found: What `eval_checkpoint` or `eval_files` returned.
        directory: The folder; no picture in it is replaced.

    Returns:
        The pictures.

    Raises:
        UsageError: If the folder holds one of the pictures already, or cannot be written to.
    """
    check_plots(directory)
    folder = Path(directory)
    sides = found.sides
    p_name, q_name = _names(sides.p_source, sides.q_source)
    labels = shortened(f"P: {p_name}", LONGEST_LABEL), shortened(f"Q: {q_name}", LONGEST_LABEL)
    if found.comparison is not None:
        drawn = _plot_table(found.comparison, labels, folder)
        return *drawn, *plot_scores(found, labels, folder), *plot_features(found, folder)
    p, q = sides.p.rows, sides.q.rows
    shades = float(min(p.min(), q.min())), float(max(p.max(), q.max()))
    drawn = _plot_choices(p, q, shades, folder)
    return *drawn, *plot_scores(found, labels, folder), *plot_images(found, shades, folder)


def _names(p_source: str, q_source: str) -> tuple[str, str]:
    """The sources without their folders, where that leaves them different."""
    names = Path(p_source).name, Path(q_source).name
    return names if names[0] != names[1] else (p_source, q_source)


def _plot_table(comparison: Comparison, labels: tuple[str, str], folder: Path) -> tuple[Path, ...]:
    width = len(comparison.names)
    shown = comparison.farthest_columns(MOST_MARGINALS)
    figure = draw_marginals(
        comparison.p[:, shown],
        comparison.q[:, shown],
        [comparison.names[index] for index in shown],
        [comparison.forms[index] for index in shown],
        labels,
    )
    if len(shown) < width:
        figure.suptitle(f"{len(shown)} of {width} columns: those that differ most", fontsize=9)
    save_figure(figure, folder / MARGINALS)
    if width < 2:
        return (folder / MARGINALS,)
    p, q = comparison.p_associations, comparison.q_associations
    figure = draw_associations(p, q, comparison.names, comparison.chance_association, labels)
    save_figure(figure, folder / ASSOCIATIONS)
    return folder / MARGINALS, folder / ASSOCIATIONS


def _plot_choices(
    p: np.ndarray, q: np.ndarray, shades: tuple[float, float], folder: Path
) -> tuple[Path, ...]:
    draw_choice(folder / P_IMAGES, p, shades)
    draw_choice(folder / Q_IMAGES, q, shades)
    return folder / P_IMAGES, folder / Q_IMAGES
