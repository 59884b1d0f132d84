"""The whole experiment: what one YAML file says."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from vdm_cli.config.base import Count, Inconsistent, Section
from vdm_cli.config.data import DataConfig
from vdm_cli.config.divergence import DivergenceConfig, PlainDivergence, WassersteinBaseline
from vdm_cli.config.networks import CriticConfig, GeneratorConfig, LatentConfig, MlpCritic, MlpGenerator
from vdm_cli.config.objective import LipschitzPenalty, ObjectiveConfig
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
    precision: Literal["float32", "bfloat16"] = "float32"  # of the networks' arithmetic; all else is float32


class CheckpointsConfig(Section):
    """When the state is saved, how many latest steps are kept beside the best one, and when to stop early."""

    every: Count = 2_000
    keep: Annotated[int, Field(ge=1, le=1_000)] = 3
    patience: Count | None = None  # stop after so many checkpoints in a row without a new best one


class ExperimentConfig(Section):
    """One experiment, complete: everything not in the YAML has a default here."""

    name: RunName = "run"  # where not given in a file: the name of the file
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    divergence: DivergenceConfig = PlainDivergence(kind="jensen_shannon")
    data: DataConfig
    latent: LatentConfig = LatentConfig()
    generator: GeneratorConfig = MlpGenerator()  # where not given: conv for images
    critic: CriticConfig = MlpCritic()  # where not given: conv for images
    objective: ObjectiveConfig = ObjectiveConfig()
    optimizers: OptimizersConfig = OptimizersConfig()
    training: TrainingConfig = TrainingConfig()
    checkpoints: CheckpointsConfig = CheckpointsConfig()

    @model_validator(mode="after")
    def _packs_fill_the_batch(self) -> ExperimentConfig:
        size, packing = self.training.batch_size, self.objective.packing
        if size % packing:
            message = f"must divide training.batch_size, which is {size}; got {packing}"
            raise Inconsistent(message, ("objective", "packing"))
        return self

    @model_validator(mode="after")
    def _packs_hold_independent_rows(self) -> ExperimentConfig:
        if self.objective.packing > 1 and self.latent.draws != "independent":
            raise Inconsistent(
                f"'{self.latent.draws}' draws rows that depend on each other, and objective.packing judges "
                "several at once as independent: leave it at independent",
                ("latent", "draws"),
            )
        return self

    @model_validator(mode="after")
    def _wasserstein_has_a_lipschitz_critic(self) -> ExperimentConfig:
        if not isinstance(self.divergence, WassersteinBaseline):
            return self
        spectral = getattr(self.critic, "normalization", None) == "spectral"
        penalized = any(isinstance(each, LipschitzPenalty) for each in self.objective.active_penalties)
        if not (spectral or penalized):
            raise Inconsistent(
                "'wasserstein' is unbounded unless the critic is kept Lipschitz: add "
                "{kind: gradient_penalty, weight: 10} to objective.penalties, or set "
                "critic.normalization to spectral",
                ("divergence",),
            )
        return self

    @model_validator(mode="after")
    def _roth_has_a_log_ratio(self) -> ExperimentConfig:
        baseline = isinstance(self.divergence, WassersteinBaseline)
        for index, each in enumerate(self.objective.penalties):
            if each.kind == "roth" and (baseline or self.objective.pairing != "none"):
                option = "divergence: wasserstein" if baseline else "objective.pairing"
                raise Inconsistent(
                    "'roth' weighs gradients by f*'' at an estimated log-ratio, which the critic is not "
                    f"with {option}; take r1 and r2",
                    ("objective", "penalties", index),
                )
        return self
