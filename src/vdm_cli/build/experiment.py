"""A whole experiment from its configuration and its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from vdm_cli.build.players import build_players
from vdm_cli.config.data import FileData
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.networks import ConvCritic, ConvGenerator
from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.conditioning import Conditioning
from vdm_cli.data.dataset import Dataset, Part, StreamedPart
from vdm_cli.data.source import FreshSource, Source, array_source
from vdm_cli.data.stream.source import HostBatch, StreamSource
from vdm_cli.data.transform import Transform
from vdm_cli.data_path import absolute, names_array_of
from vdm_cli.errors import DataError
from vdm_cli.networks.image import is_image
from vdm_cli.training.program import Program
from vdm_cli.training.state import TrainState, init_state
from vdm_cli.training.step import Players, make_train_step


@dataclass(frozen=True)
class Experiment:
    """One experiment, ready to run.

    Attributes:
        config: With every default that depends on the data filled in.
        dataset: The rows.
        players: The networks, optimizers and objective.
        program: The compiled training step over seeds.
    """

    config: ExperimentConfig
    dataset: Dataset
    players: Players
    program: Program

    def initial_state(self) -> TrainState:
        """The states of all seeds at step 0, with a leading axis of seeds."""
        keys = jax.random.split(jax.random.key(self.config.seed), self.config.training.num_seeds)
        return initial_states(self.players, keys)


def build_experiment(
    config: ExperimentConfig,
    dataset: Dataset,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> Experiment:
    """Put an experiment together.

    Args:
        config: What the user wrote.
        dataset: From `vdm_cli.build.dataset.load_dataset`.
        generator: A Linen module called as ``module(z, train=...)`` -> (n, *shape), in place of the
            configured one.
        critic: A Linen module called as ``module(x, train=...)`` -> (n,), in place of the configured one.
    """
    config = resolve(config, dataset.shape)
    if len(dataset.validation) < config.objective.packing:
        raise DataError(
            f"{dataset.description}: {len(dataset.validation)} validation rows do not fill one pack: "
            f"objective.packing is {config.objective.packing}"
        )
    players = players_for(config, dataset.transform, dataset.conditioning, generator, critic)
    rows = (config.training.critic_steps, config.training.batch_size)
    source: Source | StreamSource
    if isinstance(dataset.train, StreamedPart):
        source = _stream_source(dataset, dataset.train, rows, config.seed)
    elif dataset.train is None:
        assert dataset.law is not None, "only a synthetic law has fresh draws"
        assert isinstance(dataset.transform, AffineTransform), "synthetic laws have no categories"
        source = FreshSource(dataset.law, dataset.transform, rows)
    else:
        source = array_source(*dataset.encode(dataset.train), dataset.train.weights, rows)
    convolves = players.generator.convolves or players.critic.convolves
    scans = not (convolves and jax.default_backend() == "cpu")
    return Experiment(config, dataset, players, Program(make_train_step(players), source, scans))


def _stream_source(dataset: Dataset, train: StreamedPart, rows: tuple[int, ...], seed: int) -> StreamSource:
    def encode(rows: np.ndarray, labels: np.ndarray | None, seed: int) -> HostBatch:
        return dataset.encode(Part(rows, labels), seed)

    return StreamSource(train.file, train.held_out, seed, encode, rows, dataset.shape)


def players_for(
    config: ExperimentConfig,
    transform: Transform,
    conditioning: Conditioning | None,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> Players:
    """The players of rows in the transform's network units, given conditions where there are some."""
    condition_dim = 0 if conditioning is None else conditioning.dim
    return build_players(
        config, transform.shape, generator, critic, condition_dim=condition_dim, blocks=transform.blocks
    )


def initial_states(players: Players, keys: jax.Array) -> TrainState:
    """One state a key, stacked."""

    @jax.jit
    def init(keys: jax.Array) -> TrainState:
        return jax.vmap(
            lambda key: init_state(
                players.generator,
                players.critic,
                players.generator_optimizer,
                players.critic_optimizer,
                key,
            )
        )(keys)

    return init(keys)


def resolve(config: ExperimentConfig, shape: tuple[int, ...]) -> ExperimentConfig:
    """Fill in what depends on the data and the folder, so that the result repeats the run from anywhere.

    The latent has as many dimensions as a row, from 2 to 64; networks that were not chosen are convolutional
    for images; paths become absolute.
    """
    update: dict[str, Any] = {}
    if isinstance(config.data, FileData):
        update["data"] = _with_absolute_paths(config.data)
    if config.latent.dim is None:
        dim = min(64, max(2, math.prod(shape)))
        update["latent"] = config.latent.model_copy(update={"dim": dim})
    if is_image(shape):
        chosen = config.model_fields_set
        update |= {} if "generator" in chosen else {"generator": ConvGenerator(kind="conv")}
        update |= {} if "critic" in chosen else {"critic": ConvCritic(kind="conv")}
    return config.model_copy(update=update)


def _with_absolute_paths(data: FileData) -> FileData:
    split = {name: absolute(part) if isinstance(part, str) else part for name, part in data.split}
    labels = data.labels
    if labels is not None and not names_array_of(data.path, labels):
        labels = absolute(labels)
    update = {"path": absolute(data.path), "labels": labels, "split": data.split.model_copy(update=split)}
    return data.model_copy(update=update)
