"""One measure of two samples, as typed values, as JSON and as lines of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes:
        what: What the number is, in at most 48 characters.
        value: The number; None where there is none.
        at_equality: What P = Q gives for as many rows, exactly, on average or in one random deal.
        p_value: Of P = Q.
    """

    what: str
    value: float | None
    at_equality: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Measure:
    """What one measure found.

    Attributes:
        name: See `vdm_cli.two_sample.names.METRICS`; ``renyi:A`` for one of several.
        value: The number; None where there is none, and `note` says why.
        rows: How many rows of P and of Q it was computed from.
        lines: What a table shows of it; the first line has the value.
        note: Why the value is missing, or what a reader must know of it; None where there is nothing to say.
        details: What the JSON document holds beside: intervals, p-values, settings.
    """

    name: str
    value: float | None
    rows: tuple[int, int]
    lines: tuple[Line, ...] = ()
    note: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, each number finite or None."""
        plain = {"name": self.name, "value": self.value, **self.details, "rows": list(self.rows)}
        return {**{key: _finite(value) for key, value in plain.items()}, "note": self.note}


def missing(name: str, why: str, rows: tuple[int, int] = (0, 0)) -> Measure:
    """A measure without a value, and why."""
    return Measure(name, None, rows, note=why)


def noted(measure: Measure, note: str) -> Measure:
    """A measure that has a value, with one thing more that a reader must know of it."""
    if measure.value is None:
        return measure
    return replace(measure, note=note if measure.note is None else f"{measure.note}; {note}")


def _finite(value: Any) -> Any:
    """The value, with None for numbers that JSON cannot hold."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
