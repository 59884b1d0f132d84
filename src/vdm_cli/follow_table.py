"""Several evaluations of a run, in words and tables, for standard output."""

from __future__ import annotations

import json
import math
import textwrap

from vdm_cli.commands.follow import Followed, Spread
from vdm_cli.console import number_text, table_text
from vdm_cli.lines import WIDTH, filled, narrow_table
from vdm_cli.quoting import printable
from vdm_cli.rounding import decimals_of, limit_text, rounded_text
from vdm_cli.verdict import STATUS_MEANING

MOST_WHOLE = 4  # divergences that are all shown in whole
SHOWN = ("jensen_shannon", "kl")  # of more than these, two are


def followed_document(found: Followed) -> str:
    """The JSON document of several evaluations, schema 1."""
    return json.dumps(found.to_json(), indent=2, allow_nan=False)


def shown_labels(found: Followed) -> tuple[str, ...]:
    """The divergences that are shown in whole: all of a few, two of many."""
    if len(found.labels) <= MOST_WHOLE:
        return found.labels
    return tuple(label for label in SHOWN if label in found.labels) or found.labels[:2]


def followed_table(found: Followed) -> str:
    """A table of steps and seeds for each divergence that is shown, and what else there is in few columns."""
    first, shown = found.evaluations[0].document, shown_labels(found)
    many_steps, many_seeds = len(found.steps) > 1, len(found.seeds) > 1
    level = f"{100 * found.level:g} %"
    seeds = f"{len(found.seeds)} seeds" if many_seeds else f"seed index {found.seeds[0]}"
    steps = f"{len(found.steps)} steps" if many_steps else f"step {found.steps[0]}"
    lines = [
        f"P: {first['p']['source']}, {first['p']['n']} rows",
        f"Q: {found.run}, {steps}, {seeds}, {first['q']['n']} rows each",
    ]
    for label in shown:
        lines += ["", printable(label, 60), _in_whole(found, label, level)]
    if many_seeds:
        lines += ["", "over the seeds", _over_seeds(found, shown if many_steps else found.labels)]
    others = [label for label in found.labels if label not in shown]
    if many_steps and others:
        lines += [
            "",
            f"estimates of the others{', mean over the seeds' * many_seeds}",
            _others(found, others),
        ]
    told = [
        "estimate: what critics reach on rows they never saw; the true value may be larger. s.e., "
        "interval: for what these critics reach.",
        f"certified: with {level} confidence the true value is at least this, however P and Q are "
        "distributed; each line by itself. No sample can bound it from above.",
    ]
    if many_seeds:
        told.append("sd: of the estimates over the seeds: training's spread and the estimates' errors.")
    if many_steps and found.best_step in found.steps:
        told.append("*: closest by validation rows; `--step best` takes it.")
    told += _statuses(found)
    told += [f"warning: {text}" for text in _warnings(found)]
    lines += ["", *map(filled, told)]
    if many_steps:
        lines += ["", *(_in_words(found, label) for label in shown)]
        lines += textwrap.wrap(
            "To choose a step take `--step best`: the test rows chose nothing, and a step chosen by this "
            "table would be flattered by it.",
            WIDTH,
        )
    return "\n".join(lines)


def _statuses(found: Followed) -> list[str]:
    """What the statuses mean, and of which divergences they are."""
    told = []
    for status, meaning in STATUS_MEANING.items():
        labels = [label for label in found.labels if any(row.status == status for _, row in found.of(label))]
        if labels:
            whom = (
                "all" if labels == list(found.labels) else ", ".join(printable(label, 25) for label in labels)
            )
            told.append(f"{status}: {meaning} (at some step or seed: {whom})")
    return told


def _in_whole(found: Followed, label: str, level: str) -> str:
    """One divergence at every step and seed."""
    rows = found.of(label)
    with_seeds, with_exact = len(found.seeds) > 1, any(row.exact is not None for _, row in rows)
    headers = ["step", *["seed"] * with_seeds, "estimate", "s.e.", f"{level} interval", "certified"]
    headers += [*["exact"] * with_exact, "status"]
    decimals = max(decimals_of(row.standard_error) for _, row in rows)
    return table_text(
        headers,
        [
            [
                _step(found, each.step),
                *[str(each.seed_index)] * with_seeds,
                rounded_text(row.estimate, decimals),
                rounded_text(row.standard_error, decimals),
                f"{rounded_text(row.ci[0], decimals)} {rounded_text(row.ci[1], decimals)}",
                limit_text(row.certified_lower, decimals),
                *[number_text(row.exact)] * with_exact,
                row.status,
            ]
            for each, row in rows
        ],
    )


def _over_seeds(found: Followed, labels: tuple[str, ...]) -> str:
    """Mean and standard deviation over the seeds, by divergence and step."""
    many_steps = len(found.steps) > 1
    rows = []
    for label in labels:
        for spread in _spreads(found, label):
            sure = [row.certified_lower for each, row in found.of(label) if each.step == spread.step]
            decimals = decimals_of(spread.standard_error)
            rows.append(
                [
                    printable(label, 25),
                    *[_step(found, spread.step)] * many_steps,
                    rounded_text(spread.mean, decimals),
                    rounded_text(spread.sd, decimals),
                    f"{limit_text(min(sure), decimals)} {limit_text(max(sure), decimals)}",
                ]
            )
    return narrow_table(["nats", *["step"] * many_steps, "mean", "sd", "certified: least, most"], rows)


def _others(found: Followed, labels: list[str]) -> str:
    """Of each divergence the first estimate, the last and the least."""
    rows = []
    for label in labels:
        course = _spreads(found, label)
        least = min(course, key=lambda spread: spread.mean)
        decimals = decimals_of(least.standard_error)
        means = [rounded_text(spread.mean, decimals) for spread in (course[0], course[-1], least)]
        rows.append([printable(label, 25), *means, str(least.step)])
    return narrow_table(
        ["nats", f"step {found.steps[0]}", f"step {found.steps[-1]}", "least", "at step"], rows
    )


def _in_words(found: Followed, label: str) -> str:
    """How one divergence went, in a sentence; a least value between is told where the errors allow it."""
    course = _spreads(found, label)
    least = min(course, key=lambda spread: spread.mean)
    decimals = decimals_of(least.standard_error)
    told = (
        f"{printable(label, 25)}: {rounded_text(course[0].mean, decimals)} at step {course[0].step}, "
        f"{rounded_text(course[-1].mean, decimals)} at step {course[-1].step}"
    )
    ends = (course[0], course[-1])
    if all(
        end.mean - least.mean > 2.0 * math.hypot(end.standard_error, least.standard_error) for end in ends
    ):
        told += f", least at step {least.step} ({rounded_text(least.mean, decimals)})"
    return told + "."


def _spreads(found: Followed, label: str) -> list[Spread]:
    """Of one divergence, step by step."""
    return [spread for spread in found.spreads() if spread.divergence == label]


def _step(found: Followed, step: int) -> str:
    """A step's number, aligned, with a star where the validation rows chose it among others."""
    star = "*" if step == found.best_step and len(found.steps) > 1 else " "
    return f"{step:>{len(str(found.steps[-1]))}}{star}"


def _warnings(found: Followed) -> list[str]:
    """Each once, with the steps and seeds that it is of where it is not of all."""
    of: dict[str, list[str]] = {}
    for each in found.evaluations:
        where = f"step {each.step}" + f" seed {each.seed_index}" * (len(found.seeds) > 1)
        for text in each.document["warnings"]:
            of.setdefault(text, []).append(where)
    told = [
        text if len(where) == len(found.evaluations) else f"{text} ({', '.join(where)})"
        for text, where in of.items()
    ]
    return [*found.warnings, *told]
