"""Optimizers of the two players (Optax), with their learning-rate schedules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from vdm_cli.config.base import NonNegative, Positive, Section, default_kind

Beta = Annotated[float, Field(ge=0, lt=1)]


class Optimizer(Section):
    """What all optimizers share."""

    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    final_fraction: Annotated[float, Field(ge=0, le=1)] = 0.0  # of the learning rate, at the end
    warmup_steps: Annotated[int, Field(ge=0, le=10**9)] = 0  # linear from 0
    clip_norm: Positive | None = 1.0  # largest norm of the whole gradient; null for none


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015)."""

    kind: Literal["adam"] = "adam"
    b1: Beta = 0.0
    b2: Beta = 0.99
    eps: Positive = 1e-8


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    kind: Literal["adamw"]
    b1: Beta = 0.0
    b2: Beta = 0.99
    eps: Positive = 1e-8
    weight_decay: NonNegative = 1e-4


class RmsProp(Optimizer):
    """RMSProp (Tieleman and Hinton 2012)."""

    kind: Literal["rmsprop"]
    decay: Beta = 0.9
    eps: Positive = 1e-8
    momentum: Beta = 0.0


class Sgd(Optimizer):
    """Stochastic gradient descent."""

    kind: Literal["sgd"]
    momentum: Beta = 0.0
    nesterov: bool = False


OptimizerConfig = Annotated[Adam | AdamW | RmsProp | Sgd, Field(discriminator="kind"), default_kind("adam")]


def _faster(value: Any) -> Any:
    """The critic's own default, also where other options of its optimizer are given."""
    return {"learning_rate": 2e-3, **value} if isinstance(value, dict) else value


class OptimizersConfig(Section):
    """One optimizer a player."""

    critic: Annotated[OptimizerConfig, BeforeValidator(_faster)] = Adam(learning_rate=2e-3)
    generator: OptimizerConfig = Adam(learning_rate=1e-3)
