"""The integral behind D_f(P || Q) of two laws in one or two dimensions, in float64."""

from __future__ import annotations

import math

import numpy as np

from vdm_cli.divergences.adaptive import integrate, most_boxes
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.growth import growth
from vdm_cli.divergences.laws import Law, LineLaw, dimension
from vdm_cli.divergences.panels import line_panels, plane_boxes, split_panels
from vdm_cli.divergences.perspective import perspective
from vdm_cli.divergences.precision import Float64Array
from vdm_cli.divergences.tails import integrable

_BEYOND_POWERS = 2.0, 4.0, 8.0, 16.0  # whose peaks are looked at where f outgrows every power


def quadrature(
    divergence: FDivergence, p: Law, q: Law, exponents: tuple[float, float] | None = None
) -> float | None:
    """D_f(P || Q) - f(1) of laws in one or two dimensions: `perspective`, integrated.

    Args:
        divergence: Any f-divergence whose T and f* after T are right wherever they are finite.
        p: P.
        q: Q, in as many dimensions.
        exponents: (low, high) such that f(u) grows as u^low at 0 and u^high at infinity; measured if None.

    Returns:
        The integral, ``inf`` where it diverges or exceeds float64; None where it takes too many points, or
        hangs on values of a user's f that are out of reach.
    """
    powers: list[float] = []
    for sign, k in zip((-1.0, 1.0), exponents or growth(divergence), strict=True):
        if 0.0 <= k <= 1.0:
            continue
        unknown = math.isnan(k)
        if not integrable(sign * math.inf if unknown else k, p, q):
            return None if unknown else math.inf
        beyond = [each if sign > 0.0 else 1.0 - each for each in _BEYOND_POWERS]
        powers += [k] if math.isfinite(k) else beyond
    if isinstance(p, LineLaw) or isinstance(q, LineLaw) or dimension(p) == 1:
        boxes = line_panels(p, q, tuple(powers))
    else:
        boxes = plane_boxes(p, q, tuple(powers), most_boxes(2) // 4)
    if boxes is None:
        return None

    def score(x: Float64Array) -> Float64Array:
        with np.errstate(invalid="ignore"):  # inf - inf where both are zero
            return p.log_density(x) - q.log_density(x)

    def integrand(x: Float64Array) -> Float64Array:
        return perspective(divergence, p.log_density(x), q.log_density(x))

    if dimension(p) == 1:
        for u in divergence.breakpoints:
            boxes = split_panels(score, boxes, math.log(u))
    return integrate(integrand, boxes)
