"""Which rows and columns of a file take part."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vdm_cli.data.condition_text import value_of
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.rows import Labels, Rows
from vdm_cli.errors import DataError

Wanted = Mapping[str, Sequence[str | float]]


def keep_where(rows: Rows, wanted: Wanted) -> Rows:
    """The rows whose columns, or labels, have one of the wanted values.

    Args:
        rows: A table, or images with labels.
        wanted: Values by name; text for categories, numbers for numbers.

    Raises:
        DataError: If there is no such column, no row has such a value, or none is left.
    """
    kept = np.ones(len(rows.values), bool)
    for name, values in wanted.items():
        column, form = find_column(rows, name, "data.where")
        found = np.zeros(len(kept), bool)
        for value in values:
            if form.kind == "category":
                text = str(value)
                if text not in form.categories:
                    near = difflib.get_close_matches(text, form.categories, n=1)
                    hint = f" Did you mean '{near[0]}'?" if near else ""
                    shown = ", ".join(form.categories[:20])
                    raise DataError(
                        f"{rows.source}: data.where: no row has {name} = {text}; it is one of {shown}.{hint}"
                    )
                found |= column == form.categories.index(text)
            elif form.kind == "date":
                try:
                    found |= column == value_of(str(value), form)
                except ValueError as error:
                    raise DataError(f"{rows.source}: data.where: {name}: {value} {error}") from error
            elif isinstance(value, str):
                raise DataError(f"{rows.source}: data.where: {name} holds numbers, got '{value}'")
            else:
                found |= column == value
        kept &= found
    if not kept.any():
        told = ", ".join(f"{name}: {', '.join(map(str, values))}" for name, values in wanted.items())
        raise DataError(f"{rows.source}: data.where keeps no row ({told})")
    return _without_unused(take_rows(rows, np.flatnonzero(kept)), wanted)


def _without_unused(rows: Rows, names: Iterable[str]) -> Rows:
    """The same rows, their filtered columns without the categories that no row has any more."""
    labels, forms, values = rows.labels, list(rows.forms), rows.values
    if labels is not None and labels.name in names:
        codes, form = _used(labels.values, labels.form)
        labels = Labels(codes, form, labels.name)
    for name in names:
        if rows.columns is not None and forms and name in rows.columns:
            index = rows.columns.index(name)
            codes, forms[index] = _used(values[:, index], forms[index])
            values = values.copy()
            values[:, index] = codes
    return dataclasses.replace(rows, values=values, forms=tuple(forms), labels=labels)


def _used(codes: np.ndarray, form: Form) -> tuple[np.ndarray, Form]:
    """Codes (n,) of the categories that occur, and the form with those alone."""
    if form.kind != "category":
        return codes, form
    used = np.unique(codes[~np.isnan(codes)])
    names = tuple(form.categories[int(code)] for code in used)
    kept = np.where(np.isnan(codes), np.nan, np.searchsorted(used, codes))
    return kept, dataclasses.replace(form, categories=names)


def take_rows(rows: Rows, index: np.ndarray) -> Rows:
    """The rows of these indices."""
    labels = rows.labels
    if labels is not None:
        labels = Labels(labels.values[index], labels.form, labels.name)
    return dataclasses.replace(rows, values=rows.values[index], labels=labels)


def pop_weights(rows: Rows, name: str) -> tuple[Rows, np.ndarray]:
    """The table without its column of weights, and the weights (n,).

    Raises:
        DataError: If there is no such column of numbers, or one of them is negative, blank or all are zero.
    """
    weights, form = find_column(rows, name, "data.weights")
    if form.kind != "number" or rows.columns is None:
        raise DataError(f"{rows.source}: data.weights: column '{name}' does not hold numbers")
    bad = np.flatnonzero(~(weights >= 0))
    if len(bad):
        shown = "blank" if np.isnan(weights[bad[0]]) else f"{weights[bad[0]]:g}"
        raise DataError(
            f"{rows.source}: data.weights: row {int(bad[0])} of '{name}' is {shown} ({len(bad)} such, rows "
            "count from 0); weights must be zero or positive"
        )
    if not weights.any():
        raise DataError(f"{rows.source}: data.weights: all weights in '{name}' are zero")
    return drop_columns(rows, [name]), np.array(weights, np.float64)


def drop_columns(rows: Rows, names: Sequence[str]) -> Rows:
    """The table without these columns."""
    assert rows.columns is not None, "only a table has columns"
    kept = [index for index, name in enumerate(rows.columns) if name not in names]
    if not kept:
        raise DataError(f"{rows.source}: no column is left to model")
    return dataclasses.replace(
        rows,
        values=rows.values[:, kept],
        columns=tuple(rows.columns[index] for index in kept),
        integer=tuple(rows.integer[index] for index in kept),
        text_decimals=tuple(rows.text_decimals[index] for index in kept),
        forms=tuple(rows.forms[index] for index in kept) if rows.forms else (),
    )


def find_column(rows: Rows, name: str, option: str) -> tuple[np.ndarray, Form]:
    """Values (n,) and form of a column, or of the labels beside images."""
    if rows.labels is not None and name == rows.labels.name:
        return rows.labels.values, rows.labels.form
    names = rows.columns or (() if rows.labels is None else (rows.labels.name,))
    if rows.columns is None or name not in rows.columns:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        has = f"it has {', '.join(names)}" if names else "it has neither named columns nor labels"
        raise DataError(f"{rows.source}: {option}: there is no '{name}'; {has}.{hint}")
    index = rows.columns.index(name)
    return rows.values[:, index], rows.forms[index] if rows.forms else NUMBER
