"""What a conditional model is conditioned on: columns of a table, or labels beside images."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.data.condition_text import listed, value_of
from vdm_cli.data.dates import convert_unit
from vdm_cli.data.encoders import has_levels
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.rows import read_rows
from vdm_cli.data.table_transform import TableTransform, fit_table
from vdm_cli.errors import DataError, UsageError

KNOWN_ROWS = 4_096


@dataclass(frozen=True, eq=False)
class Conditioning:
    """The conditions c of G(z, c) and T(x, c), in data units and as the vectors that networks take.

    Attributes:
        names: What they are called.
        forms: How they are written.
        places: Which columns of the table they are; empty where they stand beside images.
        transform: Data units (n, k) to network units: one-hot categories, standardized numbers.
        known: Rows (m, k) of the training data, at most `KNOWN_ROWS`, distinct.
        counts: The weight of the training rows that each known row stands for, (m,).
    """

    names: tuple[str, ...]
    forms: tuple[Form, ...]
    places: tuple[int, ...]
    transform: TableTransform
    known: np.ndarray
    counts: np.ndarray

    @property
    def dim(self) -> int:
        """Length of a condition in network units."""
        return self.transform.shape[0]

    def of(self, rows: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """The conditions (n, k) of rows, in data units."""
        if self.places:
            return np.asarray(rows[:, self.places], np.float64)
        assert labels is not None, "images with conditions have labels"
        return labels[:, None]

    def join(self, rows: np.ndarray, conditions: np.ndarray) -> np.ndarray:
        """A table's rows (n, d - k) and their conditions (n, k) as rows (n, d), columns in order."""
        joined = np.empty((len(rows), rows.shape[1] + len(self.places)))
        joined[:, self.places] = conditions
        joined[:, np.setdiff1d(np.arange(joined.shape[1]), self.places)] = rows
        return joined

    def encode(self, conditions: np.ndarray) -> np.ndarray:
        """Conditions (n, k) in data units to network units (n, dim), float32."""
        return self.transform.forward(conditions)

    def draw(self, count: int, seed: tuple[int, ...], asked: Mapping[str, str] | None = None) -> np.ndarray:
        """Conditions (count, k) as the training rows have them, among those that are as asked.

        Args:
            count: How many.
            seed: Of the draw.
            asked: Text of some or all conditions by name.

        Raises:
            UsageError: If a name, a class or a combination is unknown, or a number cannot be read.
        """
        values = self.parse(asked or {})
        chosen = np.ones(len(self.known), bool)
        for name, value in values.items():
            index = self.names.index(name)
            if self._has_levels(index):
                chosen &= _equal(self.known[:, index], value)
        if not chosen.any():
            told = ", ".join(f"{name}={text}" for name, text in (asked or {}).items())
            raise UsageError(f"--condition {told}: no training row has this combination")
        shares = np.where(chosen, self.counts, 0)
        drawn = np.random.default_rng(seed).choice(len(self.known), count, p=shares / shares.sum())
        conditions = self.known[drawn].copy()
        for name, value in values.items():
            conditions[:, self.names.index(name)] = value
        return conditions

    def parse(self, asked: Mapping[str, str]) -> dict[str, float]:
        """Values in data units of conditions written as text.

        Raises:
            UsageError: See `draw`.
        """
        found = {}
        for name, text in asked.items():
            if name not in self.names:
                near = difflib.get_close_matches(name, self.names, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise UsageError(
                    f"--condition {name}: the run is conditioned on {', '.join(self.names)}.{hint}"
                )
            index = self.names.index(name)
            try:
                found[name] = value_of(text, self.forms[index])
            except ValueError as error:
                raise UsageError(f"--condition {name}={text}: {error}") from error
            self._require_seen(index, np.array([found[name]]), f"--condition {name}={text}", UsageError)
        return found

    def _has_levels(self, index: int) -> bool:
        """Whether a condition is one of a few values: a class, or a number that takes few."""
        return has_levels(self.transform.columns[index])

    def _require_seen(
        self, index: int, values: np.ndarray, asked: str, error: type[UsageError] | type[DataError]
    ) -> None:
        """Refuse values (n,) of a few-valued condition, and blanks of any, that no training row has."""
        seen = self.known[:, index]
        wanted = values if self._has_levels(index) else values[np.isnan(values)]
        for value in np.unique(wanted):
            if not _equal(seen, value).any():
                form = self.forms[index]
                levels = np.unique(seen[~np.isnan(seen)])[:20]
                names = [form.categories[int(each)] if form.categories else f"{each:g}" for each in levels]
                what = "a blank" if np.isnan(value) else "such a class or value"
                raise error(f"{asked}: no training row has {what} ({', '.join(names)})")

    def read(self, path: str | Path) -> np.ndarray:
        """Conditions (n, k) in data units from a table with a column for each of them.

        Raises:
            DataError: If it cannot be read, or has a class or a kind of value that the training data do not.
        """
        rows = read_rows(path, columns=self.names)
        found = np.empty(rows.values.shape)
        for index, (name, form) in enumerate(zip(self.names, self.forms, strict=True)):
            own = rows.forms[index] if rows.forms else NUMBER
            column = rows.values[:, index]
            blank = np.isnan(column)
            if form.kind == "category":
                texts = own.categories or tuple(_text(value) for value in np.unique(column[~blank]))
                codes = column if own.categories else np.searchsorted(np.unique(column[~blank]), column)
                unknown = [text for text in texts if text not in form.categories]
                if unknown:
                    asked = f"{path}: column '{name}' asks for '{unknown[0]}'"
                    raise DataError(
                        f"{asked}, which no training row has {listed(form.categories, unknown[0])}"
                    )
                known = np.array([form.categories.index(text) for text in texts] or [0], np.float64)
                column = np.where(blank, np.nan, known[np.where(blank, 0, codes).astype(np.intp)])
            elif own.kind != form.kind:
                raise DataError(f"{path}: column '{name}' must hold {form.kind}s")
            elif form.kind == "date":
                column = convert_unit(column, own.unit, form.unit)
            self._require_seen(index, column, f"{path}: column '{name}'", DataError)
            found[:, index] = column
        return found

    def written(self, values: np.ndarray, index: int) -> np.ndarray:
        """One of the conditions (n,) as an array shows it: numbers, or names of classes."""
        form = self.forms[index]
        if form.kind != "category":
            return values
        names = np.array(form.categories)
        if all(name.isdecimal() and str(int(name)) == name for name in form.categories):
            names = names.astype(np.int64)
        return names[values.astype(np.intp)]

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; floats survive exactly."""
        return {
            "names": list(self.names),
            "forms": [form.to_json() for form in self.forms],
            "places": list(self.places),
            "transform": self.transform.to_json(),
            "known": [[None if np.isnan(value) else value for value in row] for row in self.known.tolist()],
            "counts": self.counts.tolist(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Conditioning:
        """The inverse of `to_json`."""
        return cls(
            names=tuple(document["names"]),
            forms=tuple(Form.from_json(form) for form in document["forms"]),
            places=tuple(document["places"]),
            transform=TableTransform.from_json(document["transform"]),
            known=np.asarray(document["known"], np.float64).reshape(-1, len(document["names"])),
            counts=np.asarray(document["counts"], np.float64),
        )


def fit_conditioning(
    names: Sequence[str],
    forms: Sequence[Form],
    places: Sequence[int],
    conditions: np.ndarray,
    weights: np.ndarray | None = None,
) -> Conditioning:
    """Fit on the training rows' conditions (n, k), in data units, with their weights (n,) or None."""
    transform = fit_table(conditions, forms, quantile=False)
    taken = np.ones(len(conditions), bool) if weights is None else weights > 0
    known, inverse = np.unique(conditions[taken], axis=0, return_inverse=True)
    counts = np.bincount(inverse.reshape(-1), None if weights is None else weights[taken]).astype(np.float64)
    if len(known) > KNOWN_ROWS:
        levels = [index for index, column in enumerate(transform.columns) if has_levels(column)]
        known, counts = _fewer(known, counts, levels)
    return Conditioning(tuple(names), tuple(forms), tuple(places), transform, known, counts)


def _fewer(known: np.ndarray, counts: np.ndarray, levels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """`KNOWN_ROWS` of the rows (m, k): one at least of every combination of classes, whose counts stay."""
    rng = np.random.default_rng(0)
    combinations, kind = np.unique(known[:, levels], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    # Efraimidis and Spirakis 2006: the largest keys are a weighted sample without replacement
    keys = rng.random(len(known)) ** (1.0 / counts)
    keys[[np.flatnonzero(kind == each)[0] for each in range(min(len(combinations), KNOWN_ROWS))]] = 2.0
    chosen = np.sort(np.argsort(keys)[-KNOWN_ROWS:])
    totals = np.bincount(kind, counts, len(combinations))
    kept = np.bincount(kind[chosen], counts[chosen], len(combinations))
    return known[chosen], counts[chosen] * totals[kind[chosen]] / kept[kind[chosen]]


def _equal(values: np.ndarray, value: float) -> np.ndarray:
    """Which of the values (n,) equal one, a blank being equal to a blank."""
    return np.isnan(values) if np.isnan(value) else values == value


def _text(value: float) -> str:
    """A whole number as a file of classes writes it."""
    return f"{value:.0f}" if value == int(value) else f"{value:g}"
