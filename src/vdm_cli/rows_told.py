"""Which columns and which rows differ, as short tables for standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from vdm_cli.commands.column_divergences import Bound, FeatureDivergence
from vdm_cli.commands.extremes import ExtremeRow, Extremes, Value
from vdm_cli.console import table_text
from vdm_cli.estimation.importance import ImportanceWeights
from vdm_cli.lines import WIDTH
from vdm_cli.quoting import printable

SHOWN_FEATURES = 5
SHOWN_ROWS = 3  # of each side
SHOWN_COLUMNS = 5
FEWEST_EFFECTIVE = 0.01  # share of the rows that weights must be worth to be of use
LONGEST_NAME, LONGEST_VALUE = 16, 16


def features_told(features: Sequence[FeatureDivergence]) -> list[str]:
    """The columns that differ most, each by itself, as far as they tell anything."""
    if not features:
        return []
    shown = [each for each in features if _tells(each.bound)][:SHOWN_FEATURES]
    if not shown:
        return [f"columns alone: none of {len(features)} tells P from Q"]
    asked = shown[0].first_asked
    headers = ["columns alone", "JS", "s.e."]
    headers += [] if asked is None else [printable(asked.divergence, 25), "s.e."]
    rows = []
    for feature in shown:
        bounds = [feature.bound, *([] if feature.first_asked is None else [feature.first_asked])]
        numbers = [_number(value) for bound in bounds for value in (bound.estimate, bound.standard_error)]
        rows.append([printable(feature.name, 25), *numbers])
    more = len(features) > len(shown)
    which = f"{len(shown)} of {len(features)} columns, those that tell most: " if more else ""
    note = f"{which}lower bounds in nats from unseen rows; whole rows differ at least as much"
    return [table_text(headers, rows), textwrap.fill(f"({note})", WIDTH, subsequent_indent=" ")]


def extremes_told(extremes: Extremes, features: Sequence[FeatureDivergence]) -> list[str]:
    """The rows that look least like the other side, with the columns that differ most."""
    names = [feature.name for feature in features[:SHOWN_COLUMNS]]
    lines = []
    for title, rows in (("P least like Q", extremes.p), ("Q least like P", extremes.q)):
        if rows:
            lines += _rows_told(title, rows[:SHOWN_ROWS], names).splitlines()
    return [*lines, "(row 0 is the first)"] if lines else []


def weights_told(weights: ImportanceWeights) -> str:
    """What tells how good the weights are that turn Q into P, in one line."""
    told = (
        f"weights of Q had the mean {weights.mean:.3g} before normalization (1 for the true ratio) and are "
        f"worth {weights.effective_rows:.4g} of {len(weights.values)} rows "
        f"({100 * weights.effective_share:.2g} %); {100 * weights.clipped_share:.2g} % were clipped at a "
        f"ratio of {weights.largest_ratio:.4g}"
    )
    if 0.5 <= weights.mean <= 2.0 and weights.effective_share >= FEWEST_EFFECTIVE:
        return told
    return told + ": too little overlap for Q to be turned into P"


def _tells(bound: Bound) -> bool:
    """Whether an estimate is more than chance makes of equal columns."""
    return bound.estimate > 2.0 * bound.standard_error


def _rows_told(title: str, rows: Sequence[ExtremeRow], names: Sequence[str]) -> str:
    columns = [
        [title, *(f"row {row.row}" for row in rows)],
        ["log p/q", *(f"{row.log_ratio:.2f}" for row in rows)],
    ]
    for name in names:
        cells = [_value(row.values[name]) for row in rows if row.values is not None and name in row.values]
        column = [printable(name, LONGEST_NAME), *cells]
        if len(column) == len(columns[0]) and _width([*columns, column]) <= WIDTH:
            columns.append(column)
    headers, *body = zip(*columns, strict=True)
    return table_text(headers, body)


def _width(columns: Sequence[Sequence[str]]) -> int:
    """Of the printed table: two spaces stand between columns."""
    return sum(max(map(len, column)) for column in columns) + 2 * (len(columns) - 1)


def _value(value: Value) -> str:
    if value is None:
        return "(blank)"
    return printable(value, LONGEST_VALUE) if isinstance(value, str) else f"{value:.6g}"


def _number(value: float) -> str:
    return f"{value:.4f}"
