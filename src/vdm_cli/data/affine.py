"""One offset and one scale a feature: the map to network units of arrays, images and synthetic laws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from vdm_cli.data.block import Block

_BLOCK_VALUES = 1 << 22  # held in float64 at once


@dataclass(frozen=True)
class AffineTransform:
    """x -> (x - offset) / scale, feature by feature; fitted on training rows, saved with the checkpoint.

    Attributes:
        offset: Shape of one row, or (), in the data's units, float64.
        scale: Positive, of the same shape.
    """

    offset: np.ndarray
    scale: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row, the same in both units."""
        return self.offset.shape

    @property
    def blocks(self) -> tuple[Block, ...]:
        """None: all features are numbers."""
        return ()

    def forward(self, rows: np.ndarray, seed: int = 0) -> np.ndarray:
        """Rows (n, ...) in data units to network units, float32; the seed makes no difference.

        The difference is taken in float64: a column such as 1e9 +- 1 keeps its detail.
        """
        del seed
        out = np.empty(rows.shape, np.float32)
        step = max(1, _BLOCK_VALUES // max(1, math.prod(rows.shape[1:])))
        for start in range(0, len(rows), step):
            block = np.asarray(rows[start : start + step], np.float64)
            out[start : start + step] = (block - self.offset) / self.scale
        return out

    def forward_on_device(self, rows: Any) -> Any:
        """The same for JAX arrays inside a compiled step, in float32."""
        offset = jnp.asarray(self.offset, jnp.float32)
        scale = jnp.asarray(self.scale, jnp.float32)
        return (rows - offset[None]) / scale[None]

    def inverse(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, ...) in network units to data units, float64."""
        return np.asarray(rows, np.float64) * self.scale + self.offset

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; floats survive exactly."""
        return {"offset": self.offset.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> AffineTransform:
        """The inverse of `to_json`."""
        return cls(np.asarray(document["offset"], np.float64), np.asarray(document["scale"], np.float64))


def identity(shape: tuple[int, ...]) -> AffineTransform:
    """Network units are the data's own."""
    return AffineTransform(np.zeros(shape), np.ones(shape))


def standardize(rows: np.ndarray) -> AffineTransform:
    """Mean 0 and standard deviation 1 in every feature; a constant feature keeps scale 1.

    Args:
        rows: Training rows (n, ...).
    """
    rows = np.asarray(rows, np.float64)
    return by_moments(rows.mean(axis=0), rows.std(axis=0), np.abs(rows).max(axis=0))


def by_moments(mean: np.ndarray, std: np.ndarray, largest: np.ndarray) -> AffineTransform:
    """Mean 0 and standard deviation 1; 1 for a scale that is only the rounding error of a constant feature.

    Args:
        mean: Of each feature, of the shape of a row.
        std: Their standard deviations.
        largest: Their largest sizes.
    """
    return AffineTransform(mean, np.where(std > 1e-13 * largest, std, 1.0))


def to_range(rows: np.ndarray) -> AffineTransform:
    """The range of all features together to [-1, 1]: pixels keep their relative brightness.

    Args:
        rows: Training rows (n, ...).
    """
    return by_range(float(np.min(rows)), float(np.max(rows)), rows.shape[1:])


def by_range(low: float, high: float, shape: tuple[int, ...]) -> AffineTransform:
    """The range [low, high] of all features of rows of this shape to [-1, 1]."""
    half = 0.5 * (high - low) or 1.0
    return AffineTransform(np.full(shape, 0.5 * (low + high)), np.full(shape, half))
