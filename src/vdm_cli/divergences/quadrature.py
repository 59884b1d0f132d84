"""The integral behind D_f(P || Q) of two Gaussian mixtures in one or two dimensions, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from vdm_cli.divergences.divergence import FDivergence

Float64Array = NDArray[np.float64]

_CHUNK = 8192  # points a call: one shape, so one compilation for each divergence
_REACH = 8.5  # standard deviations that are integrated: exp(-8.5^2 / 2) = 2e-16
_PANEL = 4.0  # widest first panel, in standard deviations of any component near it
_NODES = {1: 16, 2: 9}  # Gauss-Legendre nodes a panel and dimension
_TOLERANCE = {1: 1e-12, 2: 1e-8}  # accepted change of a panel on halving it, relative to the whole
_BUDGET = {1: 2_000_000, 2: 20_000_000}  # points, after which a pair is given up
_LEVELS = 40  # halvings of a first panel


class Density(Protocol):
    """sum_k w_k N(m_k, L_k L_k^T) in R^d, everything in float64."""

    @property
    def weights(self) -> Float64Array:
        """w, shape (k,)."""

    @property
    def means(self) -> Float64Array:
        """m, shape (k, d)."""

    @property
    def scales(self) -> Float64Array:
        """L, lower Cholesky factors, shape (k, d, d)."""

    def log_density(self, x: Float64Array, /) -> Float64Array:
        """log of the density at each row: (n, d) -> (n,)."""


def double_precision() -> AbstractContextManager[Any]:
    """A context in which JAX computes in float64; `jax.enable_x64` came with jax 0.8."""
    context: AbstractContextManager[Any]
    if hasattr(jax, "enable_x64"):
        context = jax.enable_x64(True)
    else:
        from jax.experimental import enable_x64  # type: ignore[attr-defined]

        context = enable_x64()
    return context


def perspective(divergence: FDivergence, log_p: Float64Array, log_q: Float64Array) -> Float64Array:
    """q f(p/q) - f'(1) (p - q) - f(1) q >= 0, whose integral is D_f(P || Q) - f(1).

    Args:
        divergence: Which f.
        log_p: log p at n points, shape (n,), finite; log p - log q may be in the thousands.
        log_q: log q at the same points.

    Returns:
        Shape (n,), without overflow unless the value itself exceeds float64 (then ``inf``).
    """
    v = log_p - log_q
    evaluate = _compiled(divergence)
    edge = divergence.score_limit
    anchors = evaluate(np.array([0.0, -edge, 1.0 - edge, edge - 1.0, edge]))
    terms = []
    with np.errstate(all="ignore"):
        for values, (center, *ends), log_weight in zip(evaluate(v), anchors, (log_p, log_q), strict=True):
            term = (values - center) * np.exp(log_weight)
            hard = ~np.isfinite(values) | (log_weight < -700.0)  # a huge value by a tiny density
            log_size, sign = _log_size(values[hard] - center, v[hard], np.array(ends) - center, edge)
            term[hard] = sign * np.exp(log_weight[hard] + log_size)
            terms.append(term)
        total = terms[0] - terms[1]
        return np.where(np.isnan(total), math.inf, total)  # nan is inf - inf: both halves overflow


def _log_size(
    values: Float64Array, v: Float64Array, ends: Float64Array, edge: float
) -> tuple[Float64Array, Float64Array]:
    """log |values| and signs; where they overflow, the exponential through the values at +-edge."""
    low, low_next, high_next, high = ends
    end, next_end = np.where(v < 0.0, low, high), np.where(v < 0.0, low_next, high_next)
    beyond = np.log(np.abs(end)) + np.log(np.abs(end / next_end)) * (np.abs(v) - edge)
    finite = np.isfinite(values)
    return np.where(finite, np.log(np.abs(values)), beyond), np.sign(np.where(finite, values, end))


@lru_cache(maxsize=64)
def _compiled(divergence: FDivergence) -> Callable[[Float64Array], Float64Array]:
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


def _growth(divergence: FDivergence) -> tuple[float, float]:
    """Exponents (low <= 0, high >= 1): f(u) grows as u^low at 0 and u^high at infinity, up to logarithms."""
    if divergence.bounded:
        return 0.0, 1.0
    half = 0.5 * divergence.score_limit
    exponents = []
    for sign in (-1.0, 1.0):  # f* after T grows with the exponent of f, so its increments tell the exponent
        values = _compiled(divergence)(sign * half * np.arange(3.0))[1]
        first, second = np.abs(np.diff(values))
        exponents.append(sign * math.log(max(second, 1e-300) / max(first, 1e-300)) / half)
    # a factor log u adds log(2) / half = .02: f = u log(u)^2 must not count as above u
    low, high = (float(round(e)) if abs(e - round(e)) < 0.05 else e for e in exponents)
    return min(0.0, low), max(1.0, high)


def _integrable(k: float, p: Density, q: Density) -> bool:
    """Whether p^k q^(1-k) is integrable, for k > 1 or k < 0: decided along rays, in one or two dimensions."""
    angles = np.linspace(0.0, 2.0 * np.pi, 7201)[:-1]
    one_dimensional = p.means.shape[1] == 1
    rays = np.array([[-1.0], [1.0]]) if one_dimensional else np.stack([np.cos(angles), np.sin(angles)], 1)
    quadratic, linear, size = np.zeros(len(rays)), np.zeros(len(rays)), np.zeros(len(rays))
    for power, law in ((k, p), (1.0 - k, q)):
        precisions = _precisions(law)
        curvatures = np.einsum("ta,kab,tb->tk", rays, precisions, rays)
        widest = curvatures.min(axis=1, keepdims=True)
        slopes = np.where(curvatures <= widest * (1.0 + 1e-9), rays @ _natural(law, precisions).T, -np.inf)
        quadratic += power * widest[:, 0]
        linear += power * slopes.max(axis=1)
        size += abs(power) * widest[:, 0]
    level = np.abs(quadratic) <= 1e-9 * size
    return bool(np.all(np.where(level, linear < 0.0, quadratic > 0.0)))


def _precisions(law: Density) -> Float64Array:
    inverse = np.linalg.inv(law.scales)
    return np.asarray(np.swapaxes(inverse, 1, 2) @ inverse)


def _natural(law: Density, precisions: Float64Array) -> Float64Array:
    """Precision times mean of each component, (k, d)."""
    return np.asarray(np.einsum("kab,kb->ka", precisions, law.means))


def _peaks(k: float, p: Density, q: Density) -> tuple[Float64Array, Float64Array]:
    """Means and precisions of the Gaussians p_i^k q_j^(1-k) that matter to p^k q^(1-k)."""
    rates_p, rates_q = _precisions(p), _precisions(q)
    rates = (k * rates_p[:, None] + (1.0 - k) * rates_q[None]).reshape(-1, *rates_p.shape[1:])
    natural = (k * _natural(p, rates_p)[:, None] + (1.0 - k) * _natural(q, rates_q)[None]).reshape(
        len(rates), -1
    )
    spectra = np.linalg.eigvalsh(rates)
    proper = spectra[:, 0] > 1e-12 * np.abs(spectra[:, -1])
    centers = np.linalg.solve(rates[proper], natural[proper][..., None])[..., 0]
    heights = k * p.log_density(centers) + (1.0 - k) * q.log_density(centers)
    tall = heights > heights.max(initial=-np.inf) - 50.0
    return centers[tall], rates[proper][tall]


def _halve(boxes: Float64Array, axis: int, chosen: NDArray[np.bool_]) -> Float64Array:
    """Halve the chosen boxes (n, 2, d), corners and widths: the rest, then lower, then upper halves."""
    count = int(chosen.sum())
    boxes = np.concatenate([boxes[~chosen], boxes[chosen], boxes[chosen]])
    boxes[len(boxes) - 2 * count :, 1, axis] *= 0.5
    boxes[len(boxes) - count :, 0, axis] += boxes[len(boxes) - count :, 1, axis]
    return boxes


def _first_boxes(centers: Float64Array, precisions: Float64Array, limit: int) -> Float64Array | None:
    """Boxes over every component, none wider than _PANEL deviations of one near it; None if too many."""
    deviations = np.sqrt(np.diagonal(np.linalg.inv(precisions), axis1=1, axis2=2))
    scales = 1.0 / np.sqrt(np.diagonal(precisions, axis1=1, axis2=2))  # along an axis, the other one held
    lower = (centers - _REACH * deviations).min(axis=0)
    boxes = np.stack([lower, (centers + _REACH * deviations).max(axis=0) - lower])[None]
    settled = boxes[:0]
    while len(boxes):
        if len(settled) + len(boxes) > limit or len(boxes) * len(centers) > 10_000_000:
            return None
        offsets = (boxes[:, 0] + 0.5 * boxes[:, 1])[:, None] - centers
        distances = np.sqrt(np.einsum("bka,kac,bkc->bk", offsets, precisions, offsets))
        near = distances <= _REACH + np.sum(0.5 * boxes[:, 1][:, None] / scales, axis=2)
        wide = boxes[:, 1] > _PANEL * np.where(near[..., None], scales, np.inf).min(axis=1)
        settled = np.concatenate([settled, boxes[~wide.any(axis=1)]])
        boxes, wide = boxes[wide.any(axis=1)], wide[wide.any(axis=1)]
        boxes = _halve(boxes, int(np.argmax(wide.sum(axis=0))), wide[:, int(np.argmax(wide.sum(axis=0)))])
    return settled


def quadrature(
    divergence: FDivergence, p: Density, q: Density, exponents: tuple[float, float] | None = None
) -> float | None:
    """D_f(P || Q) - f(1) of mixtures in one or two dimensions: `perspective`, integrated.

    Args:
        divergence: Any f-divergence whose T and f* after T are right wherever they are finite.
        p: P.
        q: Q.
        exponents: (low, high) such that f(u) grows as u^low at 0 and u^high at infinity; measured if None.

    Returns:
        The integral, ``inf`` where it diverges, or None where it takes too many points.
    """
    dim = p.means.shape[1]
    laws = [(law.means, _precisions(law)) for law in (p, q)]
    for k in exponents if exponents is not None else _growth(divergence):
        if not 0.0 <= k <= 1.0:
            if not _integrable(k, p, q):
                return math.inf
            laws.append(_peaks(k, p, q))
    centers, precisions = (np.concatenate(parts) for parts in zip(*laws, strict=True))
    points, weights = np.polynomial.legendre.leggauss(_NODES[dim])
    nodes = np.stack(np.meshgrid(*[0.5 * points + 0.5] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    shares = np.prod(np.stack(np.meshgrid(*[0.5 * weights] * dim, indexing="ij")), axis=0).ravel()

    def integrals(boxes: Float64Array) -> Float64Array:
        x = (boxes[:, None, 0] + boxes[:, None, 1] * nodes).reshape(-1, dim)
        values = perspective(divergence, p.log_density(x), q.log_density(x))
        return np.asarray(values.reshape(len(boxes), -1) @ shares * boxes[:, 1].prod(axis=1))

    budget = _BUDGET[dim] // len(nodes)
    boxes = _first_boxes(centers, precisions, budget // 4)
    if boxes is None:
        return None
    values = integrals(boxes)
    heavy = values > 1e-14 * values.sum()
    boxes, values, total = boxes[heavy], values[heavy], float(values[~heavy].sum())
    for _ in range(_LEVELS if len(boxes) else 0):  # none are left where P = Q
        halves = boxes
        for axis in range(dim):
            halves = _halve(halves, axis, np.ones(len(halves), bool))
        budget -= len(halves)
        if budget < 0:
            return None
        parts = integrals(halves).reshape(-1, len(boxes))
        estimate = total + parts.sum()
        if not math.isfinite(estimate):
            return math.inf
        rough = np.abs(parts.sum(axis=0) - values) > max(_TOLERANCE[dim] * abs(estimate), 1e-16)
        total += float(parts[:, ~rough].sum())
        if not rough.any():
            return total
        keep = np.tile(rough, len(parts))
        boxes, values = halves[keep], parts.ravel()[keep]
    return total + float(values.sum())
