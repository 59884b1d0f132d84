"""Adaptive Gauss-Legendre quadrature of functions that are not negative, over boxes in one or two dimensions.

A box is done where the last Legendre coefficients of the integrand in it are small; else it is cut along the
axis whose last coefficients are larger.  The rule is exact for about twice as many coefficients, so the
error of a smooth integrand is far smaller than they are; where it has a kink, they fall with the box.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from vdm_cli.divergences.precision import Float64Array

_NODES = {1: 16, 2: 10}  # a box and dimension
_SMOOTH = {1: 1e-7, 2: 1e-4}  # last coefficients, relative to the box
_TOLERANCE = {1: 1e-13, 2: 1e-10}  # the same, relative to the whole
_ROUNDING = {1: 3e-15, 2: 1e-12}  # the same, of integrands that are differences of densities
_BLUR = 1e-14  # rounding of x, relative to x: no box far from 0 is smoother than that
_BUDGET = {1: 2_000_000, 2: 20_000_000}  # points, after which an integral is given up
_TOGETHER = 1024  # boxes a call of the integrand
_PARTS = {1: 6, 2: 2}  # into which a box is cut: in one dimension, levels cost more than points
_LEVELS = 50  # of cuts


def most_boxes(dim: int) -> int:
    """So many boxes use up the points that one integral may take."""
    return _BUDGET[dim] // _NODES[dim] ** dim


def integrate(integrand: Callable[[Float64Array], Float64Array], boxes: Float64Array) -> float | None:
    """The integral over boxes.

    Args:
        integrand: (n, d) -> (n,), not negative, perhaps ``inf``; nan where it is not known.
        boxes: Lower corners and widths, shape (n, 2, d), d = 1 or 2: small enough to see every feature.

    Returns:
        The integral, ``inf`` where a value or the sum is; None where it takes too many points, or
        a value is not known.
    """
    dim = boxes.shape[2]
    nodes, shares, to_coefficients = _rule(dim)
    smooth, tolerance, budget = _SMOOTH[dim], _TOLERANCE[dim], most_boxes(dim)
    total = 0.0
    for _ in range(_LEVELS):
        budget -= len(boxes)
        if budget < 0:
            return None
        values, volumes = _values(integrand, boxes, nodes), boxes[:, 1].prod(axis=1)
        parts = values @ shares * volumes
        estimate = total + float(parts.sum())
        if not math.isfinite(estimate):
            return None if math.isnan(estimate) else math.inf
        coefficients = np.abs(values @ to_coefficients.T)
        last = np.stack([coefficients[:, rows].sum(axis=1) for rows in _last(dim)], axis=1)
        worst = last.max(axis=1)
        blurred = _BLUR * np.abs(boxes[:, 0]).max(axis=1) / boxes[:, 1].min(axis=1)
        rough = worst > np.maximum(smooth, blurred) * coefficients.max(axis=1)
        rough &= worst * volumes > max(tolerance * estimate, _ROUNDING[dim])
        total += float(parts[~rough].sum())
        if not rough.any():
            return total
        parts, boxes = parts[rough], _cut(boxes[rough], np.argmax(last[rough], axis=1))
    return total + float(parts.sum())


def _values(
    integrand: Callable[[Float64Array], Float64Array], boxes: Float64Array, nodes: Float64Array
) -> Float64Array:
    """The integrand at the nodes of every box, shape (boxes, nodes)."""
    parts = []
    for start in range(0, max(len(boxes), 1), _TOGETHER):
        block = boxes[start : start + _TOGETHER]
        x = block[:, None, 0] + block[:, None, 1] * nodes
        parts.append(integrand(x.reshape(-1, boxes.shape[2])).reshape(len(block), -1))
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _rule(dim: int) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Nodes in the unit box (n, d), their weights (n,), and the matrix to Legendre coefficients (n, n)."""
    count = _NODES[dim]
    points, weights = legendre.leggauss(count)
    nodes: Float64Array = np.stack(np.meshgrid(*[0.5 * points + 0.5] * dim, indexing="ij"), axis=-1).reshape(
        -1, dim
    )
    shares = np.prod(np.stack(np.meshgrid(*[0.5 * weights] * dim, indexing="ij")), axis=0).ravel()
    orders = np.arange(count)[:, None]
    line: Float64Array = (orders + 0.5) * weights * legendre.legvander(points, count - 1).T
    return nodes, shares, line if dim == 1 else np.asarray(np.kron(line, line))


@lru_cache(maxsize=2)
def _last(dim: int) -> list[NDArray[np.bool_]]:
    """For each axis, which coefficients are of the two last orders along it, shape (n,)."""
    orders = np.indices([_NODES[dim]] * dim).reshape(dim, -1)
    return [row >= _NODES[dim] - 2 for row in orders]


def _cut(boxes: Float64Array, axes: NDArray[np.intp]) -> Float64Array:
    """Every box in equal parts along its axis."""
    parts, index = _PARTS[boxes.shape[2]], np.arange(len(boxes))
    cut = boxes.copy()
    cut[index, 1, axes] /= parts
    steps = np.zeros_like(cut)
    steps[index, 0, axes] = cut[index, 1, axes]
    return np.concatenate([cut + part * steps for part in range(parts)])
