"""Whether estimated log-ratios can be taken at their word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta

from vdm_cli.pictures.figure import P_COLOR, new_figure

BINS = 15
LEVEL = 0.95  # of the intervals


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted and observed shares of P, were there as many rows of P as of Q.

    Attributes:
        predicted: Mean of sigma(log p/q) in each bin, increasing, (k,).
        log_odds: Of the former, finite however near to 0 or 1 it is, (k,).
        observed: Share of P among the rows in it, (k,).
        low: Lower ends of exact binomial intervals of the latter at `LEVEL`, (k,).
        high: Upper ends.
    """

    predicted: np.ndarray
    log_odds: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray


def reliability(
    p: np.ndarray,
    q: np.ndarray,
    weights: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    bins: int = BINS,
) -> Reliability:
    """Compare predictions with what came, in at most `bins` bins of equal weight.

    Intervals are those of Clopper and Pearson (1934) for the counts of the bin, effective ones where rows
    are weighted, mapped to equal shares of P and Q.

    Args:
        p: Estimated log p/q at rows of P, (n,).
        q: The same at rows of Q, (m,).
        weights: Of the rows of P and of Q; None where all count the same.
        bins: How many.
    """
    shares, sizes = [], []
    for values, weight in zip((p, q), weights, strict=True):
        each = np.ones(len(values)) if weight is None else weight
        shares.append(each / each.sum())
        sizes.append(each.sum() ** 2 / np.square(each).sum())
    scores = np.concatenate([p, q])
    order = np.argsort(scores, kind="stable")
    upto = np.cumsum(np.concatenate(shares)[order])
    cuts = np.searchsorted(upto, upto[-1] * np.arange(1, bins) / bins)
    edges = np.unique(scores[order][np.minimum(cuts, len(scores) - 1)])
    where = [np.searchsorted(edges, side, side="right") for side in (p, q)]
    count = len(edges) + 1
    of_p, of_q = (np.bincount(bin, share, count) for bin, share in zip(where, shares, strict=True))
    total = of_p + of_q
    by_bin = zip(where, shares, (p, q), strict=True)
    pairs = [
        [np.bincount(bin, share * expit(sign * side), count) for sign in (1, -1)]
        for bin, share, side in by_bin
    ]
    expected, otherwise = np.sum(pairs, axis=0)
    kept = total > 0
    rows_p, rows_q = of_p * sizes[0], of_q * sizes[1]
    tail = (1.0 - LEVEL) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(rows_p > 0, beta.ppf(tail, rows_p, rows_q + 1.0), 0.0)
        high = np.where(rows_q > 0, beta.ppf(1.0 - tail, rows_p + 1.0, rows_q), 1.0)
    balance = sizes[0] / (sizes[0] + sizes[1])
    return Reliability(
        expected[kept] / total[kept],
        np.log(expected[kept]) - np.log(otherwise[kept]),
        of_p[kept] / total[kept],
        _balanced(low[kept], balance),
        _balanced(high[kept], balance),
    )


def _balanced(share: np.ndarray, of_p: float) -> np.ndarray:
    """Shares of P among rows of which P has `of_p`, were both sides equally many."""
    p, q = share / of_p, (1.0 - share) / (1.0 - of_p)
    return np.asarray(p / (p + q))


def draw_calibration(
    p: np.ndarray,
    q: np.ndarray,
    weights: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
) -> Any:
    """Draw observed against predicted shares of P, once as probabilities and once as log-ratios.

    Where P and Q are all but separated, the first has its points in two corners; the second tells them apart.

    Args:
        p: Estimated log p/q at rows of P, (n,).
        q: The same at rows of Q, (m,).
        weights: Of the rows of P and of Q; None where all count the same.

    Returns:
        The Matplotlib figure.
    """
    found = reliability(p, q, weights)
    figure = new_figure(9.6, 5.1)
    left, right = figure.subplots(1, 2)
    _points(left, found.predicted, found.observed, found.low, found.high, (-0.03, 1.03))
    left.set_xlabel("predicted probability that a row is one of P, 1 / (1 + q/p)", fontsize=8)
    left.set_ylabel("share of P among these rows, P and Q equally many", fontsize=8)
    with np.errstate(divide="ignore"):
        observed, low, high = (logit(each) for each in (found.observed, found.low, found.high))
    ends = np.concatenate([found.log_odds, observed[np.isfinite(observed)]])
    reach = max(1.0, 1.15 * float(np.abs(ends).max()))
    low, high = low.clip(-2 * reach), high.clip(max=2 * reach)
    _points(right, found.log_odds, observed, low, high, (-reach, reach))
    right.set_xlabel("predicted log p/q, nats", fontsize=8)
    right.set_ylabel("log of the observed ratio", fontsize=8)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize=8, frameon=False
    )
    return figure


def _points(
    axes: Any,
    predicted: np.ndarray,
    observed: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    ends: tuple[float, float],
) -> None:
    """Points with their intervals beside the diagonal; an interval alone where the point is infinite."""
    axes.plot(ends, ends, color="black", lw=0.8, label="perfectly calibrated")
    axes.vlines(predicted, low, high, color=P_COLOR, lw=1.2, label=f"{100 * LEVEL:g} % interval of the share")
    shown = np.isfinite(observed)
    axes.plot(
        predicted[shown],
        observed[shown],
        "o",
        color=P_COLOR,
        ms=4,
        label="rows of a bin (no point: all of one side)",
    )
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8)
