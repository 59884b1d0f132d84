"""Draw how the evaluations of a run go: `vdm eval-divergence --step all --plot`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vdm_cli.commands.follow import Followed, Measured
from vdm_cli.commands.plot_evaluation import check_plots
from vdm_cli.estimation.result import DivergenceEstimate
from vdm_cli.pictures.evaluations import Course, draw_evaluations
from vdm_cli.pictures.figure import save_figure

EVALUATIONS = "evaluations.png"
MOST_PANELS = 8


def plot_followed(found: Followed, labels: Sequence[str], directory: str | Path) -> tuple[Path, ...]:
    """Draw estimates, intervals and certificates against the step, or against the seed of a single step.

    Args:
        found: What `follow_run` returned.
        labels: Which of its divergences, at most `MOST_PANELS` of them, the first.
        directory: The folder, made where there is none; no picture in it is replaced.

    Returns:
        The picture.

    Raises:
        UsageError: If the folder holds the picture already, or cannot be written to.
    """
    check_plots(directory, (EVALUATIONS,))
    steps = len(found.steps) > 1
    panels = [
        (label, -math.log(4.0) if label == "gan" else 0.0, _courses(found, label, steps))
        for label in labels[:MOST_PANELS]
    ]
    figure = draw_evaluations(
        panels,
        f"{found.run}: test rows against fresh samples"
        + ("" if len(found.seeds) > 1 else f", seed index {found.seeds[0]}")
        + ("" if steps else f", step {found.steps[0]}"),
        "step" if steps else "seed index",
        f"{100 * found.level:g} %",
        found.best_step if steps and found.best_step in found.steps else None,
    )
    path = Path(directory) / EVALUATIONS
    save_figure(figure, path)
    return (path,)


def _courses(found: Followed, label: str, steps: bool) -> list[Course]:
    """One for each seed along the steps, or one of all seeds of the only step."""
    rows = found.of(label)
    if not steps:
        return [_course(rows, lambda each: each.seed_index)]
    return [
        _course([(each, row) for each, row in rows if each.seed_index == seed], lambda each: each.step)
        for seed in found.seeds
    ]


def _course(rows: Sequence[tuple[Measured, DivergenceEstimate]], place: Callable[[Measured], int]) -> Course:
    return Course(
        places=np.array([place(each) for each, _ in rows]),
        estimate=np.array([row.estimate for _, row in rows]),
        low=np.array([row.ci[0] for _, row in rows]),
        high=np.array([row.ci[1] for _, row in rows]),
        certified=np.array([row.certified_lower for _, row in rows]),
        exact=np.array([np.nan if row.exact is None else row.exact for _, row in rows]),
    )
