"""Pictures of what critics say of rows, and of columns and pixels alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.extremes import extreme_places, file_rows
from vdm_cli.divergences.catalog import JENSEN_SHANNON
from vdm_cli.estimation.marginal import marginal_bounds
from vdm_cli.estimation.weights import Weights
from vdm_cli.pictures.calibration import draw_calibration
from vdm_cli.pictures.extremes import ACROSS, draw_extremes
from vdm_cli.pictures.features import draw_features
from vdm_cli.pictures.figure import save_figure
from vdm_cli.pictures.log_ratios import draw_log_ratios
from vdm_cli.pictures.pixels import draw_pixels

LOG_RATIOS, CALIBRATION, FEATURES = "log-ratios.png", "calibration.png", "features.png"
EXTREMES, PIXELS = "extremes.png", "pixels.png"
ROW_NAMES = (LOG_RATIOS, CALIBRATION, FEATURES, EXTREMES, PIXELS)


def plot_scores(found: Evaluation, labels: tuple[str, str], folder: Path) -> tuple[Path, ...]:
    """Draw how log-ratios are spread, and whether they are calibrated.

    Args:
        found: The evaluation.
        labels: What P and Q are.
        folder: Where the pictures go.
    """
    sides, scores = found.sides, found.estimation.scores
    weights = _taken(sides.p_weights, scores.p_rows), _taken(sides.q_weights, scores.q_rows)
    cap = math.log(found.weights.largest_ratio)
    save_figure(draw_log_ratios(scores.p, scores.q, labels, cap, weights), folder / LOG_RATIOS)
    save_figure(draw_calibration(scores.p, scores.q, weights), folder / CALIBRATION)
    return folder / LOG_RATIOS, folder / CALIBRATION


def plot_features(found: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Draw how much each column differs by itself; nothing where no column was looked at."""
    if not found.features:
        return ()
    whole = [row.estimate for row in found.estimation.estimates if row.divergence == JENSEN_SHANNON.label]
    if found.treatment.words:  # a channel or a map of the rows: it bounds no column of the rows as they are
        whole = []
    figure = draw_features(
        [feature.name for feature in found.features],
        np.array([feature.bound.estimate for feature in found.features]),
        np.array([feature.bound.standard_error for feature in found.features]),
        whole[0] if whole else None,
    )
    save_figure(figure, folder / FEATURES)
    return (folder / FEATURES,)


def plot_images(found: Evaluation, shades: tuple[float, float], folder: Path) -> tuple[Path, ...]:
    """Draw the images that look least like the other side, and where in the picture the sides differ.

    Args:
        found: An evaluation of images.
        shades: The values that are black and white.
        folder: Where the pictures go.
    """
    sides, scores = found.sides, found.estimation.scores
    p, q = sides.p.rows, sides.q.rows
    first, second = extreme_places(scores, sides, ACROSS)
    p_rows, q_rows = scores.p_rows[first], scores.q_rows[second]
    figure = draw_extremes(
        p[p_rows],
        q[q_rows],
        (file_rows(p_rows, sides.p_places), file_rows(q_rows, sides.q_places)),
        (scores.p[first], scores.q[second]),
        shades,
    )
    save_figure(figure, folder / EXTREMES)
    bounds = marginal_bounds(
        p,
        q,
        (),
        [JENSEN_SHANNON],
        seed=found.estimation.seed,
        p_weights=sides.p_weights,
        q_weights=sides.q_weights,
    )
    means = [
        np.average(rows, axis=0, weights=None if weights is None else weights.values)
        for rows, weights in ((p, sides.p_weights), (q, sides.q_weights))
    ]
    save_figure(
        draw_pixels(means[0], means[1], bounds.estimates[0].reshape(p.shape[1:]), shades), folder / PIXELS
    )
    return folder / EXTREMES, folder / PIXELS


def _taken(weights: Weights | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights.values[rows]
