"""The whole experiment: what one YAML file says."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vdm_cli.config.base import Count, Section
from vdm_cli.config.data import DataConfig
from vdm_cli.config.divergence import DivergenceConfig, PlainDivergence
from vdm_cli.config.networks import CriticConfig, GeneratorConfig, LatentConfig, MlpCritic, MlpGenerator
from vdm_cli.config.objective import ObjectiveConfig
from vdm_cli.config.optimizers import OptimizersConfig


def _fit_for_a_folder(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+=-]*", name):
        raise ValueError(f"must be letters, digits and . _ + = - only, a letter or digit first; got {name!r}")
    return name


RunName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_fit_for_a_folder)]


class TrainingConfig(Section):
    """How long, on how many rows at a time, and in which order the players move."""

    steps: Count = 20_000
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 256
    critic_steps: Annotated[int, Field(ge=1, le=100)] = 1  # ascents for each generator descent
    updates: Literal["alternating", "simultaneous"] = "alternating"  # simultaneous: f-GAN's Algorithm 1
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999  # averaged generator that samples; 0 turns it off
    num_seeds: Annotated[int, Field(ge=1, le=1024)] = 1  # runs in one compiled program
    log_every: Annotated[int, Field(ge=1, le=1_000_000)] = 100  # steps a line of metrics.jsonl


class CheckpointsConfig(Section):
    """When the state is saved, and how many latest steps are kept beside the best one."""

    every: Count = 2_000
    keep: Annotated[int, Field(ge=1, le=1_000)] = 3


class ExperimentConfig(Section):
    """One experiment, complete: everything not in the YAML has a default here."""

    name: RunName = "run"  # where not given in a file: the name of the file
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    divergence: DivergenceConfig = PlainDivergence(kind="jensen_shannon")
    data: DataConfig
    latent: LatentConfig = LatentConfig()
    generator: GeneratorConfig = MlpGenerator()
    critic: CriticConfig = MlpCritic()
    objective: ObjectiveConfig = ObjectiveConfig()
    optimizers: OptimizersConfig = OptimizersConfig()
    training: TrainingConfig = TrainingConfig()
    checkpoints: CheckpointsConfig = CheckpointsConfig()
