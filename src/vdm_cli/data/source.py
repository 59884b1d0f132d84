"""Where a training step takes its rows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.mixture import GaussianMixture


@flax.struct.dataclass
class Batch:
    """Rows in network units, with what they are conditioned on where the model is conditional.

    Attributes:
        x: (..., n, *shape), float32.
        condition: None, or an array of the same leading axes.
    """

    x: jax.Array
    condition: jax.Array | None = None


class Source(Protocol):
    """Rows for each step, as a function of (run key, step) alone: interruption cannot change them.

    Attributes:
        data: A pytree of device arrays, handed to `take` so that it is an argument of the compiled step.
    """

    @property
    def data(self) -> Any:
        """What `take` reads."""

    def take(self, data: Any, key: jax.Array, step: jax.Array) -> Batch:
        """The rows of one step.

        Args:
            data: The `data` of this source.
            key: The run's key for data.
            step: Index of the step, from 0.
        """


@flax.struct.dataclass
class ArrayData:
    """Rows in device memory.

    Attributes:
        rows: Leaves (n, ...), network units, float32.
        upto: Share of the total weight up to each row, (n,) float32; None for equal weights.
    """

    rows: Batch
    upto: jax.Array | None = None


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Rows in device memory, drawn with replacement, by their weights where they have some.

    Attributes:
        data: All rows.
        rows: Leading shape of what a step needs: (critic_steps, batch_size).
    """

    data: ArrayData
    rows: tuple[int, ...]

    def take(self, data: ArrayData, key: jax.Array, step: jax.Array) -> Batch:
        """Rows (*rows, *shape) of the step."""
        key = jax.random.fold_in(key, step)
        count = data.rows.x.shape[0]
        if data.upto is None:
            index = jax.random.randint(key, self.rows, 0, count)
        else:
            index = jnp.searchsorted(data.upto, jax.random.uniform(key, self.rows), side="right")
            index = jnp.minimum(index, count - 1)
        return jax.tree.map(lambda leaf: jnp.take(leaf, index, axis=0), data.rows)


def array_source(
    rows: np.ndarray, conditions: np.ndarray | None, weights: np.ndarray | None, shape: tuple[int, ...]
) -> ArraySource:
    """Put rows on the device.

    Args:
        rows: (n, *shape) in network units.
        conditions: (n, k) in network units, or None.
        weights: Non-negative, (n,), or None.
        shape: Leading shape of what a step needs.
    """
    condition = None if conditions is None else jnp.asarray(conditions)
    upto = None
    if weights is not None:
        total = np.cumsum(weights, dtype=np.float64)
        upto = jnp.asarray(total / total[-1], jnp.float32)
    return ArraySource(ArrayData(Batch(jnp.asarray(rows), condition), upto), shape)


@dataclass(frozen=True, eq=False)
class FreshSource:
    """New draws of a synthetic law at every step: no row is seen twice.

    Attributes:
        law: The law in data units.
        transform: To network units.
        rows: Leading shape of what a step needs.
    """

    law: GaussianMixture
    transform: AffineTransform
    rows: tuple[int, ...]

    @property
    def data(self) -> None:
        """Nothing: rows come from the key."""
        return None

    def take(self, data: None, key: jax.Array, step: jax.Array) -> Batch:
        """Rows (*rows, d) of the step."""
        del data
        count = 1
        for side in self.rows:
            count *= side
        drawn = self.transform.forward_on_device(self.law.sample(jax.random.fold_in(key, step), count))
        return Batch(drawn.reshape(*self.rows, *drawn.shape[1:]))
