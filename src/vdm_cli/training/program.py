"""The train step compiled: many steps and seeds in one program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.source import Batch, Source
from vdm_cli.data.stream.source import StreamSource
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import DATA_STREAM, Metrics, TrainStep, stream


@dataclass(frozen=True, eq=False)
class Program:
    """Advances a state by whole chunks of steps on the device.

    Attributes:
        train_step: Of one seed.
        source: Of the rows; each seed draws its own from it, but streamed ones are the same for all seeds.
        scans: Whether a chunk is one compiled `jax.lax.scan`, or a loop over one compiled step: a convolution
            inside a scan is up to 20 times slower on a CPU (jax#12868).
    """

    train_step: TrainStep
    source: Source | StreamSource
    scans: bool = True

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Metrics]:
        """Take ``steps`` steps.

        Args:
            state: With a leading axis of seeds; donated: do not use it afterwards.
            steps: A scan is compiled for each different number.

        Returns:
            The new state, and every metric with shape (steps, seeds).
        """
        if isinstance(self.source, StreamSource):
            return _advance_streamed(self, self.source, state, steps)
        if self.scans:
            return _scan(self, state, self.source.data, steps)
        each = []
        for _ in range(steps):
            state, metrics = _compiled_step(self, state, self.source.data)
            each.append(metrics)
        return state, _stacked(each)

    def close(self) -> None:
        """End what goes on in the background; a later `advance` starts it again."""
        if isinstance(self.source, StreamSource):
            self.source.close()


def _take_step(program: Program, state: TrainState, data: Any) -> tuple[TrainState, Metrics]:
    """One step of all seeds."""

    def one_seed(state: TrainState) -> tuple[TrainState, Metrics]:
        assert not isinstance(program.source, StreamSource), "streamed rows are given"
        batch = program.source.take(data, stream(state.key, DATA_STREAM), state.step)
        return program.train_step(state, batch)

    return over_seeds(one_seed)(state)


_compiled_step = jax.jit(_take_step, static_argnums=0, donate_argnums=1)


@partial(jax.jit, static_argnums=(0, 3), donate_argnums=1)
def _scan(program: Program, state: TrainState, data: Any, steps: int) -> tuple[TrainState, Metrics]:
    return jax.lax.scan(lambda state, _: _take_step(program, state, data), state, None, length=steps)


def _advance_streamed(
    program: Program, source: StreamSource, state: TrainState, steps: int
) -> tuple[TrainState, Metrics]:
    """Take steps on streamed rows: while the device computes one chunk, the host hands it the next."""
    first = int(np.asarray(state.step)[0])
    done: list[Metrics] = []
    for count in even_chunks(steps, source.chunk_steps):
        if len(done) > 1:
            done[-2] = jax.device_get(done[-2])  # waits: the device holds the rows of two chunks and no more
        x, condition = source.batches(first, count)
        if program.scans:
            state, metrics = _scan_given(program, state, _on_device(x, condition))
        else:
            each = []
            for index in range(count):
                batch = _on_device(x[index], None if condition is None else condition[index])
                state, metrics = _compiled_given_step(program, state, batch)
                each.append(metrics)
            metrics = _stacked(each)
        done.append(metrics)
        first += count
    return state, _joined(done) if len(done) > 1 else done[0]


def _on_device(x: np.ndarray, condition: np.ndarray | None) -> Batch:
    return Batch(jax.device_put(x), None if condition is None else jax.device_put(condition))


def _given_step(program: Program, state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
    """One step of all seeds on the same rows."""
    return over_seeds(lambda state: program.train_step(state, batch))(state)


_compiled_given_step = jax.jit(_given_step, static_argnums=0, donate_argnums=1)


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def _scan_given(program: Program, state: TrainState, batches: Batch) -> tuple[TrainState, Metrics]:
    return jax.lax.scan(lambda state, batch: _given_step(program, state, batch), state, batches)


def even_chunks(steps: int, most: int) -> list[int]:
    """Steps in chunks of at most `most`, all of one length where that takes at most twice as many chunks.

    Each length is a program to compile.
    """
    fewest = -(-steps // most)
    for count in range(fewest, min(2 * fewest, steps) + 1):
        if steps % count == 0:
            return [steps // count] * count
    return [steps * (index + 1) // fewest - steps * index // fewest for index in range(fewest)]


def _stacked(each: list[Metrics]) -> Metrics:
    """The metrics of single steps with a leading axis of steps: one transfer, however many there are."""
    host = jax.device_get(each)
    return {name: jnp.asarray(np.stack([metrics[name] for metrics in host])) for name in host[0]}


def _joined(parts: list[Metrics]) -> Metrics:
    """The metrics of chunks as those of one."""
    host = jax.device_get(parts)
    return {name: jnp.asarray(np.concatenate([metrics[name] for metrics in host])) for name in host[0]}


def over_seeds(function: Any) -> Any:
    """`jax.vmap` over the leading axis; a single seed is lifted out of it, which compiles to faster code."""

    def mapped(*arguments: Any) -> Any:
        leaves = jax.tree.leaves(arguments)
        if leaves[0].shape[0] > 1:
            return jax.vmap(function)(*arguments)
        single = function(*jax.tree.map(lambda leaf: leaf[0], arguments))
        return jax.tree.map(lambda leaf: leaf[None], single)

    return mapped
