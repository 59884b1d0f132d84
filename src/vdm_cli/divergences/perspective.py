r"""The integrand of D_f(P || Q) from log p and log q, in float64.

    D_f(P || Q) = f(1) + ∫ p (T(v) - T(0)) - q (f*(T(v)) - f*(T(0))),   v = log p - log q

The integrand is q times the Bregman divergence of f between p/q and 1: it is never negative, so little
cancels.  Where q = 0 it is p (f'(inf) - T(0)), and where p = 0 it is q (f(0) + f*(T(0))).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.precision import Float64Array, double_precision

_CHUNK = 2048  # points a call: one shape, so one compilation for each divergence


@lru_cache(maxsize=64)
def float64_pair(divergence: FDivergence) -> Callable[[Float64Array], Float64Array]:
    """v -> (T(v), f*(T(v))), shape (n,) -> (2, n), in float64."""
    pair = jax.jit(lambda v: jnp.stack([divergence.witness(v), divergence.witness_conjugate(v)]))

    def evaluate(v: Float64Array) -> Float64Array:
        out = np.empty((2, v.size))
        with double_precision():
            for start in range(0, v.size, _CHUNK):
                part = v[start : start + _CHUNK]
                padded = np.concatenate([part, np.zeros(_CHUNK - part.size)])
                out[:, start : start + part.size] = np.asarray(pair(padded))[:, : part.size]
        return out

    return evaluate


@lru_cache(maxsize=64)
def ends(divergence: FDivergence) -> tuple[float, float]:
    """f(0) = -f*(T(-inf)) and f'(inf) = lim f(u)/u = T(inf), each perhaps ``inf``."""
    if divergence.ends is not None:
        return divergence.ends
    values = float64_pair(divergence)(np.array([-math.inf, math.inf]))
    return -float(values[1, 0]), float(values[0, 1])


@lru_cache(maxsize=64)
def _anchors(divergence: FDivergence) -> Float64Array:
    """T and f* after T at 0, at both score limits and one before them, shape (2, 5)."""
    edge = divergence.score_limit
    return float64_pair(divergence)(np.array([0.0, -edge, 1.0 - edge, edge - 1.0, edge]))


def perspective(divergence: FDivergence, log_p: Float64Array, log_q: Float64Array) -> Float64Array:
    """q f(p/q) - f'(1) (p - q) - f(1) q >= 0, whose integral is D_f(P || Q) - f(1).

    It is homogeneous: from log p - log m and log q - log m follows the integrand over m.

    Args:
        divergence: Which f.
        log_p: log p at n points, shape (n,), ``-inf`` where p is zero; log p - log q may be in the thousands.
        log_q: log q at the same points.

    Returns:
        Shape (n,), without overflow unless the value itself exceeds float64 (then ``inf``).
    """
    outside_p, outside_q = np.isneginf(log_p), np.isneginf(log_q)
    if outside_p.any() or outside_q.any():
        total = np.zeros(log_p.shape)
        both = ~(outside_p | outside_q)
        total[both] = perspective(divergence, log_p[both], log_q[both])
        (at_zero, at_infinity), centers = ends(divergence), _anchors(divergence)[:, 0]
        only_p, only_q = outside_q & ~outside_p, outside_p & ~outside_q
        total[only_p] = np.exp(log_p[only_p]) * (at_infinity - centers[0])
        total[only_q] = np.exp(log_q[only_q]) * (at_zero + centers[1])
        return total
    v = log_p - log_q
    terms = []
    with np.errstate(all="ignore"):
        pairs = zip(float64_pair(divergence)(v), _anchors(divergence), (log_p, log_q), strict=True)
        for values, (center, *edges), log_weight in pairs:
            term = (values - center) * np.exp(log_weight)
            hard = ~np.isfinite(values) | (log_weight < -700.0)  # a huge value by a tiny density
            if hard.any():
                limit, around = divergence.score_limit, np.array(edges) - center
                log_size, sign = _log_size(values[hard] - center, v[hard], around, limit)
                term[hard] = sign * np.exp(log_weight[hard] + log_size)
            terms.append(term)
        total = terms[0] - terms[1]
        return np.where(np.isnan(total), math.inf, total)  # nan is inf - inf: both halves overflow


def _log_size(
    values: Float64Array, v: Float64Array, edges: Float64Array, limit: float
) -> tuple[Float64Array, Float64Array]:
    """log |values| and signs; where they overflow, the exponential through the values at +-limit."""
    low, low_next, high_next, high = edges
    end, next_end = np.where(v < 0.0, low, high), np.where(v < 0.0, low_next, high_next)
    beyond = np.log(np.abs(end)) + np.log(np.abs(end / next_end)) * (np.abs(v) - limit)
    finite = np.isfinite(values)
    return np.where(finite, np.log(np.abs(values)), beyond), np.sign(np.where(finite, values, end))
