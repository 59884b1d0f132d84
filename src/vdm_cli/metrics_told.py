"""Measures beside the divergences, as a table for standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from vdm_cli.console import table_text
from vdm_cli.lines import WIDTH, filled
from vdm_cli.two_sample.measure import Measure


def metrics_told(measures: Sequence[Measure]) -> list[str]:
    """One row for each number, beside it what P = Q gives; then which measures are missing, and why."""
    rows = [
        [
            line.what,
            _number(line.value),
            _number(line.at_equality),
            _p_value(line.p_value),
            str(max(each.rows)),
        ]
        for each in measures
        if each.value is not None
        for line in each.lines
    ]
    told = []
    if rows:
        about = (
            "P = Q: what equal distributions give, exactly, on average or in a random division of these rows."
        )
        if any(row[3] for row in rows):
            about += " p: of P = Q."
        about += " Rows: of the larger side, chosen at random."
        if any("scaled" in row[0] for row in rows):
            about += (
                " Scaled: in interquartile ranges (images: in standard deviations), logarithmic beyond 3."
            )
        told = [table_text(["beside", "value", "P = Q", "p", "rows"], rows), *textwrap.wrap(about, WIDTH)]
    for each in measures:
        if each.value is None:
            told.append(filled(f"{each.name}: no value: {each.note}"))
    return told


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.1e}"


def _p_value(value: float | None) -> str:
    return "" if value is None else "<1e-9" if value < 1e-9 else f"{value:.2g}"
