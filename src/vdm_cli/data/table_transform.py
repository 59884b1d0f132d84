"""Tables of numbers, categories, dates and blanks in network units, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vdm_cli.data.block import Block
from vdm_cli.data.encoders import Encoder, encoder_from_json, fit_encoder
from vdm_cli.data.form import Form


@dataclass(frozen=True)
class TableTransform:
    """The encodings of all columns side by side.

    Attributes:
        columns: One encoder a column.
    """

    columns: tuple[Encoder, ...]

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.cumsum([0, *(column.width for column in self.columns)])

    @property
    def shape(self) -> tuple[int, ...]:
        """(D,): the widths of all columns added up."""
        return (int(self._starts[-1]),)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One block for the number and for each one-hot vector of a column, in order."""
        found = []
        for start, column in zip(self._starts, self.columns, strict=False):
            first = int(start)
            numbers = column.width - sum(column.categorical)
            if numbers:
                found.append(Block(first, numbers, categorical=False))
            place = first + numbers
            for index, width in enumerate(column.categorical):
                is_indicator = index > 0 or (numbers > 0 and len(column.categorical) == 1)
                hides = (first, place - first) if is_indicator else None
                found.append(Block(place, width, categorical=True, hides=hides))
                place += width
        return tuple(found) if any(block.categorical for block in found) else ()

    def forward(self, rows: np.ndarray, seed: int = 0) -> np.ndarray:
        """Rows (n, d) in data units, NaN where blank, to network units (n, D), float32."""
        rng = np.random.default_rng(seed)
        out = np.empty((len(rows), *self.shape), np.float32)
        for index, (start, column) in enumerate(zip(self._starts, self.columns, strict=False)):
            values = np.asarray(rows[:, index], np.float64)
            out[:, start : start + column.width] = column.encode(values, rng)
        return out

    def inverse(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, D) in network units to data units (n, d), float64, NaN where blank."""
        parts = [
            column.decode(rows[:, start : start + column.width])
            for start, column in zip(self._starts, self.columns, strict=False)
        ]
        return np.stack(parts, axis=1)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; floats survive exactly."""
        return {"columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> TableTransform:
        """The inverse of `to_json`."""
        return cls(tuple(encoder_from_json(column) for column in document["columns"]))


def fit_table(rows: np.ndarray, forms: Sequence[Form], *, quantile: bool) -> TableTransform:
    """Fit one encoder a column.

    Args:
        rows: Training rows (n, d) in data units.
        forms: How the columns are written; empty where all are plain numbers.
        quantile: See `fit_encoder`.
    """
    forms = forms or (Form(),) * rows.shape[1]
    columns = [
        fit_encoder(
            np.asarray(column, np.float64),
            categories=len(form.categories),
            quantile=quantile,
            blanks=form.blank is not None,
        )
        for column, form in zip(rows.T, forms, strict=True)
    ]
    return TableTransform(tuple(columns))
