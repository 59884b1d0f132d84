"""The rows of an experiment: split, with the map to network units and the grid they are written back on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.conditioning import Conditioning
from vdm_cli.data.layout import Layout
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.stream.row_file import RowFile
from vdm_cli.data.transform import Transform


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of one purpose, in data units.

    Attributes:
        rows: (n, *shape); a table's columns include those that are conditions.
        labels: What stands beside images, (n,) float64; None where nothing does.
        weights: Non-negative weights to draw the rows by, (n,); None for equal ones.
    """

    rows: np.ndarray
    labels: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: np.ndarray) -> Part:
        """The rows of these indices, in their order."""
        labels, weights = self.labels, self.weights
        return Part(
            self.rows[index],
            None if labels is None else labels[index],
            None if weights is None else weights[index],
        )


@dataclass(frozen=True, eq=False)
class StreamedPart:
    """Training rows that are not held in memory.

    Attributes:
        file: Holds them, and the rows that are held out.
        held_out: Numbers of the latter, increasing.
        sample: A uniform random sample of the training rows, or all of them where they are few.
        digest: Identifies the rows of the file.
    """

    file: RowFile
    held_out: np.ndarray
    sample: Part
    digest: str

    def __len__(self) -> int:
        return self.file.count - len(self.held_out)


@dataclass(frozen=True)
class Dataset:
    """Everything training, sampling and evaluation need to know of the data.

    Attributes:
        train: The rows that the players are fitted on; None for fresh draws.
        validation: The rows that choose the checkpoint.
        test: The rows that only eval-divergence reads.
        transform: Data units to network units and back, without the conditions.
        layout: The data's own grid, with the conditions that are columns.
        law: The law itself where the data are synthetic, with its exact density.
        description: What the rows are, for people.
        conditioning: What the model is conditioned on; None where it is not.
    """

    train: Part | StreamedPart | None
    validation: Part
    test: Part
    transform: Transform
    layout: Layout
    law: GaussianMixture | None
    description: str
    conditioning: Conditioning | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row in network units."""
        return self.transform.shape

    @property
    def digest(self) -> str:
        """Identifies the rows: a run is resumed, and judged, on the data it was started with."""
        state = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.validation, self.test):
            if part is None:
                continue
            if isinstance(part, StreamedPart):
                state.update(part.digest.encode())
                continue
            for array in (part.rows, part.labels, part.weights):
                if array is not None:
                    state.update(str((array.shape, array.dtype.str)).encode())
                    state.update(np.ascontiguousarray(array).data)
        return state.hexdigest()

    def encode(self, part: Part, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
        """A part in network units: rows (n, *shape) and conditions (n, k), float32.

        The seed is that of `Transform.forward`.
        """
        conditioning = self.conditioning
        if conditioning is None:
            return self.transform.forward(part.rows, seed), None
        rows = np.delete(part.rows, conditioning.places, axis=1) if conditioning.places else part.rows
        return self.transform.forward(rows, seed), conditioning.encode(
            conditioning.of(part.rows, part.labels)
        )


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


def thin(part: Part, seed: int) -> Part:
    """Rows of the weighted law, unweighted: each is kept with probability weight / largest weight.

    The kept rows are independent draws of the law that the weights describe, so that held-out bounds
    stay valid; there are fewer of them.
    """
    if part.weights is None:
        return part
    kept = np.random.default_rng(seed).random(len(part)) * part.weights.max() < part.weights
    return Part(part.rows[kept], None if part.labels is None else part.labels[kept])
