"""The invertible map between the data's own units and the networks'."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.block import Block
from vdm_cli.data.table_transform import TableTransform


class Transform(Protocol):
    """Fitted on training rows only, saved with the checkpoint."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row in network units."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """How a row in network units falls into numbers and categories; empty where all are numbers."""

    def forward(self, rows: np.ndarray, seed: int = 0) -> np.ndarray:
        """Rows (n, ...) in data units to network units (n, *shape), float32.

        Args:
            rows: In data units.
            seed: Of the places that tied values take within the share of the distribution that they hold.
        """

    def inverse(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, *shape) in network units to data units, float64."""

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; floats survive exactly."""


def transform_from_json(document: dict[str, Any]) -> Transform:
    """The transform that `Transform.to_json` described."""
    if "columns" in document:
        return TableTransform.from_json(document)
    return AffineTransform.from_json(document)
