"""Where p^k q^(1-k) is integrable: decided by the tails of both laws, along rays."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from vdm_cli.divergences.laws import Density, Law, LineLaw, pieces_of
from vdm_cli.divergences.precision import Float64Array

_LEVEL = 1e-9  # exponents that cancel to this are zero


class Tail(NamedTuple):
    """log p(s ray) = -quadratic s^2/2 + linear s + O(1), shape (rays,) each; nan where p ends."""

    quadratic: Float64Array
    linear: Float64Array


def integrable(k: float, p: Law, q: Law) -> bool:
    """Whether p^k q^(1-k), for k > 1 or k < 0, is integrable where both laws reach infinity.

    Args:
        k: The exponent; ``inf`` asks whether p/q is bounded, ``-inf`` whether q/p is.
        p: A law in one or two dimensions.
        q: Another, in as many.
    """
    tails = [
        _line_tail(law) if isinstance(law, LineLaw) or law.means.shape[1] == 1 else _plane_tail(law)
        for law in (p, q)
    ]
    powers = (math.copysign(1.0, k), -math.copysign(1.0, k)) if math.isinf(k) else (k, 1.0 - k)
    (quadratic, level), (linear, flat) = (
        _combined(powers, [tail[index] for tail in tails]) for index in range(2)
    )
    falls = flat | (linear < 0.0) if math.isinf(k) else ~flat & (linear < 0.0)
    ends = np.isnan(quadratic)
    return bool(np.all(ends | np.where(level, falls, quadratic > 0.0)))


def _combined(powers: tuple[float, float], rows: list[Float64Array]) -> tuple[Float64Array, np.ndarray]:
    """The combination, and whether it cancels."""
    terms = [power * row for power, row in zip(powers, rows, strict=True)]
    total = terms[0] + terms[1]
    return total, np.abs(total) <= _LEVEL * (np.abs(terms[0]) + np.abs(terms[1]))


def _line_tail(law: Law) -> Tail:
    """The widest pieces that reach -inf and inf decide."""
    pieces = pieces_of(law)
    quadratic, linear = np.full(2, math.nan), np.full(2, math.nan)
    for side, (sign, end) in enumerate(((-1.0, -pieces.low), (1.0, pieces.high))):
        reaching = np.isposinf(end)
        if reaching.any():
            quadratic[side] = pieces.rate[reaching].min()
            widest = reaching & (pieces.rate <= quadratic[side] * (1.0 + _LEVEL))
            linear[side] = (sign * pieces.natural[widest]).max()
    return Tail(quadratic, linear)


def _plane_tail(law: Density) -> Tail:
    angles = np.linspace(0.0, 2.0 * np.pi, 7201)[:-1]
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rates = precisions(law)
    curvatures = np.einsum("ta,kab,tb->tk", rays, rates, rays)
    widest = curvatures.min(axis=1, keepdims=True)
    slopes = np.where(curvatures <= widest * (1.0 + _LEVEL), rays @ naturals(law, rates).T, -math.inf)
    return Tail(widest[:, 0], slopes.max(axis=1))


def precisions(law: Density) -> Float64Array:
    """Inverse covariance of each component, (k, d, d)."""
    inverse = np.linalg.inv(law.scales)
    return np.asarray(np.swapaxes(inverse, 1, 2) @ inverse)


def naturals(law: Density, rates: Float64Array) -> Float64Array:
    """Precision times mean of each component, (k, d)."""
    return np.asarray(np.einsum("kab,kb->ka", rates, law.means))
