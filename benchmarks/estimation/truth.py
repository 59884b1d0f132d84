"""True divergences of laws that `vdm_cli.divergences.exact` has no type for: other lines, and atoms."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import KnownValue
from vdm_cli.divergences.perspective import perspective

Floats = NDArray[np.float64]
LogDensity = Callable[[Floats], Floats]
Truth = Callable[[Sequence[FDivergence]], dict[str, KnownValue]]

_NODES = 400_000


def on_line(log_p: LogDensity, log_q: LogDensity, infinite: Sequence[str] = ()) -> Truth:
    r"""∫ over the line at x = tan(angle), by the midpoint rule in the angle: it reaches polynomial tails.

    Args:
        log_p: log p at x, (n,) -> (n,), a density that falls at least as x^-2.
        log_q: The same of q.
        infinite: Names of the divergences whose integral diverges; a grid does not tell.
    """

    def truth(divergences: Sequence[FDivergence]) -> dict[str, KnownValue]:
        angle = math.pi * ((np.arange(_NODES) + 0.5) / _NODES - 0.5)
        x, log_width = np.tan(angle), math.log(math.pi / _NODES) - 2.0 * np.log(np.cos(angle))
        logs = log_p(x) + log_width, log_q(x) + log_width
        return {
            row.label: KnownValue(math.inf if row.name in infinite else _total(row, *logs))
            for row in divergences
        }

    return truth


def on_atoms(log_p: Floats, log_q: Floats) -> Truth:
    """The sum over atoms of two discrete laws, whose log probabilities are given, (k,) each."""
    return lambda divergences: {row.label: KnownValue(_total(row, log_p, log_q)) for row in divergences}


def sampled(divergence: FDivergence, log_ratio_p: Floats, log_ratio_q: Floats) -> tuple[float, float]:
    """D_f and its standard error from draws of P and of Q and their exact log p/q, as many of each.

    They count as draws of (P + Q)/2, as in `vdm_cli.divergences.monte_carlo`: the variance is finite where f
    grows at most linearly in p/q and in q/p.
    """
    means, variances = [], []
    for v in (log_ratio_p, log_ratio_q):
        terms = perspective(
            divergence, math.log(2.0) - np.logaddexp(0.0, -v), math.log(2.0) - np.logaddexp(0.0, v)
        )
        means.append(float(np.mean(terms)))
        variances.append(float(np.var(terms, ddof=1)) / len(terms))
    return divergence.at_equality + 0.5 * sum(means), 0.5 * math.sqrt(sum(variances))


def _total(divergence: FDivergence, log_p: Floats, log_q: Floats) -> float:
    return divergence.at_equality + float(np.sum(perspective(divergence, log_p, log_q)))
