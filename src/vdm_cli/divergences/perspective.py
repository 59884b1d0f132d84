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

_CLOSE = 1e-6  # relative error of a continuation that counts as right
_FAR = 600.0  # v where e^v nears the ends of float64
_CHUNK = 2048  # points a call: one shape, so one compilation for each divergence


@lru_cache(maxsize=64)
def float64_pair(divergence: FDivergence) -> Callable[[Float64Array], Float64Array]:
    """v -> (T(v), f*(T(v))), shape (n,) -> (2, n), in float64."""
    return _float64(lambda v: jnp.stack([divergence.witness(v), divergence.witness_conjugate(v)]))


@lru_cache(maxsize=64)
def _float64_f(divergence: FDivergence) -> Callable[[Float64Array], Float64Array]:
    """v -> f(e^v), (n,) -> (1, n), in float64."""
    return _float64(lambda v: divergence.f(jnp.exp(v))[None])


def _float64(rows: Callable[[jax.Array], jax.Array]) -> Callable[[Float64Array], Float64Array]:
    """Compile (n,) -> (k, n) for one n, and call it for any."""
    compiled = jax.jit(rows)

    def evaluate(v: Float64Array) -> Float64Array:
        parts = []
        with double_precision():
            for start in range(0, max(v.size, 1), _CHUNK):
                part = v[start : start + _CHUNK]
                padded = np.concatenate([part, np.zeros(_CHUNK - part.size)])
                parts.append(np.asarray(compiled(padded))[:, : part.size])
        return np.concatenate(parts, axis=1)

    return evaluate


@lru_cache(maxsize=64)
def ends(divergence: FDivergence) -> tuple[float, float]:
    """f(0) = -f*(T(-inf)) and f'(inf) = lim f(u)/u = T(inf), each perhaps ``inf``."""
    if divergence.ends is not None:
        return divergence.ends
    values = float64_pair(divergence)(np.array([-math.inf, math.inf]))
    return 0.0 - float(values[1, 0]), float(values[0, 1])


@lru_cache(maxsize=64)
def _known(divergence: FDivergence) -> tuple[float, float]:
    """Between which v T and f* after T may be used: a table's continuation is not always right.

    It goes on straight, or as the exponential through its last values; both are tried from its middle to its
    end.  The named rows are right everywhere.
    """
    limits = [math.inf, math.inf]
    if divergence.ends is not None:
        edge = divergence.score_limit
        for side, sign in enumerate((-1.0, 1.0)):
            scores = sign * np.array([0.0, 0.5 * edge - 1.0, 0.5 * edge, edge - 1.0, edge])
            if not all(_continues(row, 0.5 * edge) for row in float64_pair(divergence)(scores)):
                limits[side] = edge
    return -limits[0], limits[1]


def _continues(row: Float64Array, distance: float) -> bool:
    center, before, middle, near, end = row
    if math.isclose(middle + (middle - before) * distance, end, rel_tol=_CLOSE, abs_tol=_CLOSE):
        return True
    if before == center or near == center:
        return False
    return math.isclose(
        (middle - center) / (before - center), (end - center) / (near - center), rel_tol=_CLOSE
    )


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
        Shape (n,), without overflow unless the value itself exceeds float64 (then ``inf``); nan where a
        user's f overflows, so that the value is not known.
    """
    outside_p, outside_q = np.isneginf(log_p), np.isneginf(log_q)
    if outside_p.any() or outside_q.any():
        total = np.zeros(log_p.shape)
        both = ~(outside_p | outside_q)
        total[both] = perspective(divergence, log_p[both], log_q[both])
        (at_zero, at_infinity), centers = ends(divergence), _anchors(divergence)[:, 0]
        only_p, only_q = outside_q & ~outside_p, outside_p & ~outside_q
        for where, log_weight, end in (
            (only_p, log_p, at_infinity - centers[0]),
            (only_q, log_q, at_zero + centers[1]),
        ):
            # a density that underflows is not zero
            total[where] = np.exp(log_weight[where]) * end if math.isfinite(end) else math.inf
        return total
    v = log_p - log_q
    low, high = _known(divergence)
    beyond = (v < low) | (v > high)
    if beyond.any():
        total = np.empty(log_p.shape)
        total[~beyond] = perspective(divergence, log_p[~beyond], log_q[~beyond])
        total[beyond] = _from_f(divergence, log_p[beyond], log_q[beyond])
        return total
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


def _from_f(divergence: FDivergence, log_p: Float64Array, log_q: Float64Array) -> Float64Array:
    """The integrand from f as it is written, far from u = 1, where little cancels; nan where f overflows."""
    v, slope = log_p - log_q, _anchors(divergence)[0, 0]
    p, q, (at_zero, at_infinity) = np.exp(log_p), np.exp(log_q), ends(divergence)
    with np.errstate(all="ignore"):
        q_f = q * (_float64_f(divergence)(v)[0] - divergence.at_equality)
        if math.isfinite(at_zero):
            end = at_zero if _has_settled(divergence, -1, at_zero) else math.nan
            q_f = np.where(v < -_FAR, q * end, q_f)
        if math.isfinite(at_infinity):
            end = at_infinity if _has_settled(divergence, 1, at_infinity) else math.nan
            q_f = np.where(v > _FAR, p * end, q_f)
        total = np.maximum(q_f - slope * (p - q), 0.0)
    return np.where(np.isfinite(q_f), total, math.nan)


def _has_settled(divergence: FDivergence, side: int, end: float) -> bool:
    """Whether f(u) has come to f(0), or f(u)/u to its limit, within the table or where e^v nears overflow."""
    witness, conjugate = float64_pair(divergence)(np.array([side * divergence.score_limit]))[:, 0]
    written = float(_float64_f(divergence)(np.array([side * _FAR]))[0][0]) - divergence.at_equality
    values = (witness, written * math.exp(-_FAR)) if side > 0 else (-conjugate, written)
    return any(math.isclose(value, end, rel_tol=_CLOSE, abs_tol=_CLOSE) for value in values)


def _log_size(
    values: Float64Array, v: Float64Array, edges: Float64Array, limit: float
) -> tuple[Float64Array, Float64Array]:
    """log |values| and signs; where they overflow, the exponential through the values at +-limit."""
    low, low_next, high_next, high = edges
    end, next_end = np.where(v < 0.0, low, high), np.where(v < 0.0, low_next, high_next)
    beyond = np.log(np.abs(end)) + np.log(np.abs(end / next_end)) * (np.abs(v) - limit)
    finite = np.isfinite(values)
    return np.where(finite, np.log(np.abs(values)), beyond), np.sign(np.where(finite, values, end))
