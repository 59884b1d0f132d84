"""Which columns differ most, as bars; which pixels, as a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vdm_cli.pictures.figure import P_COLOR, WITNESS_COLOR, new_figure, shortened

MOST_BARS = 20
LONGEST_NAME = 30


def draw_features(
    names: Sequence[str],
    estimates: np.ndarray,
    errors: np.ndarray,
    whole: float | None = None,
) -> Any:
    """Draw bounds on the Jensen-Shannon divergence of single columns.

    Args:
        names: Of the columns, those that differ most first, (d,).
        estimates: In nats, (d,); the first `MOST_BARS` are drawn.
        errors: Their standard errors, (d,).
        whole: The bound on the divergence of whole rows, which critics of all columns reach; None where it is
            not known.

    Returns:
        The Matplotlib figure.
    """
    count = min(len(names), MOST_BARS)
    values, errors = np.asarray(estimates)[:count], np.asarray(errors)[:count]
    figure = new_figure(6.5, max(2.7, 1.3 + 0.24 * count))
    axes = figure.add_subplot()
    places = np.arange(count)
    axes.barh(places, np.maximum(values, 0.0), height=0.65, color=P_COLOR, alpha=0.55)
    axes.errorbar(values, places, xerr=errors, fmt="none", ecolor="black", lw=0.9, capsize=2)
    reach = float(np.max(values + errors, initial=1e-3))
    end = max(reach, whole or 0.0) * 1.12
    for place, value, error in zip(places, values, errors, strict=True):
        axes.annotate(
            f"{value:.4f}",
            (max(value + error, 0.0), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
    if whole is not None and whole > 0:
        axes.axvline(whole, color=WITNESS_COLOR, lw=1.2, ls="--")
        axes.set_title(f"dashed: all columns together, {whole:.4f}", fontsize=8, loc="right")
    axes.set_xlim(min(0.0, float(np.min(values - errors, initial=0.0))), end)
    axes.set_yticks(
        places, labels=[shortened(name, LONGEST_NAME) for name in names[:count]], fontsize=8, parse_math=False
    )
    axes.set_ylim(count - 0.4, -0.6)
    axes.tick_params(axis="x", labelsize=8)
    which = f"\n{count} of {len(names)} columns, those that differ most" if count < len(names) else ""
    figure.supxlabel(
        "Jensen-Shannon divergence of a column alone: held-out lower bound, nats,\n"
        f"with its standard error; at most log 2 = {math.log(2):.3f}{which}",
        fontsize=8,
    )
    return figure
