"""Renyi divergence beside the alpha-divergence of the same order."""

from __future__ import annotations

import math

from vdm_cli.two_sample.measure import Line, Measure, missing


def renyi(order: float, estimate: float, certified_lower: float, rows: tuple[int, int]) -> Measure:
    r"""R_a(P || Q) = log(E_Q[r^a]) / (a-1) = log(1 + a(a-1) D_a) / (a-1), in nats.

    D_a is the alpha-divergence of `vdm_cli.divergences.families`; R as in van Erven and Harremoes 2014
    (IEEE TIT 60:3797).  dR/dD_a = a / (1 + a(a-1) D_a): for a > 0 a lower limit on D_a is one on R_a.  For
    a < 0, where R_a = a/(1-a) R_{1-a}(Q || P) is negative, it is an *upper* limit on R_a.

    Args:
        order: a, neither 0 nor 1.
        estimate: Of D_a; the value is missing where 1 + a(a-1) D_a is not positive.
        certified_lower: Of D_a at the level of the evaluation.
        rows: Of P and of Q.
    """
    name = f"renyi:{order:g}"
    value, limit = (_renyi(order, each) for each in (estimate, certified_lower))
    certified = "certified_lower" if order > 0.0 else "certified_upper"
    told = {certified: limit, "at_equality": 0.0}
    if value is None:
        why = "the estimate exceeds the largest possible D_alpha: its Renyi divergence is infinite"
        return Measure(name, None, rows, note=why, details=told)
    sign = ">=" if order > 0.0 else "<="
    known = f" (certified {sign} {limit:.3g})" if limit else ""
    return Measure(
        name, value, rows, lines=(Line(f"renyi {order:g}: in nats{known}", value, 0.0),), details=told
    )


def renyi_missing() -> Measure:
    """Where no alpha-divergence was asked for."""
    return missing("renyi", "stands beside an alpha-divergence: ask for --divergence alpha:A")


def _renyi(order: float, divergence: float) -> float | None:
    change = order * (order - 1.0) * divergence
    return math.log1p(change) / (order - 1.0) if change > -1.0 else None
