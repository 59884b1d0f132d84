"""The data's own grid, learned from training rows and put back on generated ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vdm_cli.data.dates import date_range
from vdm_cli.data.files.arrow_types import FLOATS, held_range
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.grid import decimals_of, round_to_decimals
from vdm_cli.data.rows import Rows
from vdm_cli.errors import DataError


@dataclass(frozen=True)
class Layout:
    """The data's own grid: how a row is written back (columns, order, types, decimals, range).

    The per-feature fields have one entry for each feature where a row has at most one dimension, and
    a single entry that holds for the whole row where it has two or more (images).

    Attributes:
        shape: Shape of one row: (d,), (h, w), (h, w, c), or () for rows that are single numbers.
        dtype: Name of the type of the values in the file, e.g. ``"uint8"``; ``"float64"`` for csv.
        columns: Names of the features, or None where the data has none.
        integer: Whether the feature is written as an integer.
        decimals: Places after the decimal point that hold every value, or None where values are continuous.
        text_decimals: Fewest decimals that a written value keeps: 2 writes "12.50", 0 trims it to "12.5".
        minimum: Smallest value seen, ``-inf`` where the feature is unbounded.
        maximum: Largest value seen, ``inf`` where the feature is unbounded.
        delimiter: What separates the cells of a csv file.
        header: Whether a csv file starts with a line of names.
        forms: How each feature is written; one entry a feature for tables, empty for plain numbers.
    """

    shape: tuple[int, ...]
    dtype: str
    columns: tuple[str, ...] | None
    integer: tuple[bool, ...]
    decimals: tuple[int | None, ...]
    text_decimals: tuple[int, ...]
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    delimiter: str = ","
    header: bool = True
    forms: tuple[Form, ...] = ()

    def restore(self, values: np.ndarray, *, round: bool = True, clip: bool = True) -> np.ndarray:
        """Put values in the data's units on the data's own grid, range and type.

        On a decimal grid the result equals, bit for bit, what reading the written number gives.  Values
        are always brought into the range of `dtype`, so that none wraps around; categories are always codes
        that have a name, and dates whole units of the years 1 to 9999.

        Args:
            values: Shape (n, *shape), or (n, d) with d the number of elements of a row; NaN where blank.
            round: Whether to round to `decimals`; if not, integer types become float64 (see `unrounded`).
            clip: Whether to bring values into [minimum, maximum].

        Returns:
            The values, shape (n, *shape), of type `dtype`.

        Raises:
            ValueError: If the shape of `values` is neither of the two.
            DataError: If a value is not finite, but for NaN in a feature that has blanks.
        """
        if not round:
            return self.unrounded().restore(values, clip=clip)
        size = math.prod(self.shape)
        if values.shape[1:] not in ((size,), self.shape):
            raise ValueError(f"values must have shape (n, {size}) or (n, *{self.shape}), got {values.shape}")
        flat = np.array(values, dtype=np.float64).reshape(len(values), size)
        good = np.isfinite(flat)
        for index, form in enumerate(self.forms):
            if form.blank is not None:
                good[:, index] |= np.isnan(flat[:, index])
        bad = int(flat.size - np.count_nonzero(good))
        if bad:
            raise DataError(f"{bad} of {flat.size} generated values are not finite, and cannot be written")
        if clip:
            np.clip(flat, self.minimum, self.maximum, out=flat)
        for decimals in {own for own in self.decimals if own is not None}:
            chosen = [index for index, own in enumerate(self.decimals) if own == decimals]
            if len(chosen) == len(self.decimals):
                flat = round_to_decimals(flat, decimals)
            else:
                flat[:, chosen] = round_to_decimals(flat[:, chosen], decimals)
        if clip:
            np.clip(flat, self.minimum, self.maximum, out=flat)
        for index, form in enumerate(self.forms):
            flat[:, index] = np.clip(flat[:, index], *_writable(form))
            if form.stored in FLOATS:
                flat[:, index] = flat[:, index].astype(FLOATS[form.stored])
        np.clip(flat, *_limits(np.dtype(self.dtype)), out=flat)
        return flat.astype(self.dtype).reshape(len(values), *self.shape)

    def unrounded(self) -> Layout:
        """Return this layout without its grid, of a type that holds fractions; range and names stay.

        Categories and dates stay whole, since nothing else can be written.
        """
        entries = len(self.integer)
        whole = [form.kind != "number" for form in self.forms] or [False] * entries
        return dataclasses.replace(
            self,
            dtype=self.dtype if np.dtype(self.dtype).kind == "f" else "float64",
            integer=tuple(whole),
            decimals=tuple(0 if kept else None for kept in whole),
            text_decimals=(0,) * entries,
            forms=tuple(
                dataclasses.replace(form, stored="", pandas="")
                if form.kind == "number" and form.stored not in FLOATS
                else form
                for form in self.forms
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the layout as values that JSON can hold; an infinite bound is null."""
        plain = dataclasses.asdict(self)
        for bound in ("minimum", "maximum"):
            plain[bound] = [value if math.isfinite(value) else None for value in plain[bound]]
        plain["forms"] = [form.to_json() for form in self.forms]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Layout:
        """Return the layout that `to_json` described; one without forms, of an early version, is of numbers.

        Raises:
            ValueError: If fields are missing or unknown.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        plain = {"forms": [], **plain}
        if names != set(plain):
            raise ValueError(f"a layout has the fields {sorted(names)}, got {sorted(plain)}")
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
        }
        fields["minimum"] = tuple(-math.inf if value is None else value for value in fields["minimum"])
        fields["maximum"] = tuple(math.inf if value is None else value for value in fields["maximum"])
        fields["forms"] = tuple(Form.from_json(form) for form in fields["forms"])
        return cls(**fields)


def are_images(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape can be looked at: (h, w), (h, w, 1) or (h, w, 3)."""
    return len(shape) in (2, 3) and shape[2:] in ((), (1,), (3,))


def continuous_layout(shape: tuple[int, ...], dtype: str = "float64") -> Layout:
    """Return the layout of data with a density: no grid, no range, no names."""
    entries = _num_entries(shape)
    return Layout(
        shape=shape,
        dtype=dtype,
        columns=None,
        integer=(False,) * entries,
        decimals=(None,) * entries,
        text_decimals=(0,) * entries,
        minimum=(-math.inf,) * entries,
        maximum=(math.inf,) * entries,
    )


def fit_layout(rows: Rows, values: np.ndarray) -> Layout:
    """Learn the grid and range of each feature from the training rows.

    Args:
        rows: What was read: it gives names, type and the way numbers were written.
        values: The training rows, a subset of ``rows.values``, shape (n, *shape) with n >= 1.

    Raises:
        ValueError: If `values` is empty or its rows are of another shape than those of `rows`.
        DataError: If a feature is blank in all training rows.
    """
    shape = rows.values.shape[1:]
    if values.shape[1:] != shape or len(values) == 0:
        raise ValueError(f"values must be rows of shape {shape}, at least one, got {values.shape}")
    entries = _num_entries(shape)
    features = values.reshape(-1, entries).T
    forms = rows.forms or (NUMBER,) * entries
    ranges = [_range(rows, index, feature) for index, feature in enumerate(features)]
    return Layout(
        shape=shape,
        dtype=rows.values.dtype.name,
        columns=rows.columns,
        integer=rows.integer,
        decimals=tuple(
            0 if integer else decimals_of(feature.astype(FLOATS.get(form.stored, feature.dtype)))
            for integer, feature, form in zip(rows.integer, features, forms, strict=True)
        ),
        text_decimals=rows.text_decimals,
        minimum=tuple(low for low, _ in ranges),
        maximum=tuple(high for _, high in ranges),
        delimiter=rows.delimiter,
        header=rows.header,
        forms=rows.forms,
    )


def feature_names(layout: Layout) -> tuple[str, ...]:
    """Return one name for each element of a row: its column names, else x0, x1, ..."""
    if layout.columns is not None:
        return layout.columns
    return tuple(f"x{index}" for index in range(math.prod(layout.shape)))


def _num_entries(shape: tuple[int, ...]) -> int:
    """Length of the per-feature fields for rows of this shape."""
    return math.prod(shape) if len(shape) <= 1 else 1


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Smallest and largest float64 that the type can hold."""
    if dtype.kind == "f":
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    info = np.iinfo(dtype)
    largest = float(info.max)
    return float(info.min), largest if int(largest) <= info.max else float(np.nextafter(largest, 0.0))


def _range(rows: Rows, index: int, feature: np.ndarray) -> tuple[float, float]:
    """Smallest and largest value of a feature; all codes of a category."""
    if rows.forms and rows.forms[index].kind == "category":
        return 0.0, float(len(rows.forms[index].categories) - 1)
    if rows.forms and np.isnan(feature).all():
        name = rows.columns[index] if rows.columns is not None else index + 1
        raise DataError(
            f"{rows.source}: column '{name}' is blank in all of the {len(feature)} training rows; "
            f"leave it out with data.drop: [{name}]"
        )
    return float(np.nanmin(feature)), float(np.nanmax(feature))


def _writable(form: Form) -> tuple[float, float]:
    """Smallest and largest value that can be written in this form."""
    match form.kind:
        case "category":
            return 0.0, float(len(form.categories) - 1)
        case "date":
            return date_range(form.unit)
        case "number":
            return held_range(form.stored)
