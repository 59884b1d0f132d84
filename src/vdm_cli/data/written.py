"""Values of a column as they stand in its file, for a document or a line of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdm_cli.data.files.arrow_types import FLOATS
from vdm_cli.data.files.csv_dates import date_printer
from vdm_cli.data.form import Form

_EXACT = 2.0**53  # beyond it float64 no longer tells one whole number from the next


def as_written(values: np.ndarray, form: Form) -> list[float | int | str | None]:
    """Numbers, names of categories, dates as text, and None where blank.

    Numbers have the fewest digits that give the same number of the file's type, and no point where whole.

    Args:
        values: Of one column in memory's coding, (n,).
        form: How they are written.
    """
    blank = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    written = iter(_present(values[~blank], form))
    return [None if gap else next(written) for gap in blank.tolist()]


def _present(values: np.ndarray, form: Form) -> list[Any]:
    match form.kind:
        case "category":
            return [form.categories[int(code)] for code in values.tolist()]
        case "date":
            return date_printer(form)(values)
        case "number":
            narrow = values.astype(FLOATS[form.stored]) if form.stored in FLOATS else values
            return [_number(value) for value in narrow]


def _number(value: np.generic) -> float | int:
    if value.dtype.kind in "biu":
        return int(value)
    shortest = float(str(value))
    return int(shortest) if shortest.is_integer() and abs(shortest) < _EXACT else shortest
