"""One file's categories as another file counts them."""

from __future__ import annotations

import dataclasses

import numpy as np

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.rows import Labels, Rows
from vdm_cli.errors import DataError


def recode_like(rows: Rows, like: Rows) -> Rows:
    """`rows` with the category codes that `like` has for the same names.

    Args:
        rows: Read from a file of their own.
        like: The rows whose codes are wanted; columns are matched by name.

    Raises:
        DataError: If a column is of another kind, or has a category that `like` does not have.
    """
    labels = rows.labels
    if labels is not None and like.labels is not None:
        values = _codes(labels.values, labels.form, like.labels.form, rows, like, labels.name)
        labels = Labels(values, like.labels.form, labels.name)
    if rows.columns is None or like.columns is None or not (rows.forms or like.forms):
        return dataclasses.replace(rows, labels=labels)
    forms = list(rows.forms or (NUMBER,) * len(rows.columns))
    columns = rows.values.copy()
    for index, name in enumerate(rows.columns):
        if name in like.columns:
            target = like.forms[like.columns.index(name)] if like.forms else NUMBER
            columns[:, index] = _codes(columns[:, index], forms[index], target, rows, like, name)
            forms[index] = target
    return dataclasses.replace(rows, values=columns, forms=tuple(forms), labels=labels)


def with_all_categories(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """Both with the categories of either, for two tables of the same columns in the same order.

    Raises:
        DataError: If a column is of another kind on the other side.
    """
    if not (first.forms or second.forms) or first.values.shape[1:] != second.values.shape[1:]:
        return first, second
    width = first.values.shape[1]
    joint = []
    for one, other in zip(first.forms or (NUMBER,) * width, second.forms or (NUMBER,) * width, strict=True):
        categories = tuple(sorted({*one.categories, *other.categories}))
        blank = one.blank if one.blank is not None else other.blank
        joint.append(dataclasses.replace(one, categories=categories, blank=blank))
    like = dataclasses.replace(first, forms=tuple(joint))
    return recode_like(first, like), recode_like(second, like)


def _codes(values: np.ndarray, form: Form, target: Form, rows: Rows, like: Rows, name: str) -> np.ndarray:
    """Values (n,) of one column with the target's codes."""
    if form.kind != target.kind:
        raise DataError(
            f"{rows.source}: column '{name}' holds {_plural(form)}, but {_plural(target)} in {like.source}"
        )
    if form.blank is not None and target.blank is None:
        raise DataError(f"{rows.source}: column '{name}' has blanks, and none in {like.source}")
    if form.kind != "category" or form.categories == target.categories:
        return values
    unknown = [category for category in form.categories if category not in target.categories]
    if unknown:
        raise DataError(
            f"{rows.source}: column '{name}' has the category '{unknown[0]}', unknown in {like.source}"
        )
    codes = np.array([target.categories.index(category) for category in form.categories], np.float64)
    blank = np.isnan(values)
    return np.where(blank, np.nan, codes[np.where(blank, 0, values).astype(np.intp)])


def _plural(form: Form) -> str:
    return {"number": "numbers", "category": "text", "date": "dates"}[form.kind]
