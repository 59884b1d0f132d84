"""Rows as plain numbers for a critic that compares two samples: no blanks, no codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import Form

_INDICATOR_CELLS = 40_000_000  # of all rows and categories together; beyond it rare categories share features
_FEWEST_INDICATORS = 8


@dataclass(frozen=True)
class FeatureMap:
    """A bijection, so that divergences stay what they are; the same map for both samples.

    Categories become one-hot vectors, and columns with blanks become two: the number, `fill` where blank, and
    an indicator of blanks.  Where so many one-hot vectors were more than memory is for, common categories
    have an indicator each, and the others the binary digits of their number.

    Attributes:
        forms: How the columns are written; empty for plain numbers.
        fill: What stands in blank cells, one entry a column.
        label: How the labels beside the rows are written; None where there are none.
        common: Codes of the categories with an indicator, one entry a column; empty for all categories.
    """

    forms: tuple[Form, ...]
    fill: tuple[float, ...]
    label: Form | None = None
    common: tuple[tuple[int, ...], ...] = ()

    def __call__(self, rows: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Rows (n, ...) to features (n, D)."""
        flat = rows.reshape(len(rows), -1)
        if not self.forms and self.label is None:
            return flat
        if self.label is None:
            return self._columns(flat)
        assert labels is not None, "both sides have labels, or neither"
        every = tuple(range(len(self.label.categories)))
        pieces = [self._columns(flat) if self.forms else flat, _encode(labels, self.label, 0.0, every)]
        return np.concatenate(pieces, axis=1)

    def numbers(self, width: int) -> np.ndarray:
        """Which features of rows with `width` entries are numbers and no indicators, (D,) bool."""
        if not self.forms:
            return np.ones(width, bool)
        kinds = zip(self.forms, self._widths(), strict=True)
        return np.array(
            [form.kind != "category" and place == 0 for form, many in kinds for place in range(many)]
        )

    def _columns(self, rows: np.ndarray) -> np.ndarray:
        """Columns (n, d) to features, filled in place: pieces beside the whole would take memory twice."""
        widths = self._widths()
        features = np.empty((len(rows), sum(widths)), np.result_type(rows.dtype, np.float32))
        end = 0
        for index, (form, width) in enumerate(zip(self.forms, widths, strict=True)):
            start, end = end, end + width
            features[:, start:end] = _encode(rows[:, index], form, self.fill[index], self._indicators(index))
        return features

    def _indicators(self, index: int) -> tuple[int, ...]:
        return self.common[index] if self.common else tuple(range(len(self.forms[index].categories)))

    def _widths(self) -> list[int]:
        """How many features each column becomes."""
        widths = []
        for index, form in enumerate(self.forms):
            if form.kind == "category":
                indicators = len(self._indicators(index))
                widths.append(indicators + (len(form.categories) - indicators).bit_length())
            else:
                widths.append(1 if form.blank is None else 2)
        return widths


def _encode(values: np.ndarray, form: Form, fill: float, indicators: tuple[int, ...]) -> np.ndarray:
    """One column (n,) as (n, k)."""
    blank = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    if form.kind == "category":
        codes = np.where(blank, -1, values).astype(np.int32)
        one_hot = codes[:, None] == np.array(indicators, np.int32)
        rare = np.setdiff1d(np.arange(len(form.categories)), indicators)
        if not len(rare):
            return one_hot
        numbers = np.zeros(len(form.categories) + 1, np.int32)  # 0 for what has an indicator, or is blank
        numbers[rare] = 1 + np.arange(len(rare))
        digits = numbers[codes, None] >> np.arange(len(rare).bit_length(), dtype=np.int32)
        return np.concatenate([one_hot, (digits & 1).astype(bool)], axis=1)
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
    return FeatureMap(forms, tuple(fill), label, _common(sides, forms))


def _common(sides: Sequence[np.ndarray], forms: tuple[Form, ...]) -> tuple[tuple[int, ...], ...]:
    """Codes of the commonest categories of each column, as many as there is room for; empty for all."""
    sizes = [len(form.categories) for form in forms if form.kind == "category"]
    cells = _INDICATOR_CELLS // sum(map(len, sides))
    if sum(sizes) <= cells:
        return ()
    most = max(_FEWEST_INDICATORS, cells // len(sizes))
    common = []
    for index, form in enumerate(forms):
        counts = np.zeros(len(form.categories), np.int64)
        for side in sides if form.kind == "category" and len(counts) > most else ():
            codes = side[:, index]
            counts += np.bincount(codes[~np.isnan(codes)].astype(np.intp), minlength=len(counts))
        commonest = np.argsort(-counts, kind="stable")[:most]
        common.append(tuple(sorted(commonest.tolist())))
    return tuple(common)
