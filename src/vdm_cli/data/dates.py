"""Points in time as whole units since 1970: which unit holds them, and how one becomes another."""

from __future__ import annotations

import numpy as np

from vdm_cli.data.form import Unit

_MICROSECONDS: dict[Unit, int] = {
    "D": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}


def coarsest_unit(microseconds: np.ndarray) -> Unit:
    """The coarsest unit of which all the times (n,), whole microseconds, are multiples."""
    return next(unit for unit, size in _MICROSECONDS.items() if not (microseconds % size).any())


def finer_unit(first: Unit, second: Unit) -> Unit:
    """The finer of two units."""
    return first if _MICROSECONDS[first] < _MICROSECONDS[second] else second


def from_microseconds(microseconds: np.ndarray, unit: Unit) -> np.ndarray:
    """Units, float64, of times (n,) in whole microseconds."""
    return (microseconds // _MICROSECONDS[unit]).astype(np.float64)


def to_microseconds(values: np.ndarray, unit: Unit) -> np.ndarray:
    """Microseconds, int64, of times (n,) in whole units of the years 1 to 9999."""
    return values.astype(np.int64) * _MICROSECONDS[unit]


def convert_unit(values: np.ndarray, unit: Unit, target: Unit) -> np.ndarray:
    """Times (n,) of one unit in another, float64; NaN stays."""
    return values * (_MICROSECONDS[unit] / _MICROSECONDS[target])


def date_range(unit: Unit) -> tuple[float, float]:
    """First and last time of the years 1 to 9999, which four digits can write, in units since 1970."""
    first, last = (int(np.datetime64(day, "D").astype(np.int64)) for day in ("0001-01-01", "9999-12-31"))
    units = _MICROSECONDS["D"] // _MICROSECONDS[unit]
    return float(first * units), float(np.nextafter((last + 1) * units, 0.0) // 1)
