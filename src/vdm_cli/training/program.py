"""The train step compiled: many steps and seeds in one program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from vdm_cli.data.source import Source
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import DATA_STREAM, Metrics, TrainStep, stream


@dataclass(frozen=True, eq=False)
class Program:
    """Advances a state by whole chunks of steps on the device.

    Attributes:
        train_step: Of one seed.
        source: Of the rows, the same for all seeds; each seed draws its own from it.
    """

    train_step: TrainStep
    source: Source

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Metrics]:
        """Take ``steps`` steps.

        Args:
            state: With a leading axis of seeds; donated: do not use it afterwards.
            steps: A program is compiled for each different number.

        Returns:
            The new state, and every metric with shape (steps, seeds).
        """
        return _advance(self, state, self.source.data, steps)


@partial(jax.jit, static_argnums=(0, 3), donate_argnums=1)
def _advance(program: Program, state: TrainState, data: Any, steps: int) -> tuple[TrainState, Metrics]:
    def one_seed(state: TrainState) -> tuple[TrainState, Metrics]:
        batch = program.source.take(data, stream(state.key, DATA_STREAM), state.step)
        return program.train_step(state, batch)

    def all_seeds(state: TrainState, _: None) -> tuple[TrainState, Metrics]:
        return over_seeds(one_seed)(state)

    return jax.lax.scan(all_seeds, state, None, length=steps)


def over_seeds(function: Any) -> Any:
    """`jax.vmap` over the leading axis; a single seed is lifted out of it, which compiles to faster code."""

    def mapped(*arguments: Any) -> Any:
        leaves = jax.tree.leaves(arguments)
        if leaves[0].shape[0] > 1:
            return jax.vmap(function)(*arguments)
        single = function(*jax.tree.map(lambda leaf: leaf[0], arguments))
        return jax.tree.map(lambda leaf: leaf[None], single)

    return mapped
