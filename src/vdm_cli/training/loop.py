"""Runs a program chunk by chunk to the end, stopping at the first value that is not finite."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax
import numpy as np

from vdm_cli.errors import NonFiniteError
from vdm_cli.objectives.objective import VALUE_NAMES
from vdm_cli.training.program import Program
from vdm_cli.training.state import TrainState


@dataclass(frozen=True)
class Boundary:
    """A step at which the host looks at the run.

    Attributes:
        step: Generator steps done.
        checkpoint: Whether the state is to be validated and saved here.
    """

    step: int
    checkpoint: bool


def boundaries(start: int, steps: int, log_every: int, checkpoint_every: int) -> Iterator[Boundary]:
    """Multiples of both periods after ``start``, and the last step, which is a checkpoint.

    They do not depend on where a run was interrupted, and so neither do the compiled chunks between them.
    """
    step = start
    while step < steps:
        step = min(
            (step // log_every + 1) * log_every, (step // checkpoint_every + 1) * checkpoint_every, steps
        )
        yield Boundary(step, step == steps or step % checkpoint_every == 0)


@dataclass(frozen=True)
class Progress:
    """What an observer sees at a boundary.

    Attributes:
        step: Generator steps done.
        checkpoint: Whether to validate and save.
        state: Do not keep it: the next chunk reuses its memory.
        metrics: Means over the steps since the last boundary, one entry a seed.
    """

    step: int
    checkpoint: bool
    state: TrainState
    metrics: dict[str, np.ndarray]


def run(
    program: Program,
    state: TrainState,
    plan: Iterator[Boundary],
    start: int,
    observe: Callable[[Progress], bool],
) -> TrainState:
    """Train along the plan.

    Args:
        program: Advances the state.
        state: At step ``start``; donated.
        plan: From `boundaries`.
        start: Steps already done.
        observe: Called at every boundary; False ends the run there.

    Returns:
        The last state.

    Raises:
        DataError: If streamed rows can no longer be read.
        NonFiniteError: At the first step whose bound or objective, loss, penalty or gradient norm is not
            finite, or at a checkpoint with a parameter that is not.
    """
    step = start
    with contextlib.closing(program):
        for boundary in plan:
            state, stacked = program.advance(state, boundary.step - step)
            metrics = jax.device_get(stacked)
            _require_finite(metrics, step)
            if boundary.checkpoint:
                _require_finite_state(state, boundary.step)
            step = boundary.step
            means = {name: np.asarray(values, np.float64).mean(axis=0) for name, values in metrics.items()}
            if not observe(Progress(step, boundary.checkpoint, state, means)):
                break
    return state


def _require_finite(metrics: dict[str, np.ndarray], start: int) -> None:
    """Name the first step, quantity and seed; metrics have shape (steps, seeds)."""
    bad = {name: ~np.isfinite(values) for name, values in metrics.items()}
    if not any(where.any() for where in bad.values()):
        return
    first = min(int(np.argmax(where.any(axis=1))) for where in bad.values() if where.any())
    # in the order in which a step computes them, so that the cause comes before its consequences
    order = (
        *VALUE_NAMES,
        "penalty",
        "critic_loss",
        "critic_gradient_norm",
        "generator_loss",
        "generator_gradient_norm",
    )
    name = next(name for name in order if name in bad and bad[name][first].any())
    seeds = metrics[name].shape[1]
    which = f" of seed index {int(np.argmax(bad[name][first]))}" if seeds > 1 else ""
    value = metrics[name][first][np.argmax(bad[name][first])]
    raise NonFiniteError(f"step {start + first + 1}: {name.replace('_', ' ')}{which} is {value}")


def _require_finite_state(state: TrainState, step: int) -> None:
    players = {"generator": state.generator.params, "critic": state.critic.params}
    for player, params in players.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(params):
            if not np.isfinite(leaf).all():
                raise NonFiniteError(
                    f"step {step}: {player} parameter {jax.tree_util.keystr(path)} is not finite"
                )
