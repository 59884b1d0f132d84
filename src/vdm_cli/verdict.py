"""What an evaluation found, in words and tables, for standard output."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence

from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.mapped import Mapped, Treatment
from vdm_cli.comparison.compare import MOST_ASSOCIATED, Comparison
from vdm_cli.console import number_text
from vdm_cli.estimation.result import DivergenceEstimate, Estimation
from vdm_cli.estimation.weights import Weights
from vdm_cli.lines import WIDTH, filled, narrow_table
from vdm_cli.metrics_told import metrics_told
from vdm_cli.quoting import printable
from vdm_cli.rounding import decimals_of, limit_text, rounded_text
from vdm_cli.rows_told import extremes_told, features_told


def evaluation_document(found: Evaluation) -> str:
    """The JSON document of an evaluation, schema 1."""
    return json.dumps(found.to_json(), indent=2, allow_nan=False)


def evaluation_table(found: Evaluation) -> str:
    """The estimates as a table, with what its columns mean and what they say in plain words."""
    sides, estimation = found.sides, found.estimation
    level = f"{100 * estimation.level:g} %"
    lines = [
        f"P: {sides.p_source}, {len(sides.p)} rows{_weighted(sides.p_weights)}",
        f"Q: {sides.q_source}, {len(sides.q)} rows{_weighted(sides.q_weights)}",
        *_treatment_told(found.treatment),
        "",
        _estimates_table(estimation.estimates, level),
        "",
        *_legend(estimation.estimates, level),
        *_statuses(estimation.estimates),
    ]
    if found.treatment.words:
        as_they_are = (
            "Below, log p/q, c2st, renyi and the last words are of rows compared so; all else is of the rows "
            "as they are."
        )
        lines += ["", *textwrap.wrap(as_they_are, WIDTH)]
    if found.comparison is not None:
        lines += ["", *_columns_told(found.comparison)]
    if found.features:
        lines += ["", *features_told(found.features)]
    if found.extremes is not None:
        lines += ["", *extremes_told(found.extremes, found.features)]
    if found.metrics:
        lines += ["", *metrics_told(found.metrics)]
    warnings = (*sides.warnings, *estimation.warnings)
    lines += [""] * bool(warnings) + [filled(f"warning: {text}") for text in warnings]
    lines += ["", *_in_words(estimation, level)]
    if found.mapped is not None:
        lines += ["", *_mapped_told(found.mapped, level, warnings)]
    return "\n".join(lines)


def _legend(estimates: Sequence[DivergenceEstimate], level: str) -> list[str]:
    """What the columns of the table mean."""
    told = [
        "estimate: what critics reach on rows they never saw; the true value may be larger.",
        "interval: for what these critics reach, not for the true value.",
        f"certified: with {level} confidence the true value is at least this, however P and Q are "
        "distributed; each line by itself.",
    ]
    if any(row.floor is not None for row in estimates):
        told.append("floor: the same estimate between two halves of P, where nothing differs.")
    errors = [row.exact_standard_error or 0.0 for row in estimates]
    if any(errors):
        told.append(f"exact: ~ by Monte Carlo, with a standard error of at most {number_text(max(errors))}.")
    if any(row.divergence == "gan" for row in estimates):
        told.append("gan: the objective of a GAN, 2 jensen_shannon - log 4: -1.386 where P = Q.")
    return [filled(text) for text in told]


def _estimates_table(estimates: Sequence[DivergenceEstimate], level: str) -> str:
    """One row a divergence."""
    with_exact = any(row.exact is not None for row in estimates)
    with_floor = any(row.floor is not None for row in estimates)
    headers = ["nats", "estimate", f"{level} interval", "certified"]
    headers += ["floor"] * with_floor + ["exact"] * with_exact
    rows = []
    for row in estimates:
        decimals = decimals_of(row.standard_error)
        low, high = (rounded_text(end, decimals) for end in row.ci)
        rows.append(
            [
                _short(row.divergence),
                rounded_text(row.estimate, decimals),
                f"{low} {high}",
                _certified(row, decimals),
                *[rounded_text(row.floor, decimals)] * with_floor,
                *[_true_value(row)] * with_exact,
            ]
        )
    return narrow_table(headers, rows)


def _treatment_told(treatment: Treatment) -> list[str]:
    """What is compared, where it is not the rows as they are."""
    if not treatment.words:
        return []
    p, q = treatment.fitted_on
    apart = f"; {p} rows of P and {q} of Q, which it is fitted on, are set apart" if p or q else ""
    return [filled(f"compared: {treatment.words}{apart}")]


def _mapped_told(mapped: Mapped, level: str, told: Sequence[str]) -> list[str]:
    """The second table of images: that of their features, with the warnings that were not told before."""
    found = mapped.estimation
    new = [text for text in found.warnings if text not in told]
    lines = ["The same by features of the images:", *_treatment_told(mapped.treatment)]
    lines += ["", _estimates_table(found.estimates, level), "", *_statuses(found.estimates)]
    lines += [filled(f"warning: {text}") for text in new]
    return [*lines, "", *_in_words(found, level, "of the features ")]


STATUS_MEANING = {
    "indistinguishable": "these rows do not tell P and Q apart",
    "saturated": "P and Q are all but separated, so that the number of rows sets the value",
    "critic_unstable": "critics of different folds disagree more than chance explains",
    "heavy_tail": "a few rows carry the value and its standard error",
    "undersampled": "too few rows for a final number: the true value may be much larger",
}


def _weighted(weights: Weights | None) -> str:
    return "" if weights is None else f", weighted: they count like {weights.effective_rows:.0f} equal ones"


def _statuses(estimates: Sequence[DivergenceEstimate]) -> list[str]:
    """One note for each status but ok, with the divergences that it holds for."""
    lines = []
    for status, meaning in STATUS_MEANING.items():
        names = [_short(row.divergence) for row in estimates if row.status == status]
        if names:
            whom = "all" if len(names) == len(estimates) else ", ".join(names)
            lines.append(filled(f"{status}: {meaning} ({whom})"))
    return lines


def _columns_told(found: Comparison) -> list[str]:
    """The column, and the pair of columns, that differ most, beside what chance makes of as many rows."""
    column, pair = found.farthest_column, found.farthest_pair
    measure = column.measure.replace("_", "-").replace("kolmogorov-smirnov", "Kolmogorov-Smirnov")
    told = [
        f"marginals: {column.name} differs most, {measure} distance {column.distance:.3f} "
        f"(chance: {found.chance_distance:.3f})"
    ]
    if pair is not None:
        among = "" if len(found.names) <= MOST_ASSOCIATED else f" of the first {MOST_ASSOCIATED} columns"
        told.append(
            f"associations{among}: {pair.names[0]} and {pair.names[1]} differ most, "
            f"{pair.p:.2f} in P and {pair.q:.2f} in Q (chance: {found.chance_association:.2f})"
        )
    told.append("chance: the largest difference when the same rows are divided at random.")
    return [filled(text) for text in told]


def _in_words(found: Estimation, level: str, whose: str = "") -> list[str]:
    """The first row as sentences."""
    row, critic = found.estimates[0], found.critic
    told = [
        f"Critics {whose}score a row of P above a row of Q {_percent(critic.auc)} % of the time "
        "(AUC; 50 % is chance)."
    ]
    certain = []
    if row.p_value < 1.0 - found.level:
        limit = limit_text(row.certified_lower, decimals_of(row.standard_error))
        certain.append(f"{_short(row.divergence)}(P, Q) >= {limit} nats")
    if critic.observer > 0.5:
        certain.append(
            "an ideal observer who is shown one row, of P or Q at even odds, names its side at least "
            f"{math.floor(1000 * critic.observer) / 10:.1f} % of the time"
        )
    if certain:
        told.append(f"With {level} confidence {', and with as much '.join(certain)}.")
    elif row.route == "none":
        told.append("Nothing is certified of these rows.")
    elif critic.p_value < 1.0 - found.level:
        told.append(f"P = Q is rejected (p = {critic.p_value:.2g}), but no amount is certified at {level}.")
    else:
        told.append(
            f"Nothing is certified at {level}: P and Q may be equal, or differ by less than so many rows "
            "show."
        )
    told.append("The true value may be larger; no sample can bound it from above.")
    return textwrap.wrap(" ".join(told), WIDTH)


def _percent(share: float) -> str:
    """To a tenth, and 100 only where it is all."""
    return "more than 99.9" if 0.9995 <= share < 1.0 else f"{100 * share:.1f}"


def _certified(row: DivergenceEstimate, decimals: int) -> str:
    """Rounded down, but for a GAN's objective of which nothing is certified: it is at least -log 4."""
    nothing = row.divergence == "gan" and row.certified_lower <= -math.log(4.0)
    return (rounded_text if nothing else limit_text)(row.certified_lower, decimals)


def _true_value(row: DivergenceEstimate) -> str:
    """A tilde before what has a standard error."""
    return number_text(row.exact) if row.exact_standard_error is None else f"~{number_text(row.exact)}"


def _short(label: str) -> str:
    """A name as it is; a user's f cut, so that tables keep to 80 columns."""
    return printable(label, 25)
