"""One column of a table, in its own units, as numbers that networks take and give: four ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr, ndtri

MOST_LEVELS = 10  # distinct numbers up to which a numeric column is a category
_KNOTS = 1_000
_DISTINCT_SHARE = 0.05  # more distinct values than this share of the rows: too few rows to call them levels


class Encoder(Protocol):
    """A bijection between the values of one column, NaN where blank, and vectors of `width` numbers."""

    @property
    def width(self) -> int:
        """Numbers a value becomes."""

    @property
    def categorical(self) -> tuple[int, ...]:
        """Widths of the one-hot vectors at its end; empty where there are none."""

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) to (n, width)."""

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """(n, width) to values (n,)."""

    def to_json(self) -> dict[str, Any]:
        """The fields, with ``kind``."""


@dataclass(frozen=True)
class Standardized:
    """(x - offset) / scale."""

    offset: float
    scale: float
    width = 1
    categorical = ()

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) to (n, 1)."""
        del rng
        return ((values - self.offset) / self.scale)[:, None]

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """The inverse of `encode`."""
        return np.asarray(encoded[:, 0], np.float64) * self.scale + self.offset

    def to_json(self) -> dict[str, Any]:
        """The fields, with ``kind``."""
        return {"kind": "standardized", "offset": self.offset, "scale": self.scale}


@dataclass(frozen=True, eq=False)
class QuantileNormal:
    """x -> Phi^-1(F(x)): standard normal whatever the column, its ties included.

    F is the training rows' distribution function, linear between knots.  A value that many rows share holds
    an interval of F: each row takes a random place in it, and every place in it leads back to the value.

    Attributes:
        values: Knots, increasing, (k,).
        below: F just below each knot.
        upto: F at each knot, >= below.
    """

    values: np.ndarray
    below: np.ndarray
    upto: np.ndarray
    width = 1
    categorical = ()

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) to (n, 1)."""
        knots = len(self.values)
        after = np.searchsorted(self.values, values)  # the first knot that is not below the value
        at = np.minimum(after, knots - 1)
        before = np.maximum(after - 1, 0)
        gap = np.where(after > 0, self.values[at] - self.values[before], 0.0)
        share = (values - self.values[before]) / np.where(gap > 0, gap, 1.0)
        between = self.upto[before] + np.clip(share, 0.0, 1.0) * (self.below[at] - self.upto[before])
        tied = self.below[at] + rng.random(len(values)) * (self.upto[at] - self.below[at])
        places = np.where(values == self.values[at], tied, np.where(after == 0, self.below[0], between))
        places = np.where(after == knots, self.upto[-1], places)
        return ndtri(np.clip(places, *self._ends()))[:, None]

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """The inverse of `encode`; beyond the last knots, their values."""
        places = np.stack([self.below, self.upto], axis=1).reshape(-1)
        return np.interp(ndtr(np.asarray(encoded[:, 0], np.float64)), places, self.values.repeat(2))

    def _ends(self) -> tuple[float, float]:
        """Places next to 0 and 1 whose normal quantiles are those of the outermost rows."""
        least = min(
            self.below[self.below > 0].min(initial=0.5), 1.0 - self.upto[self.upto < 1].max(initial=0.5)
        )
        return 0.5 * least, 1.0 - 0.5 * least

    def to_json(self) -> dict[str, Any]:
        """The fields, with ``kind``."""
        fields = {"values": self.values.tolist(), "below": self.below.tolist(), "upto": self.upto.tolist()}
        return {"kind": "quantile", **fields}


@dataclass(frozen=True, eq=False)
class Levels:
    """A one-hot vector of the few values that a column takes; any other value is the nearest of them.

    Attributes:
        values: The levels, increasing, (k,).
    """

    values: np.ndarray

    @property
    def width(self) -> int:
        """Number of levels."""
        return len(self.values)

    @property
    def categorical(self) -> tuple[int, ...]:
        """One one-hot vector."""
        return (self.width,)

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) to (n, k)."""
        del rng
        middles = 0.5 * (self.values[1:] + self.values[:-1])
        return np.eye(self.width)[np.searchsorted(middles, values)]

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """The level of the largest element."""
        return self.values[np.argmax(encoded, axis=1)]

    def to_json(self) -> dict[str, Any]:
        """The fields, with ``kind``."""
        return {"kind": "levels", "values": self.values.tolist()}


@dataclass(frozen=True)
class WithBlanks:
    """A column some of whose cells are blank: its encoding, zero in blanks, and an indicator of blanks.

    Attributes:
        present: Of the cells that are not blank.
    """

    present: Encoder

    @property
    def width(self) -> int:
        """Two more than that of the present cells."""
        return self.present.width + 2

    @property
    def categorical(self) -> tuple[int, ...]:
        """The present cells' one-hot vectors, and the indicator."""
        return (*self.present.categorical, 2)

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) to (n, width): (encoding, 1, 0), or (0, 0, 1) for a blank."""
        blank = np.isnan(values)
        encoded = np.zeros((len(values), self.width))
        encoded[~blank, : self.present.width] = self.present.encode(values[~blank], rng)
        encoded[~blank, -2] = 1.0
        encoded[blank, -1] = 1.0
        return encoded

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """The inverse of `encode`."""
        values = self.present.decode(encoded[:, : self.present.width])
        return np.where(encoded[:, -1] > encoded[:, -2], np.nan, values)

    def to_json(self) -> dict[str, Any]:
        """The fields, with ``kind``."""
        return {"kind": "with_blanks", "present": self.present.to_json()}


def has_levels(encoder: Encoder) -> bool:
    """Whether the values that are not blank are a few levels."""
    return isinstance(encoder.present if isinstance(encoder, WithBlanks) else encoder, Levels)


def encoder_from_json(document: dict[str, Any]) -> Encoder:
    """The encoder that `Encoder.to_json` described."""
    fields = {name: value for name, value in document.items() if name != "kind"}
    match document["kind"]:
        case "standardized":
            return Standardized(**fields)
        case "quantile":
            return QuantileNormal(**{name: np.asarray(value, np.float64) for name, value in fields.items()})
        case "levels":
            return Levels(np.asarray(fields["values"], np.float64))
        case "with_blanks":
            return WithBlanks(encoder_from_json(fields["present"]))
        case kind:
            raise ValueError(f"kind of encoder must be one that this version knows, got {kind!r}")


def fit_encoder(values: np.ndarray, *, categories: int, quantile: bool, blanks: bool = False) -> Encoder:
    """The encoder of one column.

    Args:
        values: Training values (n,), NaN where blank, at least one not; codes where it is a category.
        categories: How many names there are where the values are their codes; 0 for numbers and dates.
        quantile: Map numbers to a standard normal by their quantiles; if not, standardize them.
        blanks: Whether other rows have blanks in this column, even if these have none.
    """
    blank = np.isnan(values)
    if blanks or blank.any():
        return WithBlanks(fit_encoder(values[~blank], categories=categories, quantile=quantile))
    if categories:
        return Levels(np.arange(float(categories)))
    levels, counts = np.unique(values, return_counts=True)
    few = len(levels) <= min(MOST_LEVELS, max(2, _DISTINCT_SHARE * len(values)))
    if few:
        return Levels(levels)
    if quantile:
        return _fit_quantiles(levels, counts)
    spread = float(values.std())
    noise = 1e-13 * float(np.abs(values).max())
    return Standardized(float(values.mean()), spread if spread > noise else 1.0)


def _fit_quantiles(levels: np.ndarray, counts: np.ndarray) -> QuantileNormal:
    """Knots at all distinct values, or at those nearest to evenly spaced normal quantiles."""
    total = int(counts.sum())
    upto = np.cumsum(counts) / total
    below = upto - counts / total
    if len(levels) > _KNOTS:
        edge = ndtri(0.5 / total)
        wanted = ndtr(np.linspace(edge, -edge, _KNOTS))
        chosen = np.unique(np.searchsorted(upto, wanted).clip(0, len(levels) - 1))
        chosen = np.union1d(chosen, [0, len(levels) - 1])
        levels, upto, below = levels[chosen], upto[chosen], below[chosen]
    return QuantileNormal(levels, below, upto)
