"""One file's categories and dates as another file counts them."""

from __future__ import annotations

import dataclasses

import numpy as np

from vdm_cli.data.dates import convert_unit, finer_unit
from vdm_cli.data.files.csv_cells import is_number
from vdm_cli.data.files.table import drop_hint
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.rows import Labels, Rows
from vdm_cli.errors import DataError


def recode_like(rows: Rows, like: Rows) -> Rows:
    """`rows` with the category codes that `like` has for the same names, and dates in its units.

    Numbers become categories where `like` has names that read so: a file may happen to hold no ``3+`` in a
    column of 0, 1, 2 and 3+.

    Args:
        rows: Read from a file of their own.
        like: The rows whose codes are wanted; columns are matched by name, by position if neither has names.

    Raises:
        DataError: If a column is of another kind, or has a category that `like` does not have.
    """
    labels = rows.labels
    if labels is not None and like.labels is not None:
        values = _codes(labels.values, labels.form, like.labels.form, rows, like, labels.name)
        labels = Labels(values, like.labels.form, labels.name)
    if (rows.columns is None) != (like.columns is None) or not (rows.forms or like.forms):
        return dataclasses.replace(rows, labels=labels)
    names, like_names = _names(rows), _names(like)
    forms = list(rows.forms or (NUMBER,) * len(names))
    columns = rows.values
    for index, name in enumerate(names):
        if name in like_names:
            target = like.forms[like_names.index(name)] if like.forms else NUMBER
            before = columns[:, index]
            codes = _codes(before, forms[index], target, rows, like, name)
            if codes is not before:
                columns = columns.copy() if columns is rows.values else columns
                columns[:, index] = codes
            forms[index] = target
    return dataclasses.replace(rows, values=columns, forms=tuple(forms), labels=labels)


def with_all_categories(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """Both with the categories of either and the finer dates, for rows of the same columns.

    Labels beside images are classes of either, too, where both sides have them.

    Args:
        first: One file.
        second: The other, its columns in the same order.

    Raises:
        DataError: If a column is of another kind on the other side.
    """
    if first.labels is not None and second.labels is not None:
        form = _joint(first.labels.form, second.labels.form)
        like = dataclasses.replace(first, labels=dataclasses.replace(first.labels, form=form))
        first, second = recode_like(first, like), recode_like(second, like)
    if not (first.forms or second.forms) or first.values.shape[1:] != second.values.shape[1:]:
        return first, second
    width = first.values.shape[1]
    joint = []
    pairs = zip(first.forms or (NUMBER,) * width, second.forms or (NUMBER,) * width, strict=True)
    for index, (one, other) in enumerate(pairs):
        if one.kind == "number" and other.kind == "category":  # its numbers must be names there
            target = dataclasses.replace(other, blank="")
            _codes(first.values[:, index], one, target, first, second, _names(first)[index])
            one, other = other, one
        joint.append(_joint(one, other))
    like = dataclasses.replace(first, forms=tuple(joint))
    return recode_like(first, like), recode_like(second, like)


def _joint(one: Form, other: Form) -> Form:
    """The form that holds the values of both, where they are of one kind."""
    categories = one.categories
    if categories != other.categories:
        categories = tuple(sorted({*categories, *other.categories}))
    blank = one.blank if one.blank is not None else other.blank
    return dataclasses.replace(one, categories=categories, blank=blank, unit=finer_unit(one.unit, other.unit))


def _codes(values: np.ndarray, form: Form, target: Form, rows: Rows, like: Rows, name: str) -> np.ndarray:
    """Values (n,) of one column with the target's codes."""
    codes = _numbers_as_names(values, target) if (form.kind, target.kind) == ("number", "category") else None
    if codes is None and form.kind != target.kind:
        raise DataError(
            f"{rows.source}: column '{name}' holds {_plural(form)}, but {_plural(target)} in {like.source}; "
            f"write it alike in both, or {drop_hint(name)}"
        )
    if form.blank is not None and target.blank is None:
        raise DataError(f"{rows.source}: column '{name}' has blanks, and none in {like.source}")
    if codes is not None:
        return codes
    if form.kind == "date":
        if form.unit == target.unit:
            return values
        return convert_unit(values, form.unit, target.unit)
    if form.kind == "number" or form.categories == target.categories:
        return values
    unknown = [category for category in form.categories if category not in target.categories]
    if unknown:
        raise DataError(
            f"{rows.source}: column '{name}' has the category '{unknown[0]}', unknown in {like.source}"
        )
    codes = np.array([target.categories.index(category) for category in form.categories], np.float64)
    blank = np.isnan(values)
    return np.where(blank, np.nan, codes[np.where(blank, 0, values).astype(np.intp)])


def _numbers_as_names(values: np.ndarray, target: Form) -> np.ndarray | None:
    """Codes of the names that read like the values (n,); None if one has no such name."""
    by_number = {float(name): code for code, name in enumerate(target.categories) if is_number(name)}
    present = ~np.isnan(values)
    numbers, places = np.unique(values[present], return_inverse=True)
    if not all(number in by_number for number in numbers.tolist()):
        return None
    codes = np.full(len(values), np.nan)
    codes[present] = np.array([by_number[number] for number in numbers.tolist()], np.float64)[places]
    return codes


def _names(rows: Rows) -> tuple[str, ...]:
    """Names of the columns, or their numbers."""
    return rows.columns or tuple(str(index + 1) for index in range(rows.values.shape[1]))


def _plural(form: Form) -> str:
    return {"number": "numbers", "category": "text", "date": "dates"}[form.kind]
