"""The first boxes of an integral: small enough to see every feature of p, q and p^k q^(1-k)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vdm_cli.divergences.laws import Density, Law, Pieces, pieces_of
from vdm_cli.divergences.precision import Float64Array
from vdm_cli.divergences.tails import naturals, precisions

_REACH = 8.5  # standard deviations that are integrated: exp(-8.5^2 / 2) = 2e-16
_PANEL = 4.0  # widest first panel, in standard deviations of any component near it
_GAUSSIAN = np.linspace(-_REACH, _REACH, 5)  # edges around a Gaussian, in standard deviations
_EXPONENTIAL = np.array([0.0, 3.0, 8.0, 18.0, 38.0])  # from the end of an exponential, in its lengths
_SAMPLES = np.linspace(0.02, 0.98, 12)  # of a panel, where crossings are looked for
_SECTIONS, _ROUNDS = np.linspace(0.0, 1.0, 33), 6  # of a bracket of one
_PAIRS = 200_000  # of components, whose products are looked at


def line_panels(p: Law, q: Law, powers: tuple[float, ...]) -> Float64Array | None:
    """Panels (n, 2, 1), low ends and widths, that cover p, q and p^k q^(1-k) for the powers k.

    They are split at every kink and end of support.  None where there are too many components.
    """
    laws = pieces_of(p), pieces_of(q)
    if powers and len(laws[0].low) * len(laws[1].low) > _PAIRS:
        return None
    edges = [_edges(pieces) for pieces in laws]
    for k in powers:
        edges.append(_edges(_tall(k, p, q, _product(k, *laws))))
    marks = np.unique(np.concatenate(edges))
    marks = marks[np.isfinite(marks)]
    apart = np.diff(marks, prepend=-math.inf) > 1e-14 * (np.abs(marks) + 1e-300)
    # a support's end must stay itself: points beyond it have density zero
    marks = marks[
        apart | np.isin(marks, np.concatenate([laws[0].low, laws[0].high, laws[1].low, laws[1].high]))
    ]
    return np.stack([marks[:-1], np.diff(marks)], axis=1)[..., None]


def split_panels(
    v: Callable[[Float64Array], Float64Array], panels: Float64Array, level: float
) -> Float64Array:
    """Cut panels (n, 2, 1) where v(x) = log p - log q crosses a level, and a branch of f(e^v) ends.

    Args:
        v: (n, 1) -> (n,); nan and infinite where a density is zero.
        panels: Low ends and widths.
        level: v there; crossings are found to 1e-10 of a panel, those that come in close pairs may be missed.
    """
    x = (panels[:, 0] + panels[:, 1] * _SAMPLES).ravel()
    low, high = x[:-1], x[1:]
    side = v(x[:, None]) - level
    crossed = np.sign(side[:-1]) * np.sign(side[1:]) < 0.0
    low, high, falls = low[crossed], high[crossed], side[:-1][crossed] > 0.0
    for _ in range(_ROUNDS if low.size else 0):
        points = low + (high - low) * _SECTIONS[:, None]
        beyond = (v(points.reshape(-1, 1)) - level).reshape(points.shape)
        cell = np.argmax(np.where(falls, beyond <= 0.0, beyond >= 0.0), axis=0)
        low, high = points[cell - 1, np.arange(low.size)], points[cell, np.arange(low.size)]
    marks = np.unique(np.concatenate([panels[:, 0, 0], high, panels[-1:, :, 0].sum(axis=1)]))
    return np.stack([marks[:-1], np.diff(marks)], axis=1)[..., None]


def _product(k: float, p: Pieces, q: Pieces) -> Pieces:
    """p_i^k q_j^(1-k) on the intersection, for all pairs whose intervals meet."""
    low, high = np.maximum(p.low[:, None], q.low), np.minimum(p.high[:, None], q.high)
    rate, natural = (
        k * ours[:, None] + (1.0 - k) * theirs for ours, theirs in zip(p[2:], q[2:], strict=True)
    )
    meet = low < high
    return Pieces(low[meet], high[meet], rate[meet], natural[meet])


def _tall(k: float, p: Law, q: Law, pieces: Pieces) -> Pieces:
    """Those that are not negligible at their highest point."""
    if len(pieces.low) == 0:
        return pieces
    with np.errstate(divide="ignore", invalid="ignore"):
        peak = np.where(pieces.rate > 0.0, pieces.natural / pieces.rate, math.nan)
    candidates = np.stack([np.clip(peak, pieces.low, pieces.high), pieces.low, pieces.high])
    candidates[~np.isfinite(candidates)] = math.nan
    heights = np.full(candidates.shape, -math.inf)
    some = np.isfinite(candidates)
    points = candidates[some][:, None]
    logs = np.stack([p.log_density(points), q.log_density(points)])
    finite = np.isfinite(logs).all(axis=0)
    heights[some] = np.where(
        finite, k * np.where(finite, logs[0], 0.0) + (1.0 - k) * np.where(finite, logs[1], 0.0), -math.inf
    )
    best = heights.max(axis=0)
    tall = best > best.max() - 50.0
    return Pieces(*(row[tall] for row in pieces))


def _edges(pieces: Pieces) -> Float64Array:
    """Around the peak of each Gaussian piece, and inward from each end, on the scale of its fall."""
    low, high, rate, natural = pieces
    with np.errstate(divide="ignore", invalid="ignore"):
        center, deviation = natural / rate, 1.0 / np.sqrt(np.maximum(rate, 0.0))
        around = center[:, None] + deviation[:, None] * _GAUSSIAN
        inward = []
        for end, sign in ((low, 1.0), (high, -1.0)):
            slope = natural - rate * end
            length = 1.0 / np.maximum(np.abs(slope), np.sqrt(np.abs(rate)))
            inward.append(end[:, None] + sign * length[:, None] * _EXPONENTIAL)
    marks = [
        np.where((edges > low[:, None]) & (edges < high[:, None]), edges, math.nan)
        for edges in (around, *inward)
    ]
    return np.concatenate([low, high, *(edges.ravel() for edges in marks)])


def plane_boxes(p: Density, q: Density, powers: tuple[float, ...], limit: int) -> Float64Array | None:
    """Boxes (n, 2, 2), lower corners and widths, over p, q and p^k q^(1-k) for the powers k.

    None where there would be more than `limit`.
    """
    laws = [(law.means, precisions(law)) for law in (p, q)]
    if powers and len(p.means) * len(q.means) > _PAIRS:
        return None
    laws += [_peaks(k, p, q) for k in powers]
    centers, rates = (np.concatenate(parts) for parts in zip(*laws, strict=True))
    return _first_boxes(centers, rates, limit)


def _peaks(k: float, p: Density, q: Density) -> tuple[Float64Array, Float64Array]:
    """Means and precisions of the Gaussians p_i^k q_j^(1-k) that matter to p^k q^(1-k)."""
    rates_p, rates_q = precisions(p), precisions(q)
    rates = (k * rates_p[:, None] + (1.0 - k) * rates_q[None]).reshape(-1, *rates_p.shape[1:])
    natural = (k * naturals(p, rates_p)[:, None] + (1.0 - k) * naturals(q, rates_q)[None]).reshape(
        len(rates), -1
    )
    spectra = np.linalg.eigvalsh(rates)
    proper = spectra[:, 0] > 1e-12 * np.abs(spectra[:, -1])
    centers = np.linalg.solve(rates[proper], natural[proper][..., None])[..., 0]
    heights = k * p.log_density(centers) + (1.0 - k) * q.log_density(centers)
    tall = heights > heights.max(initial=-np.inf) - 50.0
    return centers[tall], rates[proper][tall]


def _first_boxes(centers: Float64Array, rates: Float64Array, limit: int) -> Float64Array | None:
    """Boxes over every component, none wider than _PANEL deviations of one near it; None if too many."""
    deviations = np.sqrt(np.diagonal(np.linalg.inv(rates), axis1=1, axis2=2))
    scales = 1.0 / np.sqrt(np.diagonal(rates, axis1=1, axis2=2))  # along an axis, the other one held
    lower = (centers - _REACH * deviations).min(axis=0)
    boxes = np.stack([lower, (centers + _REACH * deviations).max(axis=0) - lower])[None]
    settled = boxes[:0]
    while len(boxes):
        if len(settled) + len(boxes) > limit or len(boxes) * len(centers) > 10_000_000:
            return None
        offsets = (boxes[:, 0] + 0.5 * boxes[:, 1])[:, None] - centers
        distances = np.sqrt(np.einsum("bka,kac,bkc->bk", offsets, rates, offsets))
        near = distances <= _REACH + np.sum(0.5 * boxes[:, 1][:, None] / scales, axis=2)
        wide = boxes[:, 1] > _PANEL * np.where(near[..., None], scales, np.inf).min(axis=1)
        settled = np.concatenate([settled, boxes[~wide.any(axis=1)]])
        boxes, wide = boxes[wide.any(axis=1)], wide[wide.any(axis=1)]
        boxes = _halve(boxes, wide, int(np.argmax(wide.sum(axis=0))))
    return settled


def _halve(boxes: Float64Array, wide: NDArray[np.bool_], axis: int) -> Float64Array:
    """The boxes that are wide along the axis, halved along it, after the others."""
    others, lower = boxes[~wide[:, axis]], boxes[wide[:, axis]]
    lower[:, 1, axis] *= 0.5
    upper = lower.copy()
    upper[:, 0, axis] += upper[:, 1, axis]
    return np.concatenate([others, lower, upper])
