"""Values of conditions and filters as people write them."""

from __future__ import annotations

import difflib

import numpy as np

from vdm_cli.data.dates import from_microseconds
from vdm_cli.data.files.csv_dates import parse_dates, patterns_of
from vdm_cli.data.form import Form


def value_of(text: str, form: Form) -> float:
    """The value in memory that the text stands for; NaN for a blank, where the feature has blanks.

    Args:
        text: A name of a category, a date in the file's own format or an ISO one, or a number.
        form: How the feature is written in its file.

    Raises:
        ValueError: With what is wrong, in words that follow ``name=text:``.
    """
    if form.blank is not None and text in ("", form.blank):
        return float("nan")
    match form.kind:
        case "category":
            if text not in form.categories:
                raise ValueError(f"no such class in the training data {listed(form.categories, text)}")
            return float(form.categories.index(text))
        case "date":
            return _date(text, form)
        case _:
            return _number(text)


def listed(names: tuple[str, ...], asked: str) -> str:
    """The names in parentheses, with the one that was perhaps meant."""
    near = difflib.get_close_matches(asked, names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"({', '.join(names[:20])}{', ...' if len(names) > 20 else ''}).{hint}"


def _date(text: str, form: Form) -> float:
    for pattern in (form.pattern, *patterns_of(text)):
        found = parse_dates([text], pattern) if pattern else None
        if found is not None:
            return float(from_microseconds(found, form.unit)[0])
    raise ValueError("must be a date, such as 2024-05-31")


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError("must be a number")
    return value
