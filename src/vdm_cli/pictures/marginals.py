"""Two samples side by side, one small picture a column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vdm_cli.comparison.marginals import level_shares, marginal_distance
from vdm_cli.data.dates import convert_unit, date_range
from vdm_cli.data.form import Form
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, new_figure, shortened

MOST_MARGINALS = 16
MOST_CATEGORIES = 12
BINS = 40
REACH = 2.0  # how far beyond P, in widths of P, the axis follows Q
LARGEST, TINY = 1e300, 1e-200  # drawn values and their differences must stay finite and normal
HEADROOM = 1.4  # of axes of P alone over the highest of P
SMALL = 6


def draw_marginals(
    p: np.ndarray,
    q: np.ndarray,
    names: Sequence[str],
    forms: Sequence[Form],
    labels: tuple[str, str],
    *,
    axes_of_p: bool = False,
) -> Any:
    """Draw the marginals of two samples of a table, at most `MOST_MARGINALS` of them, the first.

    Numbers and dates are histograms of the cells that are not blank, categories bars of shares.

    Args:
        p: Rows (n, d) in memory's coding, n >= 1.
        q: Rows (m, d).
        names: Of the d columns.
        forms: How they are written, d of them.
        labels: What P and Q are.
        axes_of_p: Whether all axes are those that suit P, whatever Q is.

    Returns:
        The Matplotlib figure.
    """
    count = min(len(names), MOST_MARGINALS)
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    figure = new_figure(max(5.0, 3.1 * across), 0.5 + 2.4 * down * (1.4 if count == 1 else 1.0))
    for index in range(count):
        axes = figure.add_subplot(down, across, index + 1)
        columns = p[:, index].astype(np.float64), q[:, index].astype(np.float64)
        draw_marginal(axes, *columns, names[index], forms[index], axes_of_p=axes_of_p)
    _legend(figure, labels)
    return figure


def draw_marginal(
    axes: Any, p: np.ndarray, q: np.ndarray, name: str, form: Form, *, axes_of_p: bool = False
) -> None:
    """Draw one column, (n,) and (m,) float64, with its distance in the title."""
    short = "TV" if form.kind == "category" else "KS"
    axes.set_title(shortened(name, 30), fontsize=8, loc="left", parse_math=False)
    axes.set_title(f"{short} {marginal_distance(p, q, form):.3f}", fontsize=SMALL, loc="right")
    axes.tick_params(labelsize=SMALL)
    if form.kind == "category":
        _bars(axes, p, q, form, axes_of_p)
    else:
        _histograms(axes, p, q, form, axes_of_p)


def _legend(figure: Any, labels: tuple[str, str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(color=color, label=label) for color, label in zip((P_COLOR, Q_COLOR), labels, strict=True)
    ]
    legend = figure.legend(handles=handles, loc="outside upper right", ncols=2, fontsize=8, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _histograms(axes: Any, p: np.ndarray, q: np.ndarray, form: Form, axes_of_p: bool) -> None:
    """Shares of the present values in common bins: P filled, Q outlined."""
    notes = []
    if form.blank is not None:
        notes.append("blank: " + ", ".join(f"{s} {100 * np.isnan(v).mean():.3g} %" for s, v in _sides(p, q)))
    p, q = (np.clip(side[~np.isnan(side)], -LARGEST, LARGEST) for side in (p, q))
    axes.set_yticks([])
    if not len(p) and not len(q):
        axes.set_xticks([])
    else:
        axes_of_p = axes_of_p and len(p) > 0
        edges = _edges(p, q[:0] if axes_of_p else q)
        notes += [
            f"{100 * share:.3g} % of {side} outside"
            for side, values in _sides(p, q)
            if len(values) and (share := np.mean((values < edges[0]) | (values > edges[-1]))) >= 0.01
        ]
        if form.kind == "date":
            first, last = date_range(form.unit)
            edges, p, q = (convert_unit(each.clip(first, last), form.unit, "D") for each in (edges, p, q))
            _date_axis(axes)
        else:
            axes.xaxis.set_major_locator(_few_ticks())
            axes.xaxis.get_offset_text().set_fontsize(SMALL)
        for values, style in ((p, {"fill": True, "alpha": 0.4, "color": P_COLOR}), (q, {"color": Q_COLOR})):
            if len(values):
                axes.stairs(np.histogram(values, edges)[0] / len(values), edges, lw=1.2, **style)
        axes.set_xlim(edges[0], edges[-1])
        highest = HEADROOM * axes.patches[0].get_data().values.max() if axes_of_p else None
        axes.set_ylim(0.0, highest)
    if notes or axes_of_p:
        axes.set_xlabel("; ".join(notes) or " ", fontsize=SMALL)


def _sides(p: np.ndarray, q: np.ndarray) -> tuple[tuple[str, np.ndarray], tuple[str, np.ndarray]]:
    return ("P", p), ("Q", q)


def _edges(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Edges of common bins, increasing; bins of whole numbers are centered on them."""
    low, high = _span(p, q)
    if max(abs(low), abs(high)) < 1e15 and all((side == np.round(side)).all() for side in (p, q)):
        low, high = math.floor(low), math.ceil(high)
        step = math.ceil((high - low + 1) / BINS)
        return np.arange(low - 0.5, high + step, step)
    size = max(abs(low), abs(high))
    constant = high - low <= max(1e-12 * size, TINY)
    margin = max(0.1 * size, TINY) if constant else 0.03 * (high - low)
    return np.linspace(low - margin, high + margin, BINS + 1)


def _span(p: np.ndarray, q: np.ndarray) -> tuple[float, float]:
    """Where nearly all of P lies, and as much of Q as leaves P readable."""
    spans = [np.quantile(side, [0.001, 0.999]) for side in (p, q) if len(side)]
    low, high = spans[0]
    reach = REACH * (high - low) or np.inf
    for other_low, other_high in spans[1:]:
        low, high = min(low, max(other_low, low - reach)), max(high, min(other_high, high + reach))
    return float(low), float(high)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def _date_axis(axes: Any) -> None:
    """Ticks of days since 1970 as years, months, days or times."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set_fontsize(SMALL)


def _bars(axes: Any, p: np.ndarray, q: np.ndarray, form: Form, axes_of_p: bool) -> None:
    """Shares of the most frequent categories, of all others together, and of blanks."""
    shares = np.stack([level_shares(side, len(form.categories)) for side in (p, q)])
    levels, blank = shares[:, :-1], shares[:, -1]
    order = np.argsort(-levels[0] if axes_of_p else -levels.sum(axis=0), kind="stable")
    kept = order if len(order) <= MOST_CATEGORIES + 1 else order[:MOST_CATEGORIES]
    bars = [(shortened(form.categories[code], 24), levels[:, code]) for code in kept]
    if len(kept) < len(order):
        bars.append((f"other ({len(order) - len(kept)})", levels[:, order[len(kept) :]].sum(axis=1)))
    if form.blank is not None:
        bars.append(("blank", blank))
    places = np.arange(len(bars))
    for offset, color, side in ((-0.2, P_COLOR, 0), (0.2, Q_COLOR, 1)):
        lengths = [share[side] for _, share in bars]
        axes.barh(places + offset, lengths, height=0.4, color=color, alpha=0.55 if side == 0 else 0.9)
    axes.set_yticks(places, labels=[name for name, _ in bars], fontsize=SMALL, parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(_few_ticks())
    axes.set_xlabel("share", fontsize=SMALL)
    if axes_of_p:
        axes.set_xlim(0.0, HEADROOM * max(share[0] for _, share in bars) or 1.0)
