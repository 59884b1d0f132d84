"""From rows to what is compared of them: noise first, then a map, the same for both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vdm_cli.estimation.channel import NoiseChannel, fit_noise
from vdm_cli.estimation.components import RowMap, fit_components
from vdm_cli.estimation.exported import load_exported
from vdm_cli.estimation.map_name import MapName


@dataclass(frozen=True, eq=False)
class Way:
    """A fixed channel from rows (n, d) to rows (n, k).

    Attributes:
        noise: What is added; None for nothing.
        row_map: What is applied then; None for nothing.
    """

    noise: NoiseChannel | None
    row_map: RowMap | None

    def __call__(self, rows: npt.NDArray[Any], seed: tuple[int, ...]) -> npt.NDArray[Any]:
        """Rows at its end; every sample has its own seed, so that its noise is its own."""
        blurred = rows if self.noise is None else self.noise(rows, seed)
        return blurred if self.row_map is None else self.row_map(blurred)


def fit_way(
    pooled: npt.NDArray[Any],
    features: MapName | None,
    noise: float | None,
    *,
    shape: tuple[int, ...],
    pixels: bool,
    numbers: npt.NDArray[np.bool_],
    seed: int,
) -> Way:
    """Fit noise and map on rows that are compared nowhere.

    Args:
        pooled: Such rows of both sides, shape (n, d); none are needed for an exported function alone.
        features: The map; None for none.
        noise: Its size in standard deviations; None for none.
        shape: Of one row as an exported function takes it.
        pixels: Whether all columns share one unit.
        numbers: Which columns take noise, shape (d,).
        seed: Of the noise of these rows, and of the decomposition.

    Raises:
        DataError: If there are fewer components than asked for, or the function cannot be read.
    """
    channel = None if noise is None else fit_noise(pooled, noise, common=pixels, numbers=numbers)
    if features is None:
        return Way(channel, None)
    if features.file is not None:
        return Way(channel, load_exported(features.file, shape))
    assert features.components is not None, "a map is a file, or has a number of components"
    blurred = pooled if channel is None else channel(pooled, (seed, 2))
    row_map = fit_components(blurred, features.components, seed=seed, pixels=pixels, at_most=features.at_most)
    return Way(channel, row_map)
