"""One-dimensional laws with kinks or bounded support, beside the Gaussian mixtures; all in float64.

Every law here is log-quadratic in pieces: on [low, high] its log density is that of exp(-rate x^2/2 +
natural x), up to a constant.  So are the components of a Gaussian mixture, on the whole line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from vdm_cli.divergences.precision import Float64Array


class Density(Protocol):
    """sum_k w_k N(m_k, L_k L_k^T) in R^d, everything in float64."""

    @property
    def weights(self) -> Float64Array:
        """w, shape (k,)."""

    @property
    def means(self) -> Float64Array:
        """m, shape (k, d)."""

    @property
    def scales(self) -> Float64Array:
        """L, lower Cholesky factors, shape (k, d, d)."""

    def log_density(self, x: Float64Array, /) -> Float64Array:
        """log of the density at each row: (n, d) -> (n,)."""


class Pieces(NamedTuple):
    """Functions exp(-rate x^2/2 + natural x) on [low, high], shape (k,) each.

    Attributes:
        low: Where a piece begins, perhaps ``-inf``.
        high: Where it ends, perhaps ``inf``.
        rate: The precision of a Gaussian, 0 for an exponential, negative where it grows on both sides.
        natural: Precision times mean of a Gaussian, the slope of log density for an exponential.
    """

    low: Float64Array
    high: Float64Array
    rate: Float64Array
    natural: Float64Array


@dataclass(frozen=True)
class Exponential:
    """rate e^(-rate x) on x > 0.

    Raises:
        ValueError: If the rate is not positive and finite.
    """

    rate: float

    def __post_init__(self) -> None:
        _require_positive("rate", self.rate)

    @property
    def support(self) -> tuple[float, float]:
        """Where the density is not zero."""
        return 0.0, math.inf

    @property
    def pieces(self) -> Pieces:
        """One, with its kink at 0."""
        return _pieces([0.0, math.inf], [-self.rate])

    def log_density(self, x: Float64Array) -> Float64Array:
        """log of the density at each row: (n, 1) -> (n,); ``-inf`` outside the support."""
        return np.where(x[:, 0] >= 0.0, math.log(self.rate) - self.rate * x[:, 0], -math.inf)


@dataclass(frozen=True)
class Laplace:
    """e^(-|x - location| / scale) / (2 scale).

    Raises:
        ValueError: If the location is not finite, or the scale not positive and finite.
    """

    location: float
    scale: float

    def __post_init__(self) -> None:
        _require_finite("location", self.location)
        _require_positive("scale", self.scale)

    @property
    def support(self) -> tuple[float, float]:
        """Where the density is not zero."""
        return -math.inf, math.inf

    @property
    def pieces(self) -> Pieces:
        """Two, with the kink at the location between them."""
        return _pieces([-math.inf, self.location, math.inf], [1.0 / self.scale, -1.0 / self.scale])

    def log_density(self, x: Float64Array) -> Float64Array:
        """log of the density at each row: (n, 1) -> (n,)."""
        return np.asarray(-np.abs(x[:, 0] - self.location) / self.scale - math.log(2.0 * self.scale))


@dataclass(frozen=True)
class Uniform:
    """1 / (high - low) on [low, high].

    Raises:
        ValueError: If the ends are not finite and in this order.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            _require_finite(name, value)
        if not self.low < self.high:
            raise ValueError(f"low must lie below high, got {self.low} and {self.high}")

    @property
    def support(self) -> tuple[float, float]:
        """Where the density is not zero."""
        return self.low, self.high

    @property
    def pieces(self) -> Pieces:
        """One, with a jump at either end."""
        return _pieces([self.low, self.high], [0.0])

    def log_density(self, x: Float64Array) -> Float64Array:
        """log of the density at each row: (n, 1) -> (n,); ``-inf`` outside the support."""
        inside = (x[:, 0] >= self.low) & (x[:, 0] <= self.high)
        return np.where(inside, -math.log(self.high - self.low), -math.inf)


LineLaw = Exponential | Laplace | Uniform
Law = Density | LineLaw


def dimension(law: Law) -> int:
    """Numbers in a row of the law's samples."""
    return 1 if isinstance(law, LineLaw) else law.means.shape[1]


def pieces_of(law: Law) -> Pieces:
    """The pieces of a law in one dimension: one each for the components of a mixture."""
    if isinstance(law, LineLaw):
        return law.pieces
    rates = 1.0 / np.square(law.scales[:, 0, 0])
    infinite = np.full(len(rates), math.inf)
    return Pieces(-infinite, infinite, rates, rates * law.means[:, 0])


def _pieces(edges: list[float], slopes: list[float]) -> Pieces:
    return Pieces(np.array(edges[:-1]), np.array(edges[1:]), np.zeros(len(slopes)), np.array(slopes))


def _require_positive(name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def _require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
