"""How the estimated log-ratios of P and of Q are spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, new_figure

BINS = 61  # odd: log-ratios that are all 0 fall into the middle of one
TAIL = 0.002  # share of a side's rows that may lie beyond an end of the axis
SMALLEST_SPAN = 0.2  # nats: log-ratios that hardly vary are not blown up


def draw_log_ratios(
    p: np.ndarray,
    q: np.ndarray,
    labels: tuple[str, str],
    cap: float,
    weights: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
) -> Any:
    """Draw histograms of log p/q at rows of P and of Q on one axis, with shares and with their logarithms.

    Args:
        p: Scores of rows of P, (n,), n >= 1.
        q: Scores of rows of Q, (m,).
        labels: What P and Q are.
        cap: Log-ratio above which weights of rows of Q are clipped.
        weights: Of the rows of P and of Q; None where all count the same.

    Returns:
        The Matplotlib figure.
    """
    spans = np.array([np.quantile(side, [TAIL, 1.0 - TAIL]) for side in (p, q)])
    low, high = float(spans[:, 0].min()), float(spans[:, 1].max())
    margin = max(0.05 * (high - low), 0.5 * (SMALLEST_SPAN - (high - low)))
    edges = np.linspace(low - margin, high + margin, BINS + 1)
    beyond = any(np.any((side < edges[0]) | (side > edges[-1])) for side in (p, q))
    figure = new_figure(7.0, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for axes in (upper, lower):
        for values, weight, label, style in (
            (p, weights[0], labels[0], {"fill": True, "alpha": 0.4, "color": P_COLOR}),
            (q, weights[1], labels[1], {"color": Q_COLOR, "lw": 1.4}),
        ):
            each = np.full(len(values), 1.0) if weight is None else weight
            shares = np.histogram(values.clip(edges[0], edges[-1]), edges, weights=each / each.sum())[0]
            axes.stairs(shares, edges, label=label, **style)
        axes.axvline(0.0, color="black", lw=0.8)
        if low - margin < cap < high + margin:
            axes.axvline(cap, color="black", lw=0.9, ls=":", label="weights of Q are clipped from here on")
        axes.set_xlim(edges[0], edges[-1])
        axes.tick_params(labelsize=8)
        axes.set_ylabel("share of rows", fontsize=8)
    upper.set_ylim(bottom=0.0)
    lower.set_yscale("log")
    rarest = 1.0 / max(len(p), len(q))
    lower.set_ylim(0.5 * rarest, 1.5)
    lower.set_ylabel("the same, log scale", fontsize=8)
    told = "log p/q in nats: below 0 likelier under Q, above 0 likelier under P"
    lower.set_xlabel(told + "\n(outermost bars: all rows beyond)" * beyond, fontsize=8)
    legend = figure.legend(
        *upper.get_legend_handles_labels(), loc="outside upper left", ncols=2, fontsize=8, frameon=False
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
