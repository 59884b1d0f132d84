"""Lower limits that one divergence has because another one has a lower limit.

Nothing is spent on them: a limit that holds for H^2 with confidence 95 % gives one on KL with the same 95 %.
Sources: Tsybakov 2009, 'Introduction to Nonparametric Estimation', sec. 2.4; van Erven and Harremoes 2014
(Renyi divergences increase in their order; IEEE TIT 60).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vdm_cli.divergences.catalog import KL, REVERSE_KL, SQUARED_HELLINGER, TOTAL_VARIATION
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.cut import bernoulli_divergence
from vdm_cli.estimation.witness import Floats

_SHARES = 400


@dataclass(frozen=True, eq=False)
class Lift:
    """How a limit on one divergence bounds another.

    Attributes:
        name: Of the route, in a report.
        base: The divergence whose limit is used.
        lift: An increasing map from its value to a value that the other one is not below.
    """

    name: str
    base: FDivergence
    lift: Callable[[float], float]


def bhattacharyya(h: float) -> float:
    """-2 log(1 - H^2/2), the Renyi divergence of order 1/2: at most KL in either direction."""
    return -2.0 * math.log1p(-0.5 * min(h, 2.0 - 1e-12))


def least_at_total_variation(divergence: FDivergence, t: float) -> float:
    """The least D_f of any two laws of total variation t: of two coins whose chances are t apart.

    The set where p > q has P(A) - Q(A) = t, and data processing to it loses no total variation.
    (Gilardoni 2010, IEEE TIT 56; Pinsker's inequality for KL is weaker.)
    """
    t = min(t, 1.0 - 1e-9)
    if t <= 0.0:
        return divergence.at_equality
    low, high = 0.0, 1.0 - t
    for _ in range(2):
        b, width = _midpoints(low, high)
        values = bernoulli_divergence(divergence, b + t, b)
        best = int(np.argmin(values))
        low, high = max(b[best] - width, 0.0), min(b[best] + width, 1.0 - t)
    # Convex in b: beyond the best point it falls by less than it rises from there to a neighbor.
    around = values[max(best - 1, 0) : best + 2]
    least = 2.0 * float(values[best]) - float(np.max(around))
    above = least - divergence.at_equality
    return max(divergence.at_equality + above * (1.0 - 1e-6) - 1e-12, divergence.at_equality)


def _midpoints(low: float, high: float) -> tuple[Floats, float]:
    """Of equal cells, (n,), and their width: an end, where the minimum may lie, is half a cell away."""
    width = (high - low) / _SHARES
    return np.asarray(low + width * (np.arange(_SHARES) + 0.5)), width


def lifts_to(divergence: FDivergence) -> tuple[Lift, ...]:
    """Every lift to this divergence, the generic one from total variation first."""
    found = []
    if divergence.label != "total_variation":
        found.append(
            Lift("total_variation", TOTAL_VARIATION, lambda t: least_at_total_variation(divergence, t))
        )
    match divergence.label:
        case "kl" | "reverse_kl":
            found.append(Lift("squared_hellinger", SQUARED_HELLINGER, bhattacharyya))
        case "jeffreys":
            found.append(Lift("squared_hellinger", SQUARED_HELLINGER, lambda h: 2.0 * bhattacharyya(h)))
        case "total_variation":
            found.append(Lift("squared_hellinger", SQUARED_HELLINGER, lambda h: 0.5 * h))
        case "pearson_chi2":
            found.append(Lift("squared_hellinger", SQUARED_HELLINGER, lambda h: math.expm1(bhattacharyya(h))))
            found.append(Lift("kl", KL, math.expm1))
        case "neyman_chi2":
            found.append(Lift("squared_hellinger", SQUARED_HELLINGER, lambda h: math.expm1(bhattacharyya(h))))
            found.append(Lift("reverse_kl", REVERSE_KL, math.expm1))
    return tuple(found)
