"""What a conditional model is conditioned on: columns of a table, or labels beside images."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
        counts: How many training rows each known row stands for, (m,).
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
            if self.forms[index].kind == "category":
                chosen &= self.known[:, index] == value
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
            found[name] = _value(name, text, self.forms[index])
            seen = self.known[:, index]
            if self.transform.columns[index].categorical and found[name] not in seen:
                shown = ", ".join(f"{value:g}" for value in np.unique(seen[~np.isnan(seen)])[:20])
                raise UsageError(f"--condition {name}={text}: no such value in the training data ({shown})")
        return found

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
            if form.kind == "category":
                texts = [own.categories[int(code)] for code in column] if own.categories else _texts(column)
                unknown = [text for text in texts if text not in form.categories]
                if unknown:
                    raise DataError(
                        f"{path}: column '{name}' asks for '{unknown[0]}', which no training row has"
                    )
                found[:, index] = [form.categories.index(text) for text in texts]
            elif own.kind != form.kind or np.isnan(column).any():
                raise DataError(f"{path}: column '{name}' must hold {form.kind}s, none of them blank")
            else:
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
            counts=np.asarray(document["counts"], np.int64),
        )


def fit_conditioning(
    names: Sequence[str], forms: Sequence[Form], places: Sequence[int], conditions: np.ndarray
) -> Conditioning:
    """Fit on the training rows' conditions (n, k), in data units."""
    rng = np.random.default_rng(0)
    some = conditions if len(conditions) <= 10**6 else conditions[rng.permutation(len(conditions))[: 10**6]]
    known, counts = np.unique(some, axis=0, return_counts=True)
    if len(known) > KNOWN_ROWS:
        chosen = rng.choice(len(known), KNOWN_ROWS, replace=False, p=counts / counts.sum())
        known, counts = known[chosen], np.ones(KNOWN_ROWS, np.int64)
    transform = fit_table(conditions, forms, quantile=False)
    return Conditioning(tuple(names), tuple(forms), tuple(places), transform, known, counts)


def _value(name: str, text: str, form: Form) -> float:
    if form.kind == "category":
        if text in form.categories:
            return float(form.categories.index(text))
        near = difflib.get_close_matches(text, form.categories, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        shown = ", ".join(form.categories[:20]) + (", ..." if len(form.categories) > 20 else "")
        raise UsageError(f"--condition {name}={text}: no such class in the training data ({shown}).{hint}")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UsageError(f"--condition {name}={text}: must be a number")
    return value


def _texts(column: np.ndarray) -> list[str]:
    """Whole numbers as a file of classes writes them."""
    return [f"{value:.0f}" if value == int(value) else f"{value:g}" for value in column.tolist()]
