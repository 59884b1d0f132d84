r"""Closed forms of D_f(P || Q), for pairs of Gaussians and pairs of one family in one dimension, in nats.

Most are of the alpha family A_a, whose integral ∫ p^a q^(1-a) is elementary and which tends to KL(P || Q) as
a -> 1 and to KL(Q || P) as a -> 0; Pearson, Neyman, Hellinger and Jeffreys are multiples and means of it.
"""

from __future__ import annotations

import math

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.laws import Density, Exponential, Laplace, Law, LineLaw, Uniform
from vdm_cli.divergences.perspective import perspective
from vdm_cli.divergences.precision import Float64Array

# D_f = f''(1) * mean of A_a over these orders a; A_1 = kl, A_0 = reverse_kl
_ORDERS = {
    "kl": (1.0,),
    "reverse_kl": (0.0,),
    "jeffreys": (0.0, 1.0),
    "pearson_chi2": (2.0,),
    "neyman_chi2": (-1.0,),
    "squared_hellinger": (0.5,),
}
EQUAL = 1e-9  # variances so close count as equal
_CANCELS = 1e-6  # an integral so close to 1 leaves too few digits


def alpha_orders(divergence: FDivergence) -> tuple[float, ...] | None:
    """The orders a whose mean A_a, times f''(1), the divergence is; None where it is not of this kind."""
    if divergence.name == "alpha" and divergence.parameter is not None:
        return (divergence.parameter,)
    return _ORDERS.get(divergence.name)


def closed_form(divergence: FDivergence, p: Law, q: Law) -> float | None:
    """D_f(P || Q) where it has a closed form, perhaps ``inf``; None where it has none here."""
    if isinstance(p, Uniform) and isinstance(q, Uniform):
        return _uniforms(divergence, p, q)
    orders = alpha_orders(divergence)
    if orders is not None:
        values = [_alpha(a, p, q) for a in orders]
        found = [value for value in values if value is not None]
        complete = len(found) == len(values)
        return divergence.curvature * math.fsum(found) / len(found) if complete else None
    return _total_variation(p, q) if divergence.name == "total_variation" else None


def _uniforms(divergence: FDivergence, p: Uniform, q: Uniform) -> float:
    """Both densities are constant between the four ends."""
    ends = np.unique([p.low, p.high, q.low, q.high])
    middles = (ends[:-1] + 0.5 * np.diff(ends))[:, None]
    heights = perspective(divergence, p.log_density(middles), q.log_density(middles))
    lengths = np.diff(ends)
    return divergence.at_equality + float(np.sum(np.where(heights > 0.0, heights * lengths, 0.0)))


def _alpha(a: float, p: Law, q: Law) -> float | None:
    if isinstance(p, LineLaw) or isinstance(q, LineLaw):
        if isinstance(p, Exponential) and isinstance(q, Exponential):
            return _alpha_exponentials(a, p.rate, q.rate)
        if isinstance(p, Laplace) and isinstance(q, Laplace):
            return _alpha_laplaces(a, p, q)
        return None
    return _alpha_gaussians(a, *whitened(p, q)) if len(p.weights) == len(q.weights) == 1 else None


def _total_variation(p: Law, q: Law) -> float | None:
    if isinstance(p, LineLaw) or isinstance(q, LineLaw):
        if isinstance(p, Exponential) and isinstance(q, Exponential):
            return _total_variation_exponentials(p.rate, q.rate)
        if isinstance(p, Laplace) and isinstance(q, Laplace) and p.scale == q.scale:
            return -math.expm1(-0.5 * abs(p.location - q.location) / p.scale)
        return None
    if len(p.weights) == len(q.weights) == 1:
        variances, shift = whitened(p, q)
        if np.all(np.abs(variances - 1.0) <= EQUAL):
            return math.erf(float(np.linalg.norm(shift)) / math.sqrt(8.0))
    return None


def whitened(p: Density, q: Density) -> tuple[Float64Array, Float64Array]:
    """Variances and shift of P, (d,) each, in coordinates where Q is N(0, I) and P's axes are parallel."""
    rotation, deviations, _ = np.linalg.svd(np.linalg.solve(q.scales[0], p.scales[0]))
    return np.square(deviations), rotation.T @ np.linalg.solve(q.scales[0], p.means[0] - q.means[0])


def _alpha_gaussians(a: float, variances: Float64Array, shift: Float64Array) -> float:
    """A_a(N(shift, diag(variances)) || N(0, I)): Gil, Alajaji and Linder 2013, Table 2, for Renyi's form."""
    excess = variances - 1.0
    if a == 1.0:
        return float(0.5 * np.sum(excess - np.log(variances) + np.square(shift)))
    if a == 0.0:
        return float(0.5 * np.sum(1.0 / variances - 1.0 + np.log(variances) + np.square(shift) / variances))
    blend = a + (1.0 - a) * variances
    if blend.min() <= 0.0:
        return math.inf
    logs = (1.0 - a) * np.log(variances) - np.log1p((1.0 - a) * excess)
    return _from_log_integral(a, 0.5 * float(np.sum(logs - a * (1.0 - a) * np.square(shift) / blend)))


def _alpha_exponentials(a: float, p_rate: float, q_rate: float) -> float:
    """A_a of two exponentials: Gil, Alajaji and Linder 2013, Table 2; the ratio of the rates alone counts."""
    excess, log_ratio = (p_rate - q_rate) / q_rate, math.log(p_rate) - math.log(q_rate)
    close = abs(excess) < 0.5
    log_ratio = math.log1p(excess) if close else log_ratio
    if a == 1.0:
        return log_ratio - (p_rate - q_rate) / p_rate
    if a == 0.0:
        return excess - log_ratio
    blend = a * p_rate + (1.0 - a) * q_rate
    if blend <= 0.0:
        return math.inf
    log_blend = math.log1p(a * excess) if close else math.log(blend) - math.log(q_rate)
    return _from_log_integral(a, a * log_ratio - log_blend)


def _total_variation_exponentials(p_rate: float, q_rate: float) -> float:
    """The difference of the survival functions where the densities cross."""
    if p_rate == q_rate:
        return 0.0
    crossing = math.log(p_rate / q_rate) / (p_rate - q_rate)
    return abs(math.exp(-p_rate * crossing) - math.exp(-q_rate * crossing))


def _alpha_laplaces(a: float, p: Laplace, q: Laplace) -> float | None:
    """A_a of two Laplace laws, by the three intervals between and beside their locations.

    None where the integral is so close to 1 that too few digits are left.
    """
    distance = abs(p.location - q.location)
    if a in (0.0, 1.0):
        first, second = (p, q) if a == 1.0 else (q, p)
        ratio, far = first.scale / second.scale, distance / first.scale
        value = -math.log(ratio) + ratio * (far + math.exp(-far)) - 1.0
        return value if value > _CANCELS else None
    outside, across = a / p.scale + (1.0 - a) / q.scale, (1.0 - a) / q.scale - a / p.scale
    if outside <= 0.0:
        return math.inf
    # log p^a q^(1-a) at Q's location and at P's, up to the heights
    at_q, at_p = -a * distance / p.scale, -(1.0 - a) * distance / q.scale
    top, fall = max(at_q, at_p), abs(across) * distance
    beside = (math.exp(at_p - top) + math.exp(at_q - top)) / outside
    between = distance * (-math.expm1(-fall) / fall if fall > 1e-12 else 1.0)
    log_heights = -a * math.log(p.scale) - (1.0 - a) * math.log(q.scale) - math.log(2.0)
    log_integral = log_heights + top + math.log(beside + between)
    return _from_log_integral(a, log_integral) if abs(log_integral) > _CANCELS else None


def _from_log_integral(a: float, log_integral: float) -> float:
    """(∫ p^a q^(1-a) - 1) / (a (a-1))."""
    return math.expm1(log_integral) / (a * (a - 1.0)) if log_integral < 709.0 else math.inf
