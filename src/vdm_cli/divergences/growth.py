"""How f grows at zero and infinity, which decides where D_f is infinite."""

from __future__ import annotations

import math

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.perspective import ends, float64_pair

_FLAT = 1e-14  # increments so small beside the values are rounding errors
_PURE = 1e-8  # a change that a pure power's exponent may have by rounding
_STEADY = 0.25  # largest change of a power's exponent over a sixth of the range
_EXPLOSIVE = 1.4  # exponents that rise by such a factor: f grows faster than e^(c log(u)^2)


def growth(divergence: FDivergence) -> tuple[float, float]:
    """Exponents (low <= 0, high >= 1): f(u) grows as u^low at 0 and as u^high at infinity, up to logarithms.

    Returns:
        Infinite where f outgrows every power, as e^u does; nan where the exponent does not settle within
        the score limit.
    """
    finite = [math.isfinite(end) for end in ends(divergence)]
    low = 0.0 if finite[0] else _exponent(divergence, -1.0)
    high = 1.0 if finite[1] else _exponent(divergence, 1.0)
    return low if math.isnan(low) else min(low, 0.0), high if math.isnan(high) else max(high, 1.0)


def _exponent(divergence: FDivergence, sign: float) -> float:
    """From f* after T, which grows with the exponent of f, and so do its increments."""
    step = divergence.score_limit / 6.0
    values = float64_pair(divergence)(sign * step * np.arange(3.0, 7.0))[1]
    increments = np.abs(np.diff(values))
    if increments[2] <= _FLAT * np.abs(values).max():
        return 0.0
    first, second = map(float, np.diff(np.log(np.maximum(increments, 1e-300))) / step)
    if abs(second - first) < _PURE:
        return sign * round(second, 9)
    # a factor log(u)^m adds m / v to the exponent at v = 4 and 5 steps: it goes by extrapolation
    exponent = 5.0 * second - 4.0 * first
    if abs(exponent - second) > _STEADY:
        return sign * math.inf if second > _EXPLOSIVE * max(first, 0.0) else math.nan
    return sign * (float(round(exponent)) if abs(exponent - round(exponent)) < 0.02 else exponent)
