"""One divergence in five panels: f, f*, T after its score, and what means and bounds make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.precision import Float64Array
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, WITNESS_COLOR, new_figure, save_figure, shortened
from vdm_cli.pictures.theory import draw_bound, draw_mean_errors, exact_value, in_float64

_TANGENTS = (-1.2, 0.0, 0.9)  # scores v; the tangents of f touch at u = e^v
_FAR = 40.0  # a score at which a T that has a limit is there


def draw_divergence(path: Path, divergence: FDivergence) -> None:
    """Draw f with its tangents, f*, T and f* after T, the law of large numbers, and the bound.

    Args:
        path: Where the PNG goes.
        divergence: Any, also a user's.
    """
    figure = new_figure(13.5, 8.0)
    grid = figure.add_gridspec(2, 6)
    _draw_f(figure.add_subplot(grid[0, 0:2]), divergence)
    _draw_conjugate(figure.add_subplot(grid[0, 2:4]), divergence)
    _draw_pair(figure.add_subplot(grid[0, 4:6]), divergence)
    exact = exact_value(divergence)
    draw_mean_errors(figure.add_subplot(grid[1, 0:3]), divergence, exact)
    draw_bound(figure.add_subplot(grid[1, 3:6]), divergence, exact)
    title = f"{shortened(divergence.label, 70)}:  {shortened(divergence.title, 60)}"
    value = "∞" if np.isinf(exact) else f"{exact:.6g} nats"
    figure.suptitle(
        f"{title}\nbelow: P = N(1, 1), Q = N(0, 1), D_f(P‖Q) = {value}", fontsize=12, parse_math=False
    )
    save_figure(figure, path)


def _draw_f(axes: Any, divergence: FDivergence) -> None:
    u = np.linspace(0.004, 4.0, 1000)
    f = in_float64(divergence.f)(u)
    slopes, conjugates = _pair(divergence, np.array(_TANGENTS))
    axes.plot(u, f, color=P_COLOR, lw=2.2, label="f(u)", zorder=3)
    for score, t, star in zip(_TANGENTS, slopes, conjugates, strict=True):
        axes.plot(u, u * t - star, color=WITNESS_COLOR, lw=0.9, ls="--")
        axes.plot([np.exp(score)], [np.exp(score) * t - star], "o", color=WITNESS_COLOR, ms=4, zorder=4)
    axes.plot([], [], color=WITNESS_COLOR, lw=0.9, ls="--", label="tangents t u − f*(t)")
    axes.axvline(1.0, color="0.8", lw=0.8, zorder=0)
    axes.set_ylim(_room(f[u > 0.15], 0.25))
    _finish(axes, "f(u): the largest of its tangents", "u = p/q")


def _draw_conjugate(axes: Any, divergence: FDivergence) -> None:
    """f* is drawn as the curve (T(v), f*(T(v))): where T jumps, f* is the straight line between."""
    end = min(divergence.score_limit, _FAR)
    v = end * np.linspace(-1.0, 1.0, 2001) ** 3  # most points near 0
    t, star = _pair(divergence, v)
    shown = np.abs(v) <= 1.6
    low, high = _room(t[shown], 0.12)
    inner, _ = _pair(divergence, np.array([-0.7, 0.7]) * end)
    flat, ends = np.abs(t[[0, -1]] - inner) <= 0.01 * (high - low)  # T comes to a limit, which bounds slopes
    if flat:
        low = min(low, t[0] - 0.15 * (high - t[0]))
        axes.plot([low, t[0]], [star[0], star[0]], color=P_COLOR, lw=2.2)
    axes.plot(t, star, color=P_COLOR, lw=2.2, label="f*(t)")
    if ends:
        high = max(min(high, t[-1]), t[-1]) + 0.12 * (t[-1] - low)
        axes.axvspan(t[-1], high, color=Q_COLOR, alpha=0.15, lw=0, label="f* = ∞")
    line = np.array([low, high])
    one = divergence.at_equality
    axes.plot(line, line - one, color=WITNESS_COLOR, lw=0.9, ls="--", label="t − f(1), touched at t = f'(1)")
    center, at_center = _pair(divergence, np.zeros(1))
    axes.plot(center, at_center, "o", color=WITNESS_COLOR, ms=4, zorder=4)
    axes.set_xlim(low, high)
    axes.set_ylim(_room(star[shown], 0.2))
    _finish(axes, "f*(t) = sup over u of t u − f(u)", "t, a slope of f")


def _draw_pair(axes: Any, divergence: FDivergence) -> None:
    v = np.linspace(-4.0, 4.0, 801)
    t, star = _pair(divergence, v)
    axes.plot(v, t, color=P_COLOR, lw=2.2, label="T(v) = f'(e^v)")
    axes.plot(v, star, color=Q_COLOR, lw=1.8, label="f*(T(v))")
    if divergence.training_link is not None:
        trained = in_float64(divergence.training_link[0])(v)
        axes.plot(v, trained, color=WITNESS_COLOR, lw=1.2, ls="--", label="T(v) trained")
    axes.axvline(0.0, color="0.8", lw=0.8, zorder=0)
    values = np.concatenate([t, star])
    low, high = _room(values[np.tile(np.abs(v) <= 1.0, 2)], 2.0)  # a steep f must not flatten the rest
    axes.set_ylim(_room(np.clip(values, low, high), 0.05))
    _finish(axes, "T and f* after T", "score v, an estimate of log p/q")


def _pair(divergence: FDivergence, v: Float64Array) -> tuple[Float64Array, Float64Array]:
    t, star = in_float64(lambda v: jnp.stack([divergence.witness(v), divergence.witness_conjugate(v)]))(v)
    return t, star


def _room(values: Float64Array, margin: float) -> tuple[float, float]:
    """Ends of an axis that shows these values with a margin."""
    known = values[np.isfinite(values)]
    low, high = float(known.min()), float(known.max())
    spare = margin * ((high - low) or 1.0)
    return low - spare, high + spare


def _finish(axes: Any, title: str, label: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(label)
    axes.locator_params(axis="x", nbins=7)
    axes.legend(fontsize=8)
