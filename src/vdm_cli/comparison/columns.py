"""Columns that tell two samples apart by how they are written, or that say nothing at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.comparison.marginals import level_shares
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.grid import decimals_of, round_to_decimals
from vdm_cli.quoting import printable

_LISTED = 4  # columns named in a sentence
_SAMPLED_VALUES = 2_000_000  # of all columns together
_MOST_SAMPLED = 20_000  # rows
_OFF_GRID = 0.1  # share of values off the other side's grid that is no accident
_FEW = 20  # different values
_SCALES_APART = 20.0


@dataclass(frozen=True)
class _Found:
    """A finding of one column: what all such columns have in common, and this one's own part."""

    kind: str
    name: str
    own: str = ""


_SENTENCES = {
    "constant": "constant, and the same in P and Q, so that nothing comes of it: {columns}",
    "constant in one": "constant in one sample alone: {columns}",
    "apart": "P and Q do not overlap, so that one column tells them apart: {columns}",
    "precision": (
        "P and Q are written with different precision: {columns}; an ideal observer tells them apart by that "
        "alone, which no critic sees: round both alike"
    ),
    "few values": "few different values in one sample alone: {columns}",
    "blanks": "blank in one sample alone, which tells those rows apart: {columns}",
    "categories": "categories in one sample alone, which tell those rows apart: {columns}",
    "counting": (
        "columns that count the rows say nothing of their law; leave them out with --drop: {columns}"
    ),
}


def columns_told(p: np.ndarray, q: np.ndarray, names: Sequence[str], forms: Sequence[Form]) -> list[str]:
    """What a reader must know of single columns, one sentence for each kind of finding.

    Args:
        p: Rows of P, (n, d) in memory's coding: NaN where blank.
        q: Rows of Q, (m, d).
        names: Of the d columns.
        forms: How they are written; empty for plain numbers.
    """
    width = p.shape[1]
    written = tuple(forms) or (NUMBER,) * width
    # fmin and fmax pass NaN over without a copy of the table
    lows = [np.fmin.reduce(side, axis=0) for side in (p, q)]
    highs = [np.fmax.reduce(side, axis=0) for side in (p, q)]
    some_p, some_q = (_some(side) for side in (p, q))
    found: list[_Found] = []
    for index, (name, form) in enumerate(zip(names, written, strict=True)):
        if form.kind == "category":
            found += _categories(name, form, p[:, index], q[:, index])
            continue
        spans = [(float(low[index]), float(high[index])) for low, high in zip(lows, highs, strict=True)]
        found += _numbers(name, form, spans, (p[:, index], q[:, index]), (some_p[:, index], some_q[:, index]))
    return [
        sentence.format(columns=_listed([each for each in found if each.kind == kind]))
        for kind, sentence in _SENTENCES.items()
        if any(each.kind == kind for each in found)
    ]


def pixels_told(p: np.ndarray, q: np.ndarray) -> list[str]:
    """What a reader must know of the values of two samples of images, (n, h, w, ...) and (m, h, w, ...)."""
    spans = [(float(side.min()), float(side.max())) for side in (p, q)]
    told = " and ".join(f"{side} spans {_span(span)}" for side, span in zip("PQ", spans, strict=True))
    sizes = [max(abs(low), abs(high)) for low, high in spans]
    signs = [low < -0.25 * size for (low, _), size in zip(spans, sizes, strict=True)]
    if max(sizes) > _SCALES_APART * min(sizes) or signs[0] != signs[1]:
        return [f"the scales of P and Q differ: {told}; bring both to one scale"]
    some = [_some(side.reshape(len(side), -1)).ravel() for side in (p, q)]
    written = _precision(*(values[:: max(1, len(values) // _MOST_SAMPLED)] for values in some))
    if not written:
        return []
    return [_SENTENCES["precision"].format(columns=f"the pixels {written}")]


def _some(rows: np.ndarray) -> np.ndarray:
    """At most `_MOST_SAMPLED` rows, evenly spaced; fewer of wide ones."""
    count = max(1_000, min(_MOST_SAMPLED, _SAMPLED_VALUES // rows.shape[1]))
    return rows[:: max(1, math.ceil(len(rows) / count))]


def _numbers(
    name: str,
    form: Form,
    spans: Sequence[tuple[float, float]],
    columns: tuple[np.ndarray, np.ndarray],
    some: tuple[np.ndarray, np.ndarray],
) -> list[_Found]:
    """Findings of a column of numbers or dates."""
    found = []
    if form.blank is not None:
        shares = [float(np.mean(np.isnan(column))) for column in columns]
        for side, share, other in zip("PQ", shares, reversed(shares), strict=True):
            if share > 0 == other:
                found.append(_Found("blanks", name, f"{100 * share:.2g} % in {side}"))
    (p_low, p_high), (q_low, q_high) = spans
    constant = [low == high for low, high in spans]
    if all(constant):
        if p_low == q_low:
            return [*found, _Found("constant", name)]
        own = "" if form.kind == "date" else f"{p_low:g} in P, {q_low:g} in Q"
        return [*found, _Found("apart", name, own)]
    if any(constant):
        side = "P" if constant[0] else "Q"
        value = spans[0][0] if constant[0] else spans[1][0]
        found.append(
            _Found("constant in one", name, f"in {side}" if form.kind == "date" else f"{value:g} in {side}")
        )
        return found
    if p_high < q_low or q_high < p_low:
        own = "" if form.kind == "date" else f"{_span(spans[0])} in P, {_span(spans[1])} in Q"
        return [*found, _Found("apart", name, own)]
    if all(map(_counts_rows, columns)):
        return [*found, _Found("counting", name)]
    written = "" if form.kind == "date" else _precision(*some)
    if written:
        return [*found, _Found("precision", name, written)]
    present = (values[~np.isnan(values)] for values in map(_floats, some))
    different = [np.count_nonzero(np.diff(np.sort(values))) + 1 for values in present]
    for side, few, many in zip("PQ", different, reversed(different), strict=True):
        if few <= _FEW and many > 20 * few:
            found.append(_Found("few values", name, f"{few} in {side}, {many} in as many rows of the other"))
    return found


def _floats(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _precision(p: np.ndarray, q: np.ndarray) -> str:
    """How differently many decimals two columns of values have, in words; empty where they do not."""
    p, q = (values[~np.isnan(values)] for values in (_floats(p), _floats(q)))
    decimals = [decimals_of(values) if len(values) else None for values in (p, q)]
    if decimals[0] == decimals[1]:
        return ""
    coarse = min((each, place) for place, each in enumerate(decimals) if each is not None)
    other = (q, p)[coarse[1]].astype(np.float64)
    spacing = 4.0 * np.spacing(np.abs((q, p)[coarse[1]])).astype(np.float64)
    if float(np.mean(np.abs(other - round_to_decimals(other, coarse[0])) > spacing)) < _OFF_GRID:
        return ""
    told = [
        f"{side} has {'no fixed number of decimals' if each is None else _decimals(each)}"
        for side, each in zip("PQ", decimals, strict=True)
    ]
    return ", ".join(told)


def _decimals(count: int) -> str:
    return "whole numbers" if count == 0 else f"{count} decimal{'s' * (count > 1)}"


def _counts_rows(column: np.ndarray) -> bool:
    """Whether the values go up or down by one and the same step, row by row."""
    steps = np.diff(column[:1_000].astype(np.float64))
    return len(steps) > 10 and steps[0] != 0 and bool(np.all(steps == steps[0]))


def _categories(name: str, form: Form, p: np.ndarray, q: np.ndarray) -> list[_Found]:
    """Findings of a column of categories, of which blanks are one."""
    shares = [level_shares(side, len(form.categories)) for side in (p, q)]
    levels = [np.flatnonzero(side) for side in shares]
    if len(levels[0]) == len(levels[1]) == 1:
        return [_Found("constant" if levels[0][0] == levels[1][0] else "apart", name)]
    found = []
    for side, own, other in zip("PQ", shares, reversed(shares), strict=True):
        alone = np.flatnonzero((own > 0) & (other == 0))
        if len(alone):
            texts = [
                f"'{printable(form.categories[level], 20)}'" if level < len(form.categories) else "blank"
                for level in alone[:2]
            ]
            more = f" and {len(alone) - 2} more" if len(alone) > 2 else ""
            share = 100 * float(own[alone].sum())
            found.append(_Found("categories", name, f"{', '.join(texts)}{more} in {side}, {share:.2g} %"))
    return found


def _span(span: tuple[float, float]) -> str:
    return f"{span[0]:.3g}..{span[1]:.3g}"


def _listed(found: Sequence[_Found]) -> str:
    """The columns of one finding by name."""
    told = [f"{printable(each.name, 30)}{f' ({each.own})' * bool(each.own)}" for each in found[:_LISTED]]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return ", ".join(told) + more
