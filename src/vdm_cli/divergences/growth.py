"""How f grows at zero and infinity, which decides where D_f is infinite and how far its table reaches."""

from __future__ import annotations

import math

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.perspective import ends, float64_pair

_FLAT = 1e-14  # increments so small beside the values are rounding errors
_STEADY = 0.25  # largest change of a power's exponent over a sixth of the range
_EXPLOSIVE = 1.4  # exponents that rise by such a factor: f grows faster than e^(c log(u)^2)
_STRAIGHT = 1e-6


def growth(divergence: FDivergence) -> tuple[float, float]:
    """Exponents (low <= 0, high >= 1): f(u) grows as u^low at 0 and as u^high at infinity, up to logarithms.

    Returns:
        Infinite where f outgrows every power, as e^u does; nan where the exponent does not settle within
        the score limit.
    """
    finite = [math.isfinite(end) for end in ends(divergence)]
    low = 0.0 if finite[0] else _exponent(divergence, -1.0)
    high = 1.0 if finite[1] else _exponent(divergence, 1.0)
    return min(low, 0.0) if low == low else low, max(high, 1.0) if high == high else high


def _exponent(divergence: FDivergence, sign: float) -> float:
    """From f* after T, which grows with the exponent of f, and so do its increments."""
    step = divergence.score_limit / 6.0
    values = float64_pair(divergence)(sign * step * np.arange(3.0, 7.0))[1]
    increments = np.abs(np.diff(values))
    if increments[2] <= _FLAT * np.abs(values).max():
        return 0.0
    first, second = np.diff(np.log(np.maximum(increments, 1e-300))) / step
    # a factor log(u)^m adds m / v to the exponent at v = 4 and 5 steps: it goes by extrapolation
    exponent = 5.0 * second - 4.0 * first
    if abs(exponent - second) > _STEADY:
        return sign * math.inf if second > _EXPLOSIVE * max(first, 0.0) else math.nan
    nearest = round(exponent)
    return sign * (float(nearest) if abs(exponent - nearest) < 0.02 else exponent)


def extends(divergence: FDivergence) -> tuple[bool, bool]:
    """Whether T and f* after T are right below -score_limit and above score_limit.

    The named rows are.  A table goes on straight, or as the exponential through its last values
    (`perspective`): right if the same extension from the middle of the table meets its end.
    """
    if divergence.ends is None:
        return True, True
    limit = divergence.score_limit
    results = []
    for sign in (-1.0, 1.0):
        scores = sign * np.array([0.0, 0.5 * limit - 1.0, 0.5 * limit, limit - 1.0, limit])
        fits = []
        for center, before, middle, near, end in float64_pair(divergence)(scores):
            straight = middle + (middle - before) * 0.5 * limit
            fits.append(math.isclose(straight, end, rel_tol=_STRAIGHT, abs_tol=_STRAIGHT))
            if not fits[-1] and min(abs(before - center), abs(near - center)) > 0.0:
                rates = abs((middle - center) / (before - center)), abs((end - center) / (near - center))
                fits[-1] = math.isclose(*rates, rel_tol=_STRAIGHT)
        results.append(all(fits))
    return results[0], results[1]
