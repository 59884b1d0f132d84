"""Where a run starts: from nothing, from another run's weights, or where it was interrupted."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.load import load
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import load_experiment
from vdm_cli.console import Report
from vdm_cli.errors import CheckpointError, DamagedCheckpointError, UsageError
from vdm_cli.run_directory import RunDirectory
from vdm_cli.training.state import Player, TrainState


def copy_weights(
    state: TrainState, source: str | Path, generator: nn.Module | None, critic: nn.Module | None
) -> TrainState:
    """Both players' weights and the average from another run; optimizers, key and step stay new."""
    other = load(source, generator=generator, critic=critic).state

    def weights(state: TrainState) -> tuple[Any, ...]:
        return (
            state.generator.params,
            state.generator.aux,
            state.critic.params,
            state.critic.aux,
            state.average,
        )

    def shapes(state: TrainState) -> list[tuple[str, tuple[int, ...]]]:
        leaves = jax.tree_util.tree_leaves_with_path(weights(state))
        return [(jax.tree_util.keystr(path), leaf.shape) for path, leaf in leaves]

    ours, theirs = dict(shapes(state)), dict(shapes(other))
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            what = f"{name} is {theirs.get(name, 'absent')} there, {ours.get(name, 'absent')} here"
            raise UsageError(
                f"--init-from {source}: its networks or number of seeds are not this config's: {what}"
            )
    return TrainState(
        generator=Player(other.generator.params, other.generator.aux, state.generator.opt_state),
        critic=Player(other.critic.params, other.critic.aux, state.critic.opt_state),
        average=other.average,
        key=state.key,
        step=state.step,
    )


def require_same_experiment(directory: RunDirectory, config: ExperimentConfig) -> None:
    """Resuming continues the same experiment; only a longer or more patient one may replace it."""
    if not directory.config.exists():
        return
    stored = load_experiment(str(directory.config))
    old, new = _flatten(stored.model_dump(mode="json")), _flatten(config.model_dump(mode="json"))
    different = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    different = [key for key in different if key != "checkpoints.patience"]
    if different == ["training.steps"] and new["training.steps"] > old["training.steps"]:
        return
    if different:
        lines = "; ".join(f"{key}: {old.get(key)!r} there, {new.get(key)!r} here" for key in different[:5])
        more = f" (and {len(different) - 5} more)" if len(different) > 5 else ""
        raise UsageError(
            f"{directory.path} is another experiment: {lines}{more}. "
            f"Resume it with --config {directory.config}, or choose another --run-dir"
        )


def _flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(tree, dict):
        parts = [_flatten(value, f"{prefix}.{key}" if prefix else key) for key, value in tree.items()]
        return dict(itertools.chain.from_iterable(part.items() for part in parts))
    return {prefix: tree}


def newest_intact(
    directory: RunDirectory, state: TrainState, experiment: Experiment, report: Report
) -> tuple[int, TrainState]:
    """The newest checkpoint that can be read; damaged ones are set aside and named."""
    checkpoints = directory.checkpoints
    for step in reversed(checkpoints.steps()):
        try:
            restored = checkpoints.restore(step, state)
        except DamagedCheckpointError as error:
            aside = checkpoints.set_aside(step)
            report.note(f"{error}; set aside as {aside.name}, falling back to an earlier one")
            continue
        if restored.about.get("data_digest") != experiment.dataset.digest:
            raise CheckpointError(
                f"{experiment.dataset.description}: the data have changed since {directory.path} was "
                "started; start a new run with another --run-dir"
            )
        report.note(f"resuming {directory.path} at step {step}")
        return step, restored.state
    report.note(f"no usable checkpoint in {directory.path}: starting from step 0")
    return 0, state
