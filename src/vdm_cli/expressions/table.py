r"""T and f* after T of a user's f as piecewise polynomials in the score v, right in float64.

Cells of v have one width, a power of two, so that a float32 finds its place in one without rounding; each is
cut into 1, 2, 4, ... pieces of equal length, as many as its polynomials need.  A piece in which a branch of
abs, minimum or maximum changes has a polynomial on either side.  Polynomials interpolate balls at Chebyshev
points, which lie inside their piece, so a kink at its end does no harm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial, chebyshev
from numpy.typing import NDArray

from vdm_cli.expressions.convex import ConvexFunction
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.series import Series, nearest

Float64Array = NDArray[np.float64]
Ints = NDArray[np.int64]

DEGREE = 7
WIDTH = 2.0**-3  # of a cell
_LEVELS = 11  # a cell has at most 2^10 pieces
_ACCURATE = 1e-9  # largest last Chebyshev coefficient, relative to the piece: the error is smaller by far
_ACCEPTED = 1e-6  # the same after the last cut
_WORK = 6_000_000  # instructions at most, and ten a point: some seconds
_GROWS = 1.05  # a factor over one unit of v from which a tail counts as exponential


@dataclass(frozen=True, eq=False)
class Tail:
    """T and f* after T beyond one end of the table.

    Attributes:
        values: Of T and of f* after T at the end, shape (2,).
        slopes: Their derivatives there, shape (2,).
        exponential: Whether each grows exponentially there, so that it is infinite for all that float32
            knows; else it goes on straight, exact for logarithms and up to e^-V_f for what levels off.
    """

    values: Float64Array
    slopes: Float64Array
    exponential: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Table:
    """Polynomials in s in [-1, 1] along a piece, highest power first.

    Attributes:
        half: Cells of `WIDTH` on either side of v = 0.
        starts: Index of each cell's first piece, shape (2 half,).
        counts: Pieces of each cell, shape (2 half,).
        left: Coefficients, shape (pieces, 2, DEGREE + 1): of T and of f* after T; those left of the break.
        right: The same right of it; None where no piece has one.
        breaks: s of the break, 2 where a piece has none, shape (pieces,).
        tails: Below and above.
    """

    half: int
    starts: Ints
    counts: Ints
    left: Float64Array
    right: Float64Array | None
    breaks: Float64Array
    tails: tuple[Tail, Tail]

    @property
    def end(self) -> float:
        """The largest |v| in the table."""
        return self.half * WIDTH


def tabulate(function: ConvexFunction) -> Table:
    """The table of a checked f over [-V_f, V_f].

    Raises:
        ExpressionError: If f changes too fast.
    """
    half = math.ceil(function.score_limit / WIDTH)
    breaks = np.log(np.array(function.breakpoints))
    found: list[_Cell | None] = [None] * (2 * half)
    pending, work = np.arange(-half, half), 0
    for level in range(_LEVELS):
        last = level == _LEVELS - 1
        work += pending.size * 2**level * (DEGREE + 2) * (10 + function.series.length)
        if work > _WORK:
            raise ExpressionError(f"it changes too fast near u = {math.exp(pending[0] * WIDTH):.4g}")
        cells = _cells(function, pending, 2**level, breaks, last)
        for index, cell in zip(pending, cells, strict=True):
            found[index + half] = cell
        pending = np.array([index for index, cell in zip(pending, cells, strict=True) if cell is None])
        if not pending.size:
            break
    if pending.size:
        raise ExpressionError(f"it changes too fast near u = {math.exp(pending[0] * WIDTH):.4g}")
    whole = [cell for cell in found if cell is not None]
    counts = np.array([len(cell.breaks) for cell in whole])
    splits = np.concatenate([cell.breaks for cell in whole])
    return Table(
        half=half,
        starts=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        counts=counts,
        left=np.concatenate([cell.left for cell in whole]),
        right=np.concatenate([cell.right for cell in whole]) if np.any(splits < 2.0) else None,
        breaks=splits,
        tails=(_tail(function, -half * WIDTH), _tail(function, half * WIDTH)),
    )


@dataclass(frozen=True, eq=False)
class _Cell:
    """One cell's pieces; see `Table`."""

    left: Float64Array
    right: Float64Array
    breaks: Float64Array


def _cells(
    function: ConvexFunction, cells: Ints, count: int, breaks: Float64Array, last: bool
) -> list[_Cell | None]:
    """Each cell in `count` pieces; None where they are not accurate, or two branches change in one piece."""
    length = WIDTH / count
    centers = (cells[:, None] * WIDTH + (np.arange(count) + 0.5) * length).ravel()
    splits, crowded = np.full(centers.size, 2.0), np.zeros(centers.size, bool)
    for v in breaks:
        s = 2.0 * (v - centers) / length
        inside = np.abs(s) < 1.0 - 1e-9
        crowded |= inside & (splits < 2.0)
        splits[inside] = s[inside]
    ones = np.ones(centers.size)
    left, error = _pieces(function, centers, length, -ones, np.minimum(splits, 1.0))
    right, split = left.copy(), splits < 2.0
    right[split], beyond = _pieces(function, centers[split], length, splits[split], ones[split])
    error[split] = np.maximum(error[split], beyond)
    near = np.abs(centers[:, None] - breaks).min(axis=1, initial=math.inf) < 8 * length
    allowed = np.where(near, math.inf, _ACCEPTED) if last else _ACCURATE  # f' may be singular at a break
    good = np.all(((error <= allowed) & ~crowded).reshape(-1, count), axis=1).tolist()
    parts = (array.reshape(len(cells), count, *array.shape[1:]) for array in (left, right, splits))
    found = [_Cell(*each) for each in zip(*parts, strict=True)]
    return [cell if fine else None for cell, fine in zip(found, good, strict=True)]


@lru_cache(maxsize=1)
def _interpolation() -> tuple[Float64Array, Float64Array, Float64Array]:
    """Points in (-1, 1); matrices from values there to Chebyshev coefficients, and from those to powers."""
    points = chebyshev.chebpts1(DEGREE + 1)
    to_powers = np.zeros((DEGREE + 1, DEGREE + 1))
    for index in range(DEGREE + 1):
        powers = chebyshev.cheb2poly(np.eye(DEGREE + 1)[index])
        to_powers[: len(powers), index] = powers
    to_chebyshev = np.linalg.inv(chebyshev.chebvander(points, DEGREE))
    return np.asarray(points), np.asarray(to_chebyshev, np.float64), to_powers


def _pieces(
    function: ConvexFunction, centers: Float64Array, length: float, low: Float64Array, high: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Polynomials over s in [low, high] of pieces: coefficients (n, 2, DEGREE + 1), relative errors (n,)."""
    points, to_chebyshev, to_powers = _interpolation()
    series = function.series
    inside = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * points
    scores = centers[:, None] + 0.5 * length * inside
    levels, rises = np.empty((len(scores), 2)), np.empty((*scores.shape, 2))
    for index, row in enumerate(scores):
        # in balls, where a small rise above a large level keeps its digits, and so does the slope
        level = _pair(series, row.mean())
        levels[index] = _leveled(level, function.offset)
        for place, v in enumerate(row):
            rises[index, place] = [nearest(x - y) for x, y in zip(_pair(series, v), level, strict=True)]
    falls = np.diff(rises, axis=1) < -1e-12 * (1e-18 + np.abs(levels) + np.abs(rises).max(axis=1))[:, None]
    if falls.any():
        u = math.exp(centers[np.argmax(falls.any(axis=(1, 2)))])
        raise ExpressionError(f"it is not convex: its slope falls close to u = {u:.6g}")
    coefficients = np.einsum("ij,njk->nki", to_chebyshev, rises)
    scale = np.abs(rises).max(axis=1) + 1e-16 * np.abs(levels) + 1e-30
    errors = (np.abs(coefficients[..., -1]) / scale).max(axis=1, initial=0.0)
    powers = coefficients @ to_powers.T
    powers[..., 0] += levels
    for index in np.flatnonzero((low > -1.0) | (high < 1.0)).tolist():
        size = high[index] - low[index]
        local = Polynomial([-(low[index] + high[index]) / size, 2.0 / size])
        for row in powers[index]:
            composed = Polynomial(row)(local).coef
            row[: len(composed)], row[len(composed) :] = composed, 0.0
    return powers[..., ::-1], errors


def _pair(series: Series, v: float) -> tuple[Any, Any]:
    """Balls of T and of f* after T, of f as it is written."""
    point = series.at(v, 1)
    return point.witness, point.conjugate


def _leveled(pair: tuple[Any, Any], offset: float) -> tuple[float, float]:
    """T and f* after T of f - offset."""
    return nearest(pair[0]), nearest(pair[1] + offset)


def _tail(function: ConvexFunction, end: float) -> Tail:
    point = function.series.at(end)
    values = np.array(_leveled(_pair(function.series, end), function.offset))
    slopes = nearest(point.slope) * np.array([1.0, math.exp(end)])
    outward = math.copysign(1.0, end) * slopes / np.where(values == 0.0, 1.0, values)
    return Tail(values, slopes, outward > math.log(_GROWS))
