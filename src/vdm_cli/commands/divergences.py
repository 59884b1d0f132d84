"""Explain the named divergences, or a user's f, by their formulas, constants and conjugates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.conjugate import biconjugate, numeric_conjugate
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.names import parse_divergence, parse_expression
from vdm_cli.divergences.precision import double_precision
from vdm_cli.expressions.convex import CHECKED_RANGE, ConvexFunction
from vdm_cli.expressions.pointing import examined
from vdm_cli.expressions.spelling import is_expression
from vdm_cli.pictures.catalog import draw_catalog
from vdm_cli.pictures.divergence import draw_divergence

RATIOS = (0.1, 0.5, 1.0, 2.0, 10.0)


@dataclass(frozen=True)
class Value:
    """f and its conjugate at one ratio r = p/q, in nats.

    Attributes:
        ratio: r.
        f: f(r) - f(1) for a user's f, f(r) for a row of the catalog.
        t: T*(r) = f'(r).
        conjugate: f*(t) in closed form; None where there is none.
        numeric_conjugate: f*(t) found by maximizing u t - f(u).
        biconjugate: f**(r) = sup over t of r t - f*(t), by the numeric f*: f(r) again.
    """

    ratio: float
    f: float
    t: float
    conjugate: float | None
    numeric_conjugate: float
    biconjugate: float


@dataclass(frozen=True)
class Explanation:
    """What there is to know about one f.

    Attributes:
        divergence: A row of the catalog, or a user's f.
        function: What the checks of a user's f found; None for a row of the catalog.
        values: At the ratios `RATIOS`; empty where only the constants were asked for.
        multiple: (c, name) where a user's D_f is c times that row of the catalog, to six digits.
    """

    divergence: FDivergence
    function: ConvexFunction | None = None
    values: tuple[Value, ...] = ()
    multiple: tuple[float, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """One entry of `explanations_document`."""
        row, function = self.divergence, self.function
        formulas = None if row.formulas is None else asdict(row.formulas)
        if formulas is not None:
            formulas = {key: text or None for key, text in formulas.items()}
        return {
            "label": row.label,
            "name": row.name if function is None else None,
            "parameter": row.parameter,
            "expression": function.text
            if function
            else row.formulas and row.formulas.pasted_f(row.parameter),
            "title": row.title,
            "formulas": formulas,
            "at_equality": row.at_equality,
            "curvature": _finite(row.curvature),
            "supremum": _finite(row.supremum),
            "score_limit": row.score_limit,
            "checks": None if function is None else _checks(function),
            "multiple": self.multiple and {"factor": self.multiple[0], "name": self.multiple[1]},
            "values": [{key: _finite(number) for key, number in asdict(v).items()} for v in self.values],
        }


def explain_all() -> list[Explanation]:
    """Every named divergence, without values."""
    return [Explanation(row) for row in catalog().values()]


def explain(text: str) -> Explanation:
    """One divergence by its ``NAME[:PARAM]``, or an f of u.

    Raises:
        UsageError: If the name is unknown, the parameter not one of its family, or f not convex.
    """
    if is_expression(text):
        return explain_expression(text, "vdm divergences")
    row = parse_divergence(text, "vdm divergences")
    return Explanation(row, values=_values(row))


def explain_expression(text: str, option: str = "--expression") -> Explanation:
    """A user's f of u.

    Args:
        text: All of its numbers written out.
        option: Where it was given, for the message.

    Raises:
        UsageError: If it is no convex function, with the place in the text.
    """
    function = examined(text, option)
    row = parse_expression(text, option)
    return Explanation(row, function, _values(row), _multiple(row))


def draw_divergences(path: Path, divergences: Sequence[FDivergence]) -> None:
    """Draw one divergence in five panels, or several side by side, into a PNG."""
    if len(divergences) == 1:
        draw_divergence(path, divergences[0])
    else:
        draw_catalog(path, divergences)


def explanations_document(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """The JSON document, schema 1.

    ``{"schema": 1, "divergences": [entry, ...]}``; an entry has the keys

    * ``label``, ``name`` (null for a user's f), ``parameter``, ``title``;
    * ``expression``: f as text that `--expression` takes;
    * ``formulas``: the texts of `Formulas` by their names, null for a user's f;
    * ``at_equality`` f(1), ``curvature`` f''(1), ``supremum``, ``score_limit`` V_f;
    * ``checks``, null for a named one: ``subtracted`` (f(1) as written), ``checked_range`` of u, ``at_zero``
      f(0+), ``growth`` lim f(u)/u, ``breakpoints``, ``kinks``, ``piecewise_linear``;
    * ``multiple``: ``{"factor", "name"}`` where a user's f gives a multiple of a named divergence, or null;
    * ``values``: the fields of `Value` at five ratios; empty in the table of all.

    Infinite and undefined numbers are null.
    """
    return {"schema": 1, "divergences": [each.to_json() for each in explanations]}


def _checks(function: ConvexFunction) -> dict[str, Any]:
    return {
        "subtracted": function.offset,
        "checked_range": list(CHECKED_RANGE),
        "at_zero": _finite(function.at_zero),
        "growth": _finite(function.growth),
        "breakpoints": list(function.breakpoints),
        "kinks": list(function.kinks),
        "piecewise_linear": function.piecewise_linear,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _values(row: FDivergence) -> tuple[Value, ...]:
    star = numeric_conjugate(row.witness, row.witness_conjugate, row.score_limit)
    named = row.formulas is not None and bool(row.formulas.conjugate)  # or the numeric one is all there is

    @jax.jit
    def columns(u: jax.Array) -> tuple[jax.Array, ...]:
        t = row.witness(jnp.log(u))
        return row.f(u), t, row.conjugate(t) if named else t, star(t), biconjugate(row, star)(u)

    with double_precision():
        f, t, closed, numeric, recovered = (np.asarray(each).tolist() for each in columns(jnp.array(RATIOS)))
    return tuple(map(Value, RATIOS, f, t, closed if named else [None] * len(t), numeric, recovered))


def _multiple(row: FDivergence) -> tuple[float, str] | None:
    """T of the same divergence differs by a constant alone: f and f + c (u - 1) have equal D."""
    named = [each for each in catalog().values() if each.at_equality == 0.0]

    @jax.jit
    def witnesses(v: jax.Array) -> jax.Array:
        values = jnp.stack([each.witness(v) for each in (row, *named)])
        return values - values[:, :1]

    with double_precision():
        own, *others = np.asarray(witnesses(jnp.linspace(-3.0, 3.0, 24)))  # leaves out 0, where T may jump
    for each, other in zip(named, others, strict=True):
        factor = float(own[-1] / other[-1])
        if factor and np.allclose(own, factor * other, rtol=1e-6, atol=0.0):
            return float(f"{factor:.6g}"), each.label
    return None
