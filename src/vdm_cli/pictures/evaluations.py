"""How the estimates of a run go over its steps, or over its seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, new_figure, shortened

SMALL = 7
ACROSS = 2
MOST_TICKS = 8


@dataclass(frozen=True)
class Course:
    """One divergence of one seed along the steps, or of all seeds of a step; every array is (k,), in nats.

    Attributes:
        places: Steps, or indices of seeds.
        estimate: The bound that the critics reached.
        low: Where its interval begins.
        high: Where it ends.
        certified: The certified lower limit.
        exact: The true value, NaN where it is not known.
    """

    places: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    certified: np.ndarray
    exact: np.ndarray


def draw_evaluations(
    panels: Sequence[tuple[str, float, Sequence[Course]]],
    title: str,
    along: str,
    level: str,
    best: int | None,
) -> Any:
    """Draw each divergence over the steps or seeds: estimate with interval, certificate, truth where known.

    Args:
        panels: A divergence's label, its value at P = Q, and its courses, several where several seeds go
            along the steps.
        title: Of the whole.
        along: What `Course.places` are: ``step`` or ``seed index``.
        level: Of intervals and certificates, such as ``95 %``.
        best: Which step is marked; None for none.

    Returns:
        The Matplotlib figure.
    """
    across = min(ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    figure = new_figure(max(5.6, 4.4 * across), 0.8 + 2.9 * down)
    figure.suptitle(shortened(title, 80), fontsize=9, parse_math=False)
    for index, (label, equality, courses) in enumerate(panels):
        axes = figure.add_subplot(down, across, index + 1)
        axes.set_title(shortened(label, 40), fontsize=9, loc="left", parse_math=False)
        axes.set_xlabel(along, fontsize=SMALL)
        axes.set_ylabel("nats", fontsize=SMALL)
        axes.tick_params(labelsize=SMALL)
        axes.axhline(equality, color="black", lw=0.6)
        _draw_panel(axes, courses, level, joined=along == "step")
        if best is not None:
            axes.axvline(best, color="black", lw=0.8, ls=":", label="best by validation rows")
        if len(courses[0].places) <= MOST_TICKS:
            axes.set_xticks(courses[0].places)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    labels = sorted(named, key=lambda text: not text.startswith("estimate"))  # which Matplotlib puts last
    figure.legend(
        [named[text] for text in labels],
        labels,
        loc="outside lower center",
        ncols=len(labels),
        fontsize=SMALL,
        frameon=False,
    )
    return figure


def _draw_panel(axes: Any, courses: Sequence[Course], level: str, *, joined: bool) -> None:
    """All courses of one divergence; several are faint, with their mean drawn over them."""
    many = len(courses) > 1
    strength = 0.4 if many else 1.0
    line = "-" if joined else "none"
    for index, course in enumerate(courses):
        first = index == 0

        def name(text: str, first: bool = first) -> str | None:
            return text if first else None

        arms = np.maximum(np.stack([course.estimate - course.low, course.high - course.estimate]), 0.0)
        axes.errorbar(
            course.places,
            course.estimate,
            yerr=arms,
            color=P_COLOR,
            alpha=strength,
            lw=1.0,
            ls=line,
            marker="o",
            ms=3,
            capsize=2,
            label=name(f"estimate, {level} interval" + ", a seed" * many),
        )
        axes.plot(
            course.places,
            course.certified,
            color=Q_COLOR,
            alpha=strength,
            lw=1.0,
            ls="--" if joined else "none",
            marker="^",
            ms=3.5,
            label=name(f"certified at {level}"),
        )
        if np.isfinite(course.exact).any():
            axes.plot(
                course.places,
                course.exact,
                color="black",
                alpha=strength,
                lw=0.9,
                ls=line,
                marker="x",
                ms=4,
                label=name("exact"),
            )
    if many:
        mean = np.mean([course.estimate for course in courses], axis=0)
        axes.plot(courses[0].places, mean, color=P_COLOR, lw=2.2, label="mean over seeds")
