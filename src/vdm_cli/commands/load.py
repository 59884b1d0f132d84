"""Open a run: what sampling and evaluation start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
from pydantic import ValidationError

from vdm_cli.build.experiment import initial_states, players_for
from vdm_cli.checkpoint import Checkpoints
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.conditioning import Conditioning
from vdm_cli.data.layout import Layout
from vdm_cli.data.transform import Transform, transform_from_json
from vdm_cli.errors import CheckpointError
from vdm_cli.run_directory import CHECKPOINTS
from vdm_cli.sampling import Generator
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import Players


@dataclass(frozen=True)
class LoadedRun:
    """One checkpoint of a run, ready to sample.

    Attributes:
        directory: The run directory.
        step: Generator steps done.
        config: Of the run, resolved.
        players: Networks and objective.
        state: The state of all seeds, with a leading axis of seeds.
        generator: The averaged generator of the seed that was asked for.
        data_digest: Identifies the rows that the run was trained on.
    """

    directory: Path
    step: int
    config: ExperimentConfig
    players: Players
    state: TrainState
    generator: Generator
    data_digest: str


def load(
    checkpoint: str | Path,
    *,
    step: int | str | None = None,
    seed_index: int = 0,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> LoadedRun:
    """Read one checkpoint of a run.

    Args:
        checkpoint: A run directory, its ``checkpoints`` or the directory of one step.
        step: A number, ``latest`` (also None) or ``best``: the step whose samples were closest to the
            validation rows.
        seed_index: Which of the run's seeds samples.
        generator: The module that the run was trained with, where it was not a configured one.
        critic: The same for the critic.

    Raises:
        CheckpointError: If there is no run, no such step or seed, or the step is damaged.
    """
    checkpoints, step = locate(Path(checkpoint), step)
    about = checkpoints.about(step)
    config = _read_config(about, checkpoints.directory / str(step))
    num_seeds = config.training.num_seeds
    if not 0 <= seed_index < num_seeds:
        raise CheckpointError(f"{checkpoint}: seed index {seed_index}, but the run has {num_seeds} (from 0)")
    layout, transform = Layout.from_json(about["layout"]), transform_from_json(about["transform"])
    given = about.get("conditioning")
    conditioning = None if given is None else Conditioning.from_json(given)
    players = players_for(config, transform, conditioning, generator, critic)
    keys = jax.random.split(jax.random.key(0), num_seeds)
    like = jax.eval_shape(lambda: initial_states(players, keys))
    restored = checkpoints.restore(step, like)
    return LoadedRun(
        directory=checkpoints.directory.parent,
        step=step,
        config=config,
        players=players,
        state=restored.state,
        generator=sampler(players, restored.state, seed_index, transform, layout, config, conditioning),
        data_digest=about["data_digest"],
    )


def sampler(
    players: Players,
    state: TrainState,
    seed_index: int,
    transform: Transform,
    layout: Layout,
    config: ExperimentConfig,
    conditioning: Conditioning | None = None,
) -> Generator:
    """The averaged generator of one seed, with its way back to data units."""
    params, aux = jax.tree.map(lambda leaf: leaf[seed_index], (state.average, state.generator.aux))
    data = config.data
    return Generator(
        network=players.generator,
        params=params,
        aux=aux,
        latent=players.latent,
        transform=transform,
        layout=layout,
        round=getattr(data, "round", True),
        clip=getattr(data, "clip", True),
        conditioning=conditioning,
    )


def locate(path: Path, step: int | str | None) -> tuple[Checkpoints, int]:
    """The checkpoints that ``path`` means, and which step.

    Raises:
        CheckpointError: If there are none.
    """
    if not path.exists():
        raise CheckpointError(f"{path}: no such run or checkpoint")
    resolved = path.resolve()
    if resolved.name.isdecimal() and resolved.parent.name == CHECKPOINTS:
        if step not in (None, int(resolved.name)):
            raise CheckpointError(f"{path} is step {resolved.name}, and step {step} was asked for")
        return Checkpoints(resolved.parent), int(resolved.name)
    directory = resolved if resolved.name == CHECKPOINTS else resolved / CHECKPOINTS
    checkpoints = Checkpoints(directory)
    steps = checkpoints.steps()
    if not steps:
        raise CheckpointError(
            f"{path}: no checkpoint here: give a run directory of `vdm train`, its {CHECKPOINTS}/ or one step"
        )
    if step in (None, "latest"):
        return checkpoints, steps[-1]
    if step == "best":
        best = checkpoints.best()
        return checkpoints, steps[-1] if best is None else best
    return checkpoints, int(step)


def _read_config(about: dict[str, Any], path: Path) -> ExperimentConfig:
    try:
        return ExperimentConfig.model_validate(about["config"])
    except (KeyError, ValidationError) as error:
        raise CheckpointError(f"{path}: its configuration is not one of this version of vdm") from error
