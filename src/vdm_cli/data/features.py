"""Rows as plain numbers for a critic that compares two samples: no blanks, no codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import Form


@dataclass(frozen=True)
class FeatureMap:
    """A bijection, so that divergences stay what they are; the same map for both samples.

    Categories become one-hot vectors, and columns with blanks become two: the number, `fill` where blank, and
    an indicator of blanks.

    Attributes:
        forms: How the columns are written; empty for plain numbers.
        fill: What stands in blank cells, one entry a column.
        label: How the labels beside the rows are written; None where there are none.
    """

    forms: tuple[Form, ...]
    fill: tuple[float, ...]
    label: Form | None = None

    def __call__(self, rows: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Rows (n, ...) to features (n, D)."""
        flat = rows.reshape(len(rows), -1)
        if not self.forms and self.label is None:
            return flat
        if self.label is None:
            return self._columns(flat)
        assert labels is not None, "both sides have labels, or neither"
        pieces = [self._columns(flat) if self.forms else flat, _encode(labels, self.label, 0.0)]
        return np.concatenate(pieces, axis=1)

    def _columns(self, rows: np.ndarray) -> np.ndarray:
        """Columns (n, d) to features, filled in place: pieces beside the whole would take memory twice."""
        ends = np.cumsum([_width(form) for form in self.forms])
        features = np.empty((len(rows), ends[-1]), np.result_type(rows.dtype, np.float32))
        for column, form, fill, end in zip(rows.T, self.forms, self.fill, ends, strict=True):
            features[:, end - _width(form) : end] = _encode(column, form, fill)
        return features

    def numbers(self, width: int) -> np.ndarray:
        """Which features of rows with `width` entries are numbers and no indicators, (D,) bool."""
        if not self.forms:
            return np.ones(width, bool)
        return np.array(
            [form.kind != "category" and place == 0 for form in self.forms for place in range(_width(form))]
        )


def _width(form: Form) -> int:
    """How many features a column becomes."""
    if form.kind == "category":
        return len(form.categories)
    return 1 if form.blank is None else 2


def _encode(values: np.ndarray, form: Form, fill: float) -> np.ndarray:
    """One column (n,) as (n, k)."""
    blank = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    if form.kind == "category":
        codes = np.where(blank, -1, values).astype(np.intp)
        return codes[:, None] == np.arange(len(form.categories))
    if form.blank is None:
        return values[:, None]
    return np.stack([np.where(blank, fill, values), blank.astype(values.dtype)], axis=1)


def fit_features(
    rows: Sequence[np.ndarray], forms: tuple[Form, ...], label: Form | None = None
) -> FeatureMap:
    """The map for rows like these, the pooled median standing in blank cells.

    Args:
        rows: Some rows of each side, (n, ...) each, all in one coding.
        forms: How their columns are written; empty for plain numbers.
        label: How the labels beside them are written.
    """
    if not any(form.blank is not None or form.kind == "category" for form in forms):
        return FeatureMap((), (), label)
    sides = [part.reshape(len(part), -1) for part in rows]
    fill = []
    for index, form in enumerate(forms):
        if form.blank is None or form.kind == "category":
            fill.append(0.0)
            continue
        column = np.concatenate([side[:, index] for side in sides])
        present = column[~np.isnan(column)]
        fill.append(float(np.median(present)) if len(present) else 0.0)
    return FeatureMap(forms, tuple(fill), label)
