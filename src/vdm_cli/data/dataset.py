"""The rows of an experiment: split, with the map to network units and the grid they are written back on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.layout import Layout
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.transform import Transform


@dataclass(frozen=True)
class Dataset:
    """Everything training, sampling and evaluation need to know of the data.

    Attributes:
        train: Rows (n, *shape) in data units that the players are fitted on; None for fresh draws.
        validation: Rows that choose the checkpoint.
        test: Rows that only eval-divergence reads.
        transform: Data units to network units and back.
        layout: The data's own grid.
        law: The law itself where the data are synthetic, with its exact density.
        description: What the rows are, for people.
    """

    train: np.ndarray | None
    validation: np.ndarray
    test: np.ndarray
    transform: Transform
    layout: Layout
    law: GaussianMixture | None
    description: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row in network units."""
        return self.validation.shape[1:]

    @property
    def digest(self) -> str:
        """Identifies the rows: a run is resumed, and judged, on the data it was started with."""
        state = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.validation, self.test):
            if part is not None:
                state.update(str((part.shape, part.dtype.str)).encode())
                state.update(np.ascontiguousarray(part).data)
        return state.hexdigest()


def split_rows(count: int, shares: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Indices of a random split: what the shares leave comes first, then one part for each share.

    Args:
        count: Number of rows.
        shares: Share of the rows in each held-out part; every part gets at least one row.
        seed: Of the permutation; the same split for the same seed and count.
    """
    order = np.random.default_rng(seed).permutation(count)
    sizes = [max(1, round(share * count)) for share in shares]
    kept = count - sum(sizes)
    ends = np.cumsum([kept, *sizes])[:-1]
    return [np.sort(part) for part in np.split(order, ends)]
