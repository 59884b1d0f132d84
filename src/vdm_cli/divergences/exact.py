r"""The exact D_f(P || Q) of two Gaussian mixtures, in float64.

    D_f(P || Q) = f(1) + ∫ p (T(v) - T(0)) - q (f*(T(v)) - f*(T(0))),   v = log p - log q

The integrand is q times the Bregman divergence of f between p/q and 1: it is never negative, so little
cancels.  Pairs of Gaussians have closed forms for the alpha family; pairs that differ in at most two
directions, and all mixtures in one and two dimensions, go by adaptive Gauss-Legendre quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from vdm_cli.divergences.divergence import FDivergence

Float64Array = NDArray[np.float64]

# D_f = f''(1) * mean of A_a over these orders a, where A_a is the alpha divergence: A_1 = kl, A_0 = reverse_kl.
_ORDERS = {
    "kl": (1.0,),
    "reverse_kl": (0.0,),
    "jeffreys": (0.0, 1.0),
    "pearson_chi2": (2.0,),
    "neyman_chi2": (-1.0,),
    "squared_hellinger": (0.5,),
}
_CHUNK = 8192  # points a call: one shape, so one compilation for each divergence
_REACH = 9.0  # standard deviations that are integrated: exp(-9^2 / 2) = 3e-18
_PANEL = 3.0  # widest first panel, in standard deviations of any component near it
_NODES = {1: 16, 2: 9}  # Gauss-Legendre nodes a panel and dimension
_TOLERANCE = {1: 1e-12, 2: 1e-9}  # accepted change of a panel on halving it, relative to the whole
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
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # type: ignore[attr-defined]

    return enable_x64()  # type: ignore[no-any-return]


def exact_divergence(divergence: FDivergence, p: Density, q: Density) -> float | None:
    """D_f(P || Q) of two Gaussian mixtures, in nats.

    Args:
        divergence: Any f-divergence whose T and f* after T are right wherever they are finite.
        p: P, the data.
        q: Q, the model.

    Returns:
        The value, relative error about 1e-9 in one dimension or closed form and 1e-6 in two; ``inf`` where
        the integral diverges or exceeds float64; None where the pair is out of reach: mixtures in three
        dimensions or more, Gaussians that differ in three directions or more, thousands of modes.

    Raises:
        ValueError: If P and Q differ in dimension.
    """
    dim = p.means.shape[1]
    if q.means.shape[1] != dim:
        raise ValueError(f"P has {dim} dimensions and Q has {q.means.shape[1]}")
    if len(p.weights) == len(q.weights) == 1:
        variances, shift = _whitened(p, q)
        orders = _alpha_orders(divergence)
        if orders is not None:
            return divergence.curvature * math.fsum(_alpha(a, variances, shift) for a in orders) / len(orders)
        p, q = _reduced(variances, shift)
        dim = p.means.shape[1]
    if dim > 2:
        return None
    excess = 0.0 if dim == 0 else _quadrature(divergence, p, q)
    if excess is None:
        return None
    return min(max(divergence.at_equality + excess, divergence.at_equality), divergence.supremum)


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
    edge = divergence.score_limit
    evaluate = _compiled(divergence)
    anchors = evaluate(np.array([0.0, -edge, 1.0 - edge, edge - 1.0, edge]))
    terms = []
    with np.errstate(all="ignore"):
        pairs = zip(
            evaluate(v) - anchors[:, :1], anchors[:, 1:] - anchors[:, :1], (log_p, log_q), strict=True
        )
        for values, (low, low_next, high_next, high), log_weight in pairs:
            # beyond the range of float64 T and f* are exponentials: continue their logarithms along a line
            ends = np.where(v < 0.0, low, high)
            slopes = np.log(np.abs(ends / np.where(v < 0.0, low_next, high_next)))
            beyond = np.log(np.abs(ends)) + slopes * (np.abs(v) - edge)
            finite = np.isfinite(values)
            log_size = np.where(finite, np.log(np.abs(values)), beyond)
            terms.append(np.where(finite, np.sign(values), np.sign(ends)) * np.exp(log_weight + log_size))
        return np.nan_to_num(terms[0] - terms[1], nan=math.inf, posinf=math.inf)


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


def _alpha_orders(divergence: FDivergence) -> tuple[float, ...] | None:
    if divergence.name == "alpha" and divergence.parameter is not None:
        return (divergence.parameter,)
    return _ORDERS.get(divergence.name)


def _whitened(p: Density, q: Density) -> tuple[Float64Array, Float64Array]:
    """The coordinates in which Q is N(0, I) and P is N(shift, diag(variances))."""
    rotation, deviations, _ = np.linalg.svd(np.linalg.solve(q.scales[0], p.scales[0]))
    return np.square(deviations), rotation.T @ np.linalg.solve(q.scales[0], p.means[0] - q.means[0])


def _alpha(a: float, variances: Float64Array, shift: Float64Array) -> float:
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
    log_integral = 0.5 * float(np.sum(logs - a * (1.0 - a) * np.square(shift) / blend))
    return math.expm1(log_integral) / (a * (a - 1.0)) if log_integral < 709.0 else math.inf


@dataclass(frozen=True)
class _Gaussian:
    """N(means[0], diag(deviations^2)), as a Density."""

    means: Float64Array
    deviations: Float64Array

    @property
    def weights(self) -> Float64Array:
        return np.ones(1)

    @property
    def scales(self) -> Float64Array:
        return np.diag(self.deviations)[None]

    def log_density(self, x: Float64Array, /) -> Float64Array:
        squares = np.square((x - self.means[0]) / self.deviations)
        return np.asarray(
            -0.5 * squares.sum(axis=1) - np.log(self.deviations * math.sqrt(2.0 * math.pi)).sum()
        )


def _reduced(variances: Float64Array, shift: Float64Array) -> tuple[Density, Density]:
    """The pair in the directions where it differs; all of unit variance count as one, along the shift."""
    other = np.abs(variances - 1.0) > 1e-12
    rest = float(np.linalg.norm(shift[~other]))
    extra = [rest] if rest > 0.0 else []
    means = np.concatenate([shift[other], extra])
    deviations = np.sqrt(np.concatenate([variances[other], np.ones(len(extra))]))
    return _Gaussian(means[None], deviations), _Gaussian(np.zeros_like(means)[None], np.ones_like(means))


def _growth(divergence: FDivergence) -> tuple[float, float]:
    """Exponents (low, high): f(u) grows as u^low <= 1 at 0 and as u^high >= u at infinity, up to logarithms."""
    orders = _alpha_orders(divergence)
    if orders is not None:
        return min(0.0, *orders, 0.0), max(1.0, *orders, 1.0)
    if divergence.bounded:
        return 0.0, 1.0
    half = 0.5 * divergence.score_limit
    exponents = []
    for sign in (-1.0, 1.0):  # f* after T grows with the exponent of f, so its increments tell the exponent
        values = _compiled(divergence)(sign * half * np.arange(3.0))[1]
        first, second = np.abs(np.diff(values))
        exponents.append(sign * math.log(max(second, 1e-300) / max(first, 1e-300)) / half)
    # a factor log u shifts the measured exponent by log(2) / half = .02: f = u log(u)^2 must not count as above 1
    low, high = (round(e) if abs(e - round(e)) < 0.05 else e for e in exponents)
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
    """Means and precisions of the Gaussians p_i^k q_j^(1-k) that matter: where p^k q^(1-k) may have its mass."""
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
    """Boxes (n, 2, d) of lower corners and widths, the chosen ones halved: the rest, then lower, then upper halves."""
    count = int(chosen.sum())
    boxes = np.concatenate([boxes[~chosen], boxes[chosen], boxes[chosen]])
    boxes[len(boxes) - 2 * count :, 1, axis] *= 0.5
    boxes[len(boxes) - count :, 0, axis] += boxes[len(boxes) - count :, 1, axis]
    return boxes


def _first_boxes(centers: Float64Array, precisions: Float64Array, limit: int) -> Float64Array | None:
    """Boxes that cover every component, none wider than _PANEL deviations of one that is near; None if too many."""
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


def _quadrature(divergence: FDivergence, p: Density, q: Density) -> float | None:
    """The integral of `perspective` over R or R^2; ``inf`` if it diverges, None if it takes too many points."""
    dim = p.means.shape[1]
    laws = [(law.means, _precisions(law)) for law in (p, q)]
    for k in _growth(divergence):
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
    values, total = integrals(boxes), 0.0
    for _ in range(_LEVELS):
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
