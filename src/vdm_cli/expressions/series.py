r"""A user's f with rigorous error bounds: Taylor series of balls (python-flint's `arb_series`).

    F(v) = f(e^v),   T = f'(e^v) = e^(-v) F'(v),   f* after T = F'(v) - F(v)

Every number is a ball that holds the true value (Johansson 2017, 'Arb', IEEE Trans. Comput. 66); the
precision is raised until the balls are small, so that cancellation, which ruins e^v f'(e^v) - f(e^v) in
float64, does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from flint import arb, arb_series, ctx

from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.grammar import FUNCTIONS, VARIABLE, Instruction, Program

LARGEST_EXPONENT = 64
_PRECISIONS = (192, 512, 1536)  # bits: f* after T at v = 60 loses 87 of them to cancellation
_UNARY = {"negate", *(name for name, count in FUNCTIONS.items() if count == 1)}
_SMALL = arb(2) ** -62  # balls are small when their radius is this times 1 + |value|


class Point(NamedTuple):
    """Balls of F = f(e^v) and what follows from it at one v; nan where f has no finite value.

    Attributes:
        f: f(e^v).
        witness: T(v) = f'(e^v).
        conjugate: f*(T(v)).
        slope: T'(v) >= 0 where f is convex; the slope of f* after T is e^v times it.
        branches: The signs on which each abs, minimum and maximum decided, in their order.
    """

    f: Any
    witness: Any
    conjugate: Any
    slope: Any
    branches: tuple[int, ...]


def nearest(ball: Any) -> float:
    """The float nearest to a ball's center; flint's own conversion cuts digits off: 1 - tiny gives .99..9."""
    cut = float(ball.mid())
    return cut + float((ball - cut).mid()) if math.isfinite(cut) else cut


class Series:
    """A program with the values of its parameters, to be evaluated at any v.

    Args:
        program: From `parse`.
        parameters: Values by name.

    Raises:
        ExpressionError: If a name has no value, or an exponent is no number of moderate size.
    """

    def __init__(self, program: Program, parameters: Mapping[str, float]):
        self._program = program
        self._parameters = dict(parameters)
        for name, value in parameters.items():
            if not math.isfinite(value):
                raise ExpressionError(f"the parameter {name} must be a finite number, got {value}")
        for each in program:
            if each.kind == "name" and each.text != VARIABLE and each.text not in self._parameters:
                raise ExpressionError(_unknown_name(each.text), each.position)
        with _precision(_PRECISIONS[0], length=1):
            self._check_constants()

    def _check_constants(self) -> None:
        """Exponents are moderate numbers, and every part without u is a number at all."""
        stack: list[Any] = []  # None stands for a part with u
        for each in self._program:
            count = 0 if each.kind in ("number", "name") else 1 if each.kind in _UNARY else 2
            operands = [stack.pop() for _ in range(count)][::-1]
            if each.kind == "**":
                _check_exponent(operands[1], each.position)
            known = all(x is not None for x in operands) and each.text != VARIABLE
            stack.append(self._step(each, operands, arb("nan"), []) if known else None)
            if known and not stack[-1].is_finite():
                raise ExpressionError(f"a part without {VARIABLE} has no finite value here", each.position)

    @property
    def length(self) -> int:
        """Instructions of the program."""
        return len(self._program)

    def at(self, v: float | Any, order: int = 2) -> Point:
        """Evaluate at v, a float or a ball.

        Args:
            v: log u.
            order: Derivatives of F wanted: 1 for f, T and f* after T; 2 for T' too.
        """
        for bits in _PRECISIONS:
            with _precision(bits, length=order + 1):
                point = self._at(v, order)
                if not all(x.is_finite() for x in point[:4]) or all(_is_small(x) for x in point[:4]):
                    break
        return point

    def is_finite_between(self, low: float, high: float) -> bool:
        """Whether f is proven finite on a whole interval of v; of a pole, and at times of none, it is not."""
        with _precision(_PRECISIONS[0], length=1):
            v = arb(0.5 * (low + high), 0.5 * (high - low))
            value = self._run(arb_series([v]).exp(), [])
            return bool((value[0] if isinstance(value, arb_series) else value).is_finite())

    def _at(self, v: Any, order: int) -> Point:
        u = arb_series([arb(v), 1]).exp()
        branches: list[int] = []
        value = self._run(u, branches)
        try:
            series = arb_series(value)
            f, first = series[0], series[1]
            second = series[2] if order > 1 else arb(0)
        except ValueError:
            f = first = second = arb("nan")
        witness = first / u[0]
        return Point(f, witness, first - f, (2 * second - first) / u[0], tuple(branches))

    def _run(self, u: Any, branches: list[int]) -> Any:
        stack: list[Any] = []
        for each in self._program:
            count = 0 if each.kind in ("number", "name") else 1 if each.kind in _UNARY else 2
            operands = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            stack.append(self._step(each, operands, u, branches))
        return stack.pop()

    def _step(self, each: Instruction, operands: list[Any], u: Any, branches: list[int]) -> Any:
        """What one instruction makes of its operands."""
        if each.kind == "number":
            return arb(each.text)
        if each.kind == "name":
            return u if each.text == VARIABLE else arb(repr(float(self._parameters[each.text])))
        if each.kind == "negate":
            return -operands[0]
        if each.kind in _UNARY:
            return _unary(each.kind, operands[0], branches)
        left, right = operands
        return _binary(each.kind, left, right, branches)


def _unary(kind: str, x: Any, branches: list[int]) -> Any:
    if kind == "abs":
        sign = _sign(x)
        branches.append(sign)
        return -x if sign < 0 else x
    if kind == "log":
        return x.log()
    return x.exp() if kind == "exp" else x.sqrt()


def _binary(kind: str, x: Any, y: Any, branches: list[int]) -> Any:
    if kind == "+":
        return x + y
    if kind == "-":
        return x - y
    if kind == "*":
        return x * y
    if kind == "/":
        return _quotient(x, y)
    if kind == "**":
        return _power(x, y)
    sign = _sign(x - y)
    branches.append(sign)
    return x if (sign <= 0) == (kind == "minimum") else y


def _quotient(x: Any, y: Any) -> Any:
    try:
        return x / y
    except (ZeroDivisionError, ValueError):  # a series without, or with an uncertain, constant term
        return x * arb("nan")


def _power(x: Any, exponent: Any) -> Any:
    if exponent.is_integer():
        whole = int(exponent.unique_fmpz())
        if whole < 0:
            return _quotient(arb(1), _power(x, arb(-whole)))
        result, square = arb(1), x
        while whole:
            if whole & 1:
                result = result * square
            whole >>= 1
            if whole:
                square = square * square
        return result
    if _sign(x) > 0:
        return (exponent * x.log()).exp()
    if _is_zero(x) and exponent > 0:  # a branch that is zero, as of maximum(u-2, 0)**1.5
        return x
    return x * arb("nan")


def _sign(x: Any) -> int:
    """Of the value of a ball or series; 0 where it is not certain."""
    value = x[0] if isinstance(x, arb_series) else x
    return 1 if value > 0 else -1 if value < 0 else 0


def _is_zero(x: Any) -> bool:
    """Whether a ball, or a whole series, is exactly zero."""
    return all(each.is_zero() for each in x.coeffs()) if isinstance(x, arb_series) else bool(x.is_zero())


def _is_small(x: Any) -> bool:
    return bool(x.rad() <= _SMALL * (1 + abs(x.mid())))


def _check_exponent(value: Any, position: int) -> None:
    if not value.is_finite() or not abs(value) <= LARGEST_EXPONENT:
        raise ExpressionError(
            f"an exponent must be a number between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}", position
        )


def _unknown_name(name: str) -> str:
    shown = name if len(name) <= 30 else f"{name[:27]}..."
    return f"'{shown}' is neither the variable {VARIABLE} nor a parameter with a value"


@contextmanager
def _precision(bits: int, length: int) -> Iterator[None]:
    """Flint's working precision and length of series, for a while."""
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, length
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before
