"""Where a training step takes its rows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import flax.struct
import jax
import jax.numpy as jnp

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.transform import Transform


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


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Rows in device memory, drawn with replacement.

    Attributes:
        data: (n, *shape), network units, float32.
        rows: Leading shape of what a step needs: (critic_steps, batch_size).
    """

    data: jax.Array
    rows: tuple[int, ...]

    def take(self, data: jax.Array, key: jax.Array, step: jax.Array) -> Batch:
        """Rows (*rows, *shape) of the step."""
        index = jax.random.randint(jax.random.fold_in(key, step), self.rows, 0, data.shape[0])
        return Batch(jnp.take(data, index, axis=0))


@dataclass(frozen=True, eq=False)
class FreshSource:
    """New draws of a synthetic law at every step: no row is seen twice.

    Attributes:
        law: The law in data units.
        transform: To network units.
        rows: Leading shape of what a step needs.
    """

    law: GaussianMixture
    transform: Transform
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
