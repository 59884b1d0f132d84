"""What a user's f must be, checked before any use: finite, convex, not affine; and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.grammar import FUNCTIONS, VARIABLE, Program, parse
from vdm_cli.expressions.series import Point, Series, nearest

CHECKED_RANGE = 1e-6, 1e6  # of u, where f must be finite and convex
LARGEST_SCORE = 60.0
_LOG_RANGE = math.log(CHECKED_RANGE[1])
_STEP = 1.0 / 32.0  # of v = log u, between checked points
_TOLERANCE = 1e-12  # how far a rounded constant may bend what is straight
_LARGEST_VALUE = math.exp(81.0)  # within float32 and bfloat16, with room for a batch's sum
_INSTRUCTIONS = 200_000  # at most about so many are run in the search for poles
_BESIDE = 2.0**-30  # from one side of a branch to the other
_FAR = 1e9, 1e12  # |v| at which limits are read off


@dataclass(frozen=True)
class ConvexFunction:
    """A user's f that passed every check.

    Attributes:
        text: As written.
        parameters: Names and values, in the order of their names.
        program: Its instructions.
        offset: f(1) as written; every other attribute is of f - f(1).
        curvature: f''(1); nan where f has no second derivative there.
        at_zero: f(0+), perhaps ``inf``.
        growth: lim f(u)/u for u -> inf, perhaps ``inf``.
        score_limit: V_f: T, f* after T and their slopes fit float32 and bfloat16 for |v| <= V_f.
        breakpoints: The u at which an abs, minimum or maximum takes another branch, between e^-V_f and e^V_f.
        kinks: Those of them where f' jumps.
        piecewise_linear: Whether T' is zero wherever it exists, so that there is nothing to train on.
        straight_at_one: Whether it is zero on both sides of u = 1, where every critic starts.
    """

    text: str
    parameters: tuple[tuple[str, float], ...]
    program: Program
    offset: float
    curvature: float
    at_zero: float
    growth: float
    score_limit: float
    breakpoints: tuple[float, ...]
    kinks: tuple[float, ...]
    piecewise_linear: bool
    straight_at_one: bool

    @property
    def label(self) -> str:
        """The text, with the parameters behind it: ``u**a/(a*(a-1)), a = 0.7``."""
        return ", ".join([self.text.strip(), *(f"{name} = {value:g}" for name, value in self.parameters)])

    @property
    def supremum(self) -> float:
        """The least upper bound of D_f: f(0+) + lim f(u)/u (Csiszar 1967), in nats."""
        return self.at_zero + self.growth

    @property
    def series(self) -> Series:
        """What evaluates it at any v."""
        return Series(self.program, dict(self.parameters))


def examine(text: str, parameters: Mapping[str, float] | None = None) -> ConvexFunction:
    """Check a user's f.

    Args:
        text: In the grammar of `vdm_cli.expressions.grammar`.
        parameters: Values of the names in it.

    Raises:
        ExpressionError: If the text is no expression, f is not finite on [1e-6, 1e6], not convex there or
            farther out to e^-V_f and e^V_f, or affine, whose divergence is zero for every pair.
    """
    values = {}
    for name, value in (parameters or {}).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            raise ExpressionError(f"the parameter {name} must be a number of moderate size")
        values[name] = float(value)
    return _examine(text, tuple(sorted(values.items())))


@lru_cache(maxsize=64)
def _examine(text: str, parameters: tuple[tuple[str, float], ...]) -> ConvexFunction:
    program, series = _bound(text, parameters)
    grid = [(index + 0.5) * _STEP for index in range(int(-_LOG_RANGE / _STEP), int(_LOG_RANGE / _STEP))]
    grid = [-_LOG_RANGE, *grid, _LOG_RANGE]
    points = {v: _finite(series, v) for v in grid}
    doubtful = _unproven(series, grid)
    limit = _score_limit(series)
    outer = [_LOG_RANGE + 0.25 * index for index in range(1, int(4.0 * (limit - _LOG_RANGE)) + 1)]
    far = {v: series.at(v) for end in (-1.0, 1.0) for v in (end * size for size in outer)}
    breaks = _branch_changes(series, sorted((points | far).items()))
    beside = [v + side * 1e-12 * max(1.0, abs(v)) for v in breaks for side in (-1.0, 1.0)]
    beside += [v + side * 2e-9 for v in doubtful for side in (-1.0, 1.0)]
    _require_convex(points | far | {v: _finite(series, v) for v in beside})
    hidden = [v for v in doubtful if all(abs(v - known) > 4e-9 for known in breaks) and _jumps(series, v)]
    breaks = _merged([*breaks, *hidden])
    slopes = [nearest(point.witness) for point in points.values()]
    spread = max(slopes) - min(slopes)
    if math.isfinite(spread) and spread <= max(_TOLERANCE * max(map(abs, slopes)), 1e-40):
        where = f"everywhere from u = {CHECKED_RANGE[0]:g} to {CHECKED_RANGE[1]:g}"
        raise ExpressionError(_affine(f"it is affine: its slope is {slopes[0]:.4g} {where}"))
    offset = _value_at_one(series)
    return ConvexFunction(
        text=text,
        parameters=parameters,
        program=program,
        offset=offset,
        curvature=_curvature(series),
        at_zero=_limit(series, -1, offset) + 0.0,  # no -0.0
        growth=_limit(series, 1, offset) + 0.0,
        score_limit=limit,
        breakpoints=tuple(math.exp(v) for v in breaks),
        kinks=tuple(math.exp(v) for v in breaks if _jumps(series, v)),
        piecewise_linear=_is_straight(list(points.items())),
        straight_at_one=_is_straight([(v, point) for v, point in points.items() if abs(v) < 0.05]),
    )


def _bound(text: str, parameters: tuple[tuple[str, float], ...]) -> tuple[Program, Series]:
    """The program of a text that depends on u, and the same with the values of its parameters."""
    program = parse(text)
    names = {each.text for each in program if each.kind == "name"}
    for name, _ in parameters:
        if name == VARIABLE or name in FUNCTIONS:
            raise ExpressionError(f"no parameter can be called {name}: that is a word of the expressions")
        if name not in names:
            raise ExpressionError(f"it does not contain the parameter {name}")
    series = Series(program, dict(parameters))
    if VARIABLE not in names:
        raise ExpressionError(_affine("it does not depend on u"))
    return program, series


def _is_straight(points: list[tuple[float, Point]]) -> bool:
    """Whether T' is zero at all of some neighboring points: however much T changes from one to the next."""
    return all(
        nearest(point.slope) * (after - v)
        <= 1e-9 * abs(nearest(following.witness - point.witness)) + 1e-30 * abs(nearest(point.witness))
        for (v, point), (after, following) in pairwise(points)
    )


def _affine(why: str) -> str:
    return f"{why}, and the divergence of such an f is 0 for every pair of laws"


def _finite(series: Series, v: float) -> Point:
    point = series.at(v)
    if not all(x.is_finite() for x in point[:4]):
        raise ExpressionError(f"it has no finite value or slope at u = {math.exp(v):.4g}")
    return point


def _require_convex(points: Mapping[float, Point]) -> None:
    """f' must not fall from one v to the next, and f'' must not be negative at any."""
    before_v, before = min(points.items(), key=lambda each: each[0])
    for v, point in sorted(points.items(), key=lambda each: each[0]):
        allowed = _TOLERANCE * (1.0 + abs(nearest(point.witness)))
        if point.witness - before.witness < -allowed:
            start, end = f"{math.exp(before_v):.6g}", f"{math.exp(v):.6g}"
            where = f"at u = {start}" if start == end else f"from u = {start} to {end}"
            fall = f"from {_number(before.witness)} to {_number(point.witness)}"
            raise ExpressionError(f"it is not convex: its slope falls {fall} {where}")
        if point.slope < -allowed:
            raise ExpressionError(
                f"it is not convex: its second derivative is negative at u = {math.exp(v):.6g}"
            )
        before_v, before = v, point


def _branch_changes(series: Series, points: list[tuple[float, Point]]) -> list[float]:
    """The v between neighbors at which an abs, minimum or maximum takes another branch."""
    found: list[float] = []

    def search(low: float, low_signs: tuple[int, ...], high: float, high_signs: tuple[int, ...]) -> None:
        if low_signs == high_signs:
            return
        middle = 0.5 * (low + high)
        if high - low < 1e-15 * max(1.0, abs(middle)):
            found.append(middle)
            return
        signs = series.at(middle, 1).branches
        search(low, low_signs, middle, signs)
        search(middle, signs, high, high_signs)

    for (low, first), (high, second) in pairwise(points):
        search(low, first.branches, high, second.branches)
    return _merged(found)


def _unproven(series: Series, grid: list[float]) -> list[float]:
    """The v at which f may have a pole, or a kink that no abs, minimum or maximum makes: sqrt((u-1)**2)."""
    found, intervals = [], list(pairwise(grid))
    for _ in range(max(2_000, _INSTRUCTIONS // series.length)):
        if not intervals:
            break
        low, high = intervals.pop()
        if series.is_finite_between(low, high):
            continue
        middle = 0.5 * (low + high)
        if high - low < 2e-10:
            found.append(middle)
        else:
            intervals += [(low, middle), (middle, high)]
    return _merged(found, 1e-9)


def _merged(values: list[float], width: float = 1e-12) -> list[float]:
    """What is found from both sides of a point is one."""
    merged: list[float] = []
    for value in sorted(values):
        if merged and value - merged[-1] < width * max(1.0, abs(value)):
            continue
        merged.append(0.0 if abs(value) < max(width, 1e-14) else value)
    return merged


def _jumps(series: Series, v: float) -> bool:
    """Whether T has different limits on both sides."""
    below, above = (nearest(series.at(v + side * _BESIDE).witness) for side in (-1.0, 1.0))
    return not math.isclose(below, above, rel_tol=1e-3, abs_tol=1e-3)


def _value_at_one(series: Series) -> float:
    exact = series.at(0.0, 1).f
    if exact.is_finite():
        return nearest(exact)
    near = series.at(_power_of_two(-90), 1).f  # a derivative without a value there, as of abs(u-1)**1.5
    return round(nearest(near), 12)


def _curvature(series: Series) -> float:
    """T'(0) = f''(1) where both sides, and near and nearer points, agree."""
    at_one = series.at(0.0)
    if at_one.slope.is_finite() and 0 not in at_one.branches:
        return nearest(at_one.slope)
    near = [series.at(sign * _power_of_two(-power)) for sign in (-1, 1) for power in (40, 60)]
    if _jumps(series, 0.0):
        return math.nan
    values = [nearest(point.slope) for point in near]
    farther, nearer = values[0::2], values[1::2]
    if all(math.isclose(value, values[0], rel_tol=1e-6) for value in values):
        return values[0]
    # an f that is flat at 1, as abs(u-1)**3: f'' goes to zero
    vanishing = all(0.0 <= 2.0 * x <= y < 1e-3 for x, y in zip(nearer, farther, strict=True))
    return 0.0 if vanishing else math.nan


def _limit(series: Series, side: int, offset: float) -> float:
    """Of f - offset: lim f(u) for u -> 0 (side -1), which is -lim f*(T); lim f'(u) for u -> inf (side 1)."""
    near, far = (_end_value(point, side, offset) for point in (series.at(side * v, 1) for v in _FAR))
    return near if math.isclose(near, far, rel_tol=1e-6, abs_tol=1e-6) else math.inf


def _end_value(point: Point, side: int, offset: float) -> float:
    value = point.conjugate + offset if side < 0 else point.witness
    if not value.is_finite():
        return math.inf
    return -nearest(value) if side < 0 else nearest(value)


def _score_limit(series: Series) -> float:
    """The largest v <= 60 up to which, on both sides, T, f* after T and their slopes are moderate numbers."""

    def moderate(size: float) -> bool:
        for v in (-size, size):
            point = series.at(v)
            slopes = point.slope, point.slope * math.exp(v)
            if not all(
                x.is_finite() and abs(x) <= _LARGEST_VALUE for x in (point.witness, point.conjugate, *slopes)
            ):
                return False
        return True

    low, high = 0.0, 0.0
    while high < LARGEST_SCORE:
        high = min(LARGEST_SCORE, high + 0.5)
        if not moderate(high + 1e-3):  # a little beside round numbers, where a branch may change
            break
        low = high
    for _ in range(6 if low < LARGEST_SCORE else 0):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if moderate(middle) else (low, middle)
    if low < 0.1:
        raise ExpressionError("it leaves the range of float32 close to u = 1")
    return low


def _number(x: Any) -> str:
    return f"{nearest(x):.6g}"


def _power_of_two(exponent: int) -> Any:
    from flint import arb

    return arb(2) ** exponent
