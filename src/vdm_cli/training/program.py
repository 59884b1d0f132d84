"""The train step compiled: many steps and seeds in one program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.source import Source
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import DATA_STREAM, Metrics, TrainStep, stream


@dataclass(frozen=True, eq=False)
class Program:
    """Advances a state by whole chunks of steps on the device.

    Attributes:
        train_step: Of one seed.
        source: Of the rows, the same for all seeds; each seed draws its own from it.
        scans: Whether a chunk is one compiled `jax.lax.scan`, or a loop over one compiled step: a convolution
            inside a scan is up to 20 times slower on a CPU (jax#12868).
    """

    train_step: TrainStep
    source: Source
    scans: bool = True

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Metrics]:
        """Take ``steps`` steps.

        Args:
            state: With a leading axis of seeds; donated: do not use it afterwards.
            steps: A scan is compiled for each different number.

        Returns:
            The new state, and every metric with shape (steps, seeds).
        """
        if self.scans:
            return _scan(self, state, self.source.data, steps)
        each = []
        for _ in range(steps):
            state, metrics = _compiled_step(self, state, self.source.data)
            each.append(metrics)
        return state, _stacked(each)


def _take_step(program: Program, state: TrainState, data: Any) -> tuple[TrainState, Metrics]:
    """One step of all seeds."""

    def one_seed(state: TrainState) -> tuple[TrainState, Metrics]:
        batch = program.source.take(data, stream(state.key, DATA_STREAM), state.step)
        return program.train_step(state, batch)

    return over_seeds(one_seed)(state)


_compiled_step = jax.jit(_take_step, static_argnums=0, donate_argnums=1)


@partial(jax.jit, static_argnums=(0, 3), donate_argnums=1)
def _scan(program: Program, state: TrainState, data: Any, steps: int) -> tuple[TrainState, Metrics]:
    return jax.lax.scan(lambda state, _: _take_step(program, state, data), state, None, length=steps)


def _stacked(each: list[Metrics]) -> Metrics:
    """The metrics of single steps with a leading axis of steps: one transfer, however many there are."""
    host = jax.device_get(each)
    return {name: jnp.asarray(np.stack([metrics[name] for metrics in host])) for name in host[0]}


def over_seeds(function: Any) -> Any:
    """`jax.vmap` over the leading axis; a single seed is lifted out of it, which compiles to faster code."""

    def mapped(*arguments: Any) -> Any:
        leaves = jax.tree.leaves(arguments)
        if leaves[0].shape[0] > 1:
            return jax.vmap(function)(*arguments)
        single = function(*jax.tree.map(lambda leaf: leaf[0], arguments))
        return jax.tree.map(lambda leaf: leaf[None], single)

    return mapped
