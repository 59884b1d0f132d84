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
        pieces = [flat] if not self.forms else self._columns(flat)
        if self.label is not None:
            assert labels is not None, "both sides have labels, or neither"
            pieces.append(_encode(labels, self.label, 0.0))
        return np.concatenate(pieces, axis=1)

    def _columns(self, rows: np.ndarray) -> list[np.ndarray]:
        return [
            _encode(column, form, fill)
            for column, form, fill in zip(rows.T, self.forms, self.fill, strict=True)
        ]


def _encode(values: np.ndarray, form: Form, fill: float) -> np.ndarray:
    """One column (n,) as (n, k)."""
    blank = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    if form.kind == "category":
        codes = np.where(blank, len(form.categories), values).astype(np.intp)
        return np.eye(len(form.categories) + 1, dtype=np.float32)[codes][:, : len(form.categories)]
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
    pooled = np.concatenate([part.reshape(len(part), -1) for part in rows])
    fill = []
    for column, form in zip(pooled.T, forms, strict=True):
        present = column[~np.isnan(column)] if form.blank is not None else column[:1]
        fill.append(float(np.median(present)) if len(present) else 0.0)
    return FeatureMap(forms, tuple(fill), label)
