"""A user's f as a divergence like any other: f from its text, T and f* after T from their table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from vdm_cli.divergences.conjugate import numeric_conjugate
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.expressions.convex import ConvexFunction, examine
from vdm_cli.expressions.grammar import VARIABLE, Program
from vdm_cli.expressions.table import DEGREE, WIDTH, Table, Tail, tabulate

_UNARY: dict[str, Callable[[Any], Any]] = {
    "negate": lambda x: -x,
    "log": jnp.log,
    "exp": jnp.exp,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "minimum": jnp.minimum,
    "maximum": jnp.maximum,
}


def expression_divergence(text: str, parameters: Mapping[str, float] | None = None) -> FDivergence:
    """The divergence of a user's f.

    T and f* after T are right to about 1e-11 in float64 and to its last digits in float32, for
    |v| <= score_limit; `f` is computed as it is written, and so are its rounding errors.

    Args:
        text: f(u) in the grammar of `vdm_cli.expressions.grammar`; f(1) is subtracted.
        parameters: Values of the names in it.

    Raises:
        ExpressionError: If it is not the text of a finite, convex f that is not affine.
    """
    return _divergence(examine(text, parameters))


@lru_cache(maxsize=64)
def _divergence(function: ConvexFunction) -> FDivergence:
    table = tabulate(function)
    witness, witness_conjugate = _interpolated(table, 0), _interpolated(table, 1)
    return FDivergence(
        name=function.label,
        title="user's f(u)",
        f=_as_written(function.program, dict(function.parameters), function.offset),
        witness=witness,
        witness_conjugate=witness_conjugate,
        conjugate=numeric_conjugate(witness, witness_conjugate, function.score_limit),
        score_limit=function.score_limit,
        curvature=function.curvature,
        supremum=function.supremum,
        ends=(function.at_zero, function.growth),
        breakpoints=function.breakpoints,
    )


def _as_written(program: Program, parameters: Mapping[str, float], offset: float) -> Elementwise:
    """u -> f(u) - offset by the stack machine, in u's dtype."""

    def f(u: jax.Array) -> jax.Array:
        stack: list[Any] = []
        for each in program:
            if each.kind == "number":
                stack.append(float(each.text))
            elif each.kind == "name":
                stack.append(u if each.text == VARIABLE else parameters[each.text])
            elif each.kind in _UNARY:
                stack.append(_on_constants(_UNARY[each.kind], stack.pop()))
            else:
                right, left = stack.pop(), stack.pop()
                apply = _power if each.kind == "**" else _BINARY[each.kind]
                stack.append(_on_constants(apply, left, right))
        return jnp.broadcast_to(jnp.asarray(stack.pop(), u.dtype), u.shape) - jnp.asarray(offset, u.dtype)

    return f


def _on_constants(function: Callable[..., Any], *operands: Any) -> Any:
    """Constants stay Python numbers, so that they never widen the dtype of u."""
    result = function(*operands)
    return float(result) if all(isinstance(each, float) for each in operands) else result


def _power(x: Any, exponent: Any) -> Any:
    whole = float(exponent)
    return x ** int(whole) if whole.is_integer() else x**whole


def _interpolated(table: Table, column: int) -> Elementwise:
    """v -> one column of the table, in v's dtype; computed in float32 at least."""
    left = table.left[:, column]
    right = None if table.right is None else table.right[:, column]
    cut = bool(table.counts.max() > 1)
    last = 2 * table.half - 1

    def function(v: jax.Array) -> jax.Array:
        v = jnp.asarray(v)
        dtype = jnp.promote_types(v.dtype, jnp.float32)
        score = v.astype(dtype)
        within = jnp.abs(score) <= table.end  # no clip: its slope at the end is one half
        inside = jnp.where(within, score, jnp.sign(score) * table.end)
        cells = inside * (1.0 / WIDTH)  # exact: the width is a power of two
        cell = jnp.clip(jnp.floor(cells).astype(jnp.int32) + table.half, 0, last)
        along = cells - (cell - table.half).astype(dtype)  # in [0, 1]
        piece = cell
        if cut:
            count = jnp.asarray(table.counts, jnp.int32)[cell]
            along = along * count.astype(dtype)
            part = jnp.clip(jnp.floor(along).astype(jnp.int32), 0, count - 1)
            along = along - part.astype(dtype)
            piece = jnp.asarray(table.starts, jnp.int32)[cell] + part
        s = 2.0 * along - 1.0
        row = jnp.asarray(left, dtype)[piece]
        if right is not None:
            beyond = s > jnp.asarray(table.breaks, dtype)[piece]
            row = jnp.where(beyond[..., None], jnp.asarray(right, dtype)[piece], row)
        value = row[..., 0]
        for power in range(1, DEGREE + 1):
            value = value * s + row[..., power]
        for tail, sign in zip(table.tails, (-1.0, 1.0), strict=True):
            past = sign * score > table.end
            value = jnp.where(past, _beyond(tail, column, score - sign * table.end), value)
        return value.astype(v.dtype)

    return function


def _beyond(tail: Tail, column: int, distance: jax.Array) -> Any:
    value, slope = float(tail.values[column]), float(tail.slopes[column])
    return math.copysign(math.inf, value) if tail.exponential[column] else value + slope * distance
