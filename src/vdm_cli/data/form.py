"""How the numbers of one feature are written in its file: as numbers, names of categories, or dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

MAX_CATEGORIES = 500
Unit = Literal["D", "h", "m", "s", "ms", "us"]


@dataclass(frozen=True)
class Form:
    """One feature's way from its file to float64 and back.

    In memory every feature is a column of float64: a category is the index of its name, a date the number of
    `unit`s since 1970-01-01, and a blank cell is NaN.

    Attributes:
        kind: ``number``, ``category`` or ``date``.
        categories: Names of a category's codes 0, 1, ..., sorted, but in the order of a parquet dictionary.
        pattern: A date's `strftime` pattern, with ``%3f`` for milliseconds and ``%-d`` for digits without
            leading zeros; empty for a date of a typed file (parquet).
        unit: What a date counts, named as NumPy does: the coarsest that holds every date of the column, from
            ``D`` for days to ``us`` for microseconds.
        blank: How a missing value is written; None where none is missing.
        stored: Name of the Arrow type of a typed file, so that it is written back; empty for text.
        pandas: Name of the pandas type that such a file asks for, e.g. ``Int64``; empty where it asks none.
    """

    kind: Literal["number", "category", "date"] = "number"
    categories: tuple[str, ...] = ()
    pattern: str = ""
    unit: Unit = "D"
    blank: str | None = None
    stored: str = ""
    pandas: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form as values that JSON can hold."""
        return {**asdict(self), "categories": list(self.categories)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Form:
        """The inverse of `to_json`."""
        return cls(**{**plain, "categories": tuple(plain["categories"])})


NUMBER = Form()
