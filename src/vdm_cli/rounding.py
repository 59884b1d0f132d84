"""Numbers of a table with as many digits as their standard error leaves."""

from __future__ import annotations

import math

MOST_DIGITS = 4  # of any one number
MOST_DECIMALS = 6


def decimals_of(error: float) -> int:
    """How many decimals of a number of this standard error are kept: down to two digits of the error."""
    if error <= 0.0:
        return MOST_DECIMALS
    return min(max(1 - math.floor(math.log10(error)), 0), MOST_DECIMALS)


def rounded_text(value: float | None, decimals: int) -> str:
    """A number after at most so many decimals, and four digits; nothing for None.

    Numbers beyond a million are written with an exponent, so that columns stay narrow.
    """
    if value is None:
        return ""
    if value == 0.0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value:.{MOST_DIGITS}g}"
    kept = _kept(value, decimals)
    return f"{0.0 if abs(value) < 0.5 * 10.0**-kept else value:.{kept}f}"


def limit_text(value: float, decimals: int) -> str:
    """A lower limit, rounded down: what is printed is still a limit."""
    if value == 0.0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    scale = 10.0 ** (MOST_DIGITS - 1 - exponent if exponent >= 6 else _kept(value, decimals))
    return rounded_text(math.floor(value * scale * (1.0 + math.copysign(1e-12, value))) / scale, decimals)


def _kept(value: float, decimals: int) -> int:
    """How many decimals are left of four digits."""
    return min(decimals, max(0, MOST_DIGITS - 1 - math.floor(math.log10(abs(value)))))
