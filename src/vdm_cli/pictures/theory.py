r"""Two facts about D_f seen on P = N(1, 1), Q = N(0, 1), whose log-ratio is v*(x) = x - 1/2.

The law of large numbers: a mean of f(p/q) over n draws of Q is off by about sigma n^(-1/2).
The variational bound: L(a) = E_P[T(a v*)] - E_Q[f*(T(a v*))] is D_f at a = 1 only, and f(1) for the constant
critic a = 0, which tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.precision import Float64Array, double_precision
from vdm_cli.pictures.figure import P_COLOR, Q_COLOR, WITNESS_COLOR

COUNTS = np.unique(np.round(np.logspace(1.0, 6.0, 41)).astype(int))
REPLICATES = 12
_RARE = 4.753  # Q's draws go beyond it, to either side, about twice in a million
_REACH = 37.0  # beyond it a normal density is below the smallest float64


@dataclass(frozen=True)
class MeanErrors:
    """How far means over n draws of Q are from D_f(P || Q).

    Attributes:
        errors: |mean - D_f| in nats, shape (REPLICATES, len(COUNTS)); None where they would show nothing.
        deviation: sigma, the standard deviation of f(p/q) under Q; ``inf`` if it has none.
        reason: Why there are no errors, in a few words; empty if there are.
    """

    errors: Float64Array | None
    deviation: float
    reason: str = ""


def exact_value(divergence: FDivergence) -> float:
    """D_f(N(1, 1) || N(0, 1)), perhaps ``inf``."""
    value = exact_divergence(divergence, GaussianMixture.gaussian(1.0), GaussianMixture.gaussian(0.0))
    assert value is not None  # one dimension is always in reach
    return value


def mean_errors(divergence: FDivergence, exact: float, seed: int = 0) -> MeanErrors:
    """Draw Q a million times over, `REPLICATES` times, and compare the running means of f(p/q) with D_f."""
    if not np.isfinite(exact):
        return MeanErrors(None, np.inf, "D_f is infinite here:\nthere is nothing for means to approach")
    f = in_float64(divergence.f)
    x = np.arange(-_REACH, _REACH, 0.01)
    with np.errstate(all="ignore"):
        mass = np.square(f(np.exp(x - 0.5)) - exact) * _normal(x) * 0.01
    total = float(np.sum(mass))
    if not np.isfinite(total) or max(mass[0], mass[-1]) > 1e-9 * total:
        return MeanErrors(
            None,
            np.inf,
            "the variance of f(p/q) is infinite or beyond float64:\nno n here is large enough for n^(−1/2)",
        )
    if np.sum(mass[np.abs(x) > _RARE]) > 0.5 * total:
        return MeanErrors(
            None,
            total**0.5,
            "the variance of f(p/q) is made by draws rarer\nthan one in a million: n^(−1/2) sets in later",
        )
    rng = np.random.default_rng(seed)
    errors = np.empty((REPLICATES, len(COUNTS)))
    for row in errors:
        values = f(np.exp(rng.standard_normal(COUNTS[-1]) - 0.5))
        row[:] = np.abs(np.cumsum(values)[COUNTS - 1] / COUNTS - exact)
    return MeanErrors(errors, total**0.5)


def bound_curve(witness: Elementwise, witness_conjugate: Elementwise, scales: Float64Array) -> Float64Array:
    """L(a) at each a of ``scales``, by the trapezoidal rule; nan where it overflows.

    The grid is symmetric about x = 1/2, where v* = 0, so that a jump of T there costs nothing.
    """
    x: Float64Array = 0.5 + 0.002 * np.arange(-6250.0, 6251.0)
    first, second = in_float64(witness), in_float64(witness_conjugate)
    values = []
    for scale in scales:
        v = scale * (x - 0.5)
        with np.errstate(all="ignore"):
            value = 0.002 * np.sum(first(v) * _normal(x - 1.0) - second(v) * _normal(x))
        values.append(value if np.isfinite(value) else np.nan)
    return np.array(values)


def draw_mean_errors(axes: Any, divergence: FDivergence, exact: float) -> None:
    """Errors of means against n, their root mean square, and the line sigma n^(-1/2)."""
    axes.set_title("law of large numbers: |mean of f(p/q) over n draws of Q − D_f|", fontsize=10)
    found = mean_errors(divergence, exact)
    if found.errors is None:
        say(axes, found.reason)
        return
    axes.loglog(COUNTS, found.errors.T, color=P_COLOR, lw=0.6, alpha=0.35)
    axes.plot([], [], color=P_COLOR, lw=0.6, alpha=0.6, label=f"{REPLICATES} replicates")
    rms = np.sqrt(np.mean(np.square(found.errors), axis=0))
    axes.loglog(COUNTS, rms, color=P_COLOR, lw=2.2, label="their root mean square")
    line = found.deviation / np.sqrt(COUNTS)
    axes.loglog(COUNTS, line, color=Q_COLOR, lw=1.5, ls="--", label="σ n^(−1/2), slope −1/2")
    axes.set_ylim(line[-1] / 30.0, max(line[0], rms[0]) * 4.0)
    axes.set_xlabel("n, draws of Q")
    axes.set_ylabel("error, nats")
    axes.legend(fontsize=8, loc="lower left")


def draw_bound(axes: Any, divergence: FDivergence, exact: float) -> None:
    """L(a) for critics a v*: D_f at a = 1, f(1) at a = 0."""
    axes.set_title("the bound L(a) = E_P[T(a v*)] − E_Q[f*(T(a v*))],  v* = log p/q", fontsize=10)
    scales = np.linspace(-0.5, 2.0, 126)  # has 0 and 1 in it
    curve = bound_curve(divergence.witness, divergence.witness_conjugate, scales)
    at_one = curve[75]
    if not np.isfinite(exact):
        say(axes, "D_f is infinite here:\nlower bounds on it have no end")
        return
    if not abs(at_one - exact) <= 1e-3 * abs(exact):
        say(axes, f"D_f = {exact:.3g} here,\nin tails beyond what can be drawn")
        return
    axes.plot(scales, curve, color=P_COLOR, lw=2.0, label="L(a)")
    if divergence.training_link is not None:
        surrogate = bound_curve(*divergence.training_link, scales)
        axes.plot(scales, surrogate, color=WITNESS_COLOR, lw=1.2, ls="--", label="L(a) of the pair trained")
    axes.axhline(exact, color=Q_COLOR, lw=1.2, ls="--", label=f"D_f = {exact:.5g}")
    axes.plot([1.0], [at_one], "o", color=Q_COLOR, ms=6, label="a = 1: T = f'(p/q), the bound is tight")
    axes.plot(
        [0.0],
        [divergence.at_equality],
        "o",
        color=WITNESS_COLOR,
        ms=6,
        label="a = 0: constant critic, L = f(1)",
    )
    height = exact - divergence.at_equality
    axes.set_ylim(divergence.at_equality - 1.2 * height, exact + 0.25 * height)
    axes.set_xlabel("a")
    axes.set_ylabel("nats")
    axes.legend(fontsize=8, loc="best")


def say(axes: Any, text: str) -> None:
    """Words where a curve would show nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=10, transform=axes.transAxes)


def _normal(x: Float64Array) -> Float64Array:
    return np.exp(-0.5 * np.square(x)) / np.sqrt(2.0 * np.pi)


def in_float64(function: Elementwise) -> Callable[[Float64Array], Float64Array]:
    """The function on NumPy arrays, compiled."""
    compiled = jax.jit(function)

    def evaluate(x: Float64Array) -> Float64Array:
        with double_precision():
            return np.asarray(compiled(jnp.asarray(x)))

    return evaluate
