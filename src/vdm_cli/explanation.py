"""Divergences explained in words and tables, for standard output."""

from __future__ import annotations

import json
import math
import shlex
import textwrap
from collections.abc import Sequence

from vdm_cli.commands.divergences import Explanation, explanations_document
from vdm_cli.console import table_text
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.formulas import FUNCTION_MEANINGS, Formulas
from vdm_cli.expressions.convex import CHECKED_RANGE, ConvexFunction

_NUMBERS = (22, 7, 7, 5)  # widths of the first columns of the table
_WIDE = 150  # columns at which f(u) gets one of its own
_INDENT = 14  # of what stands beside a name


def explanations_json(explanations: Sequence[Explanation]) -> str:
    """The JSON document of explanations, schema 1."""
    return json.dumps(explanations_document(explanations), indent=2, allow_nan=False)


def divergence_table(explanations: Sequence[Explanation], width: int) -> str:
    """The named divergences, one a row.

    Args:
        explanations: Of named rows.
        width: Columns of the screen; 80 and more are used well.
    """
    wide = width >= _WIDE
    titles = [each.divergence.title for each in explanations]
    share = max(map(len, titles)) + 2 if wide else width - sum(_NUMBERS)
    lines = [_line(("name", "f''(1)", "sup", "V_f"), "what it is", share) + ("f(u)" if wide else "")]
    for each in explanations:
        row = each.divergence
        formula = row.formulas.f if row.formulas else row.label
        numbers = (_constant(row.curvature), _constant(row.supremum), f"{row.score_limit:.4g}")
        first, *rest = textwrap.wrap(row.title, share)
        lines.append(_line((row.name, *numbers), first, share) + (formula if wide else ""))
        lines += [_line(("",) * 4, more, share) for more in rest]
        if not wide:
            lines.append(f"  f(u) = {formula}")
    lines = [line.rstrip() for line in lines]
    notes = (
        "D_f(P‖Q) = E_Q[f(p/q)], in nats; P is the data, Q the model. f''(1): near P = Q, D_f is about "
        "f''(1)/2 chi^2. sup: the largest value, of separated laws. V_f: T and f*(T) are finite for scores "
        "|v| <= V_f in float32.",
        "More of one: vdm divergences kl. Another parameter: vdm divergences alpha:0.7. An f of your own: "
        "vdm divergences --expression 'u*log(u)'.",
    )
    return "\n".join([*lines, "", *(textwrap.fill(note, min(width, 100)) for note in notes)])


def divergence_page(found: Explanation, width: int) -> str:
    """One divergence in detail: formulas or checks, a table of f*, conventions, and how to use it."""
    row, width = found.divergence, min(width, 110)
    page = _Page(width)
    if found.function is not None:
        _expression(page, found, found.function)
    elif row.formulas is not None:
        _formulas(page, row, row.formulas)
    page.gap()
    page.text(
        "For every witness T, D_f(P‖Q) >= E_P[T(x)] - E_Q[f*(T(x))], with equality at T(x) = f'(p(x)/q(x)), "
        "which is T(v) of the score v = log p(x)/q(x). At five ratios r, with f* by maximizing u t - f(u), "
        "and f back from it as f**(r) = sup over t of r t - f*(t):"
    )
    page.gap()
    page.block(_values(found))
    page.gap()
    _use(page, found)
    return page.done()


class _Page:
    """Lines of text filled to a width."""

    def __init__(self, width: int):
        self._width = width
        self._lines: list[str] = []

    def gap(self) -> None:
        self._lines.append("")

    def text(self, text: str) -> None:
        self._lines.append(textwrap.fill(text, self._width, break_long_words=False, break_on_hyphens=False))

    def block(self, text: str) -> None:
        self._lines += text.splitlines()

    def entry(self, name: str, text: str) -> None:
        """A name, and what belongs to it beside it."""
        self._lines.append(
            textwrap.fill(
                text,
                self._width,
                initial_indent=f"  {name:<{_INDENT - 2}}",
                subsequent_indent=" " * _INDENT,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    def done(self) -> str:
        return "\n".join(self._lines)


def _formulas(page: _Page, row: FDivergence, formulas: Formulas) -> None:
    page.text(f"{row.label}: {row.title}")
    page.gap()
    if row.parameter is not None:
        page.entry(formulas.parameter, f"{row.parameter:g}")
    page.entry("f(u)", formulas.f)
    page.entry("T(v)", formulas.witness)
    if formulas.surrogate:
        page.entry("", f"trained as {formulas.surrogate}")
    page.entry("f*(T(v))", formulas.witness_conjugate)
    page.entry("f*(t)", _conjugate(formulas))
    page.entry("T*(r)", f"{formulas.slope}   = f'(r), the best witness, r = p/q")
    every = " ".join((formulas.witness, formulas.witness_conjugate, formulas.conjugate))
    for name, meaning in FUNCTION_MEANINGS.items():
        if f"{name}(" in every:
            page.entry("", f"({meaning})")
    page.gap()
    if row.at_equality != 0.0:
        page.entry("f(1)", f"{_constant(row.at_equality)}, its value at P = Q")
    _curvature(page, row.curvature, "does not exist, f has a kink")
    page.entry("supremum", f"{_constant(row.supremum)}{_apart(row.supremum)}")
    _limit(page, row.score_limit)
    page.gap()
    page.text(f"Convention: {formulas.convention}")
    if formulas.paper_name:
        meaning = "T(v) as here" if formulas.paper_link == formulas.witness else "where v is no log-ratio"
        page.text(
            f"In f-GAN (Nowozin, Cseke and Tomioka 2016): {formulas.paper_name}, with the output activation "
            f"g_f(v) = {formulas.paper_link}, {meaning} (objective.link: paper)."
        )


def _conjugate(formulas: Formulas) -> str:
    inside = formulas.conjugate or "no closed form, computed"
    if formulas.domain == "every t":
        return f"{inside}   for every t"
    ends = [f"{inside}   for {formulas.domain}"]
    if formulas.below:
        ends.append(f"{formulas.below} below")
    if "t <" in formulas.domain:
        ends.append("inf above")
    return "; ".join(ends)


def _expression(page: _Page, found: Explanation, function: ConvexFunction) -> None:
    low, high = CHECKED_RANGE
    page.text("An f of your own, checked:")
    page.gap()
    page.entry("f(u)", function.label)
    if function.offset == 0.0:
        page.entry("f(1)", "0, as it must be: D_f(P‖P) = 0")
    else:
        page.entry("f(1)", f"{_constant(function.offset)} as written; it is subtracted, so that D_f(P‖P) = 0")
    page.entry("finite", f"for {low:g} <= u <= {high:g}")
    page.entry("convex", "on the same range, in value and slope, and nowhere affine throughout")
    page.entry("shape", _shape(function))
    _curvature(page, function.curvature, "does not exist, f is not smooth at 1")
    page.entry("f(0+)", _constant(function.at_zero))
    page.entry("lim f(u)/u", f"{_constant(function.growth)}   for u -> inf")
    page.entry("supremum", f"{_constant(function.supremum)} = f(0+) + lim f(u)/u{_apart(function.supremum)}")
    _limit(page, function.score_limit)
    if found.multiple is not None:
        factor, name = found.multiple
        page.entry("D_f", "that of " + name if factor == 1.0 else f"{factor:g} times {name}'s")


def _shape(function: ConvexFunction) -> str:
    places = ", ".join(f"{u:.6g}" for u in function.kinks[:6]) + (", ..." if len(function.kinks) > 6 else "")
    if function.piecewise_linear:
        return (
            f"piecewise linear, with kinks at u = {places}: it can be evaluated but not trained, as T has no "
            "slope; total_variation trains through a smooth surrogate"
        )
    return f"kinks at u = {places}, where T jumps; smooth elsewhere" if function.kinks else "smooth"


def _curvature(page: _Page, curvature: float, undefined: str) -> None:
    if math.isnan(curvature):
        page.entry("f''(1)", undefined)
    else:
        near = "is about f''(1)/2 chi^2" if curvature else "vanishes faster than chi^2"
        page.entry("f''(1)", f"{_constant(curvature)}   near P = Q, D_f {near}")


def _limit(page: _Page, score_limit: float) -> None:
    page.entry("V_f", f"{score_limit:.4g}   T, f*(T), slopes fit float32 and bfloat16 for |v| <= V_f")


def _apart(supremum: float) -> str:
    return "   unbounded" if math.isinf(supremum) else "   where P and Q are separated"


def _values(found: Explanation) -> str:
    closed = found.values[0].conjugate is not None
    heads = ["r", "f(r)", "t = T*(r)", *["f*(t)"] * closed, "f*(t), numeric", "f**(r)"]
    columns: list[list[float | None]] = [
        [value.ratio for value in found.values],
        [value.f for value in found.values],
        [value.t for value in found.values],
        *[[value.conjugate for value in found.values]] * closed,
        [value.numeric_conjugate for value in found.values],
        [value.biconjugate for value in found.values],
    ]
    rows = list(zip(*(_digits(column) for column in columns), strict=True))
    return textwrap.indent(table_text(heads, rows), "  ")


def _use(page: _Page, found: Explanation) -> None:
    row, formulas = found.divergence, found.divergence.formulas
    if found.function is not None:
        given = f"--expression {shlex.quote(found.function.text)}"
        if not found.function.piecewise_linear:
            page.text("Train with it, in the configuration:")
            page.block(f"  divergence: {{kind: expression, f: {json.dumps(found.function.text)}}}")
    else:
        given = f"--divergence {row.label}"
        name = row.name
        if row.parameter is not None and formulas is not None:
            name = f"{{kind: {row.name}, {formulas.parameter}: {row.parameter:g}}}"
        page.text("Train with it, in the configuration:")
        page.block(f"  divergence: {name}")
    page.text("Measure it, between two files or between a run and its data:")
    page.block(f"  vdm eval-divergence --p data.csv --q model.csv {given}")
    if formulas is not None:
        page.text("The same f as an expression, to start your own from:")
        page.block(f"  vdm divergences --expression {shlex.quote(formulas.pasted_f(row.parameter))}")
    page.text("See it: add --plot FILE.png")


def _line(fixed: Sequence[str], title: str, share: int) -> str:
    cells = (f"{text:<{room}}" for text, room in zip(fixed, _NUMBERS, strict=True))
    return "".join(cells) + f"{title:<{share}}"


def _constant(value: float) -> str:
    return "kink" if math.isnan(value) else "inf" if math.isinf(value) else f"{value:.4g}"


def _digits(column: Sequence[float | None]) -> list[str]:
    """Six digits each; rounding errors beside the column's largest number are 0."""
    known = [value for value in column if value is not None and math.isfinite(value)]
    tiny = 1e-12 * max(map(abs, known), default=0.0)
    return [
        "unknown" if x is None or math.isnan(x) else "0" if abs(x) <= tiny else f"{x:.6g}" for x in column
    ]
