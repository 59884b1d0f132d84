"""Generator, critic and latent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vdm_cli.config.base import Positive, Section, default_kind

Width = Annotated[int, Field(ge=1, le=100_000)]
Widths = Annotated[tuple[Width, ...], Field(strict=False, min_length=1, max_length=100)]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh"]
Normalization = Literal["none", "batch", "layer", "spectral"]


class LatentConfig(Section):
    """The law of the generator's input z."""

    kind: Literal["normal", "uniform"] = "normal"  # N(0, I), or U(-1, 1) in each dimension
    dim: Width | None = None  # where not given: as many as a row has features, between 2 and 64


class AffineGenerator(Section):
    """g(z) = b + A z: with a normal latent its density is known."""

    kind: Literal["affine"]


class MlpGenerator(Section):
    """A multi-layer perceptron."""

    kind: Literal["mlp"] = "mlp"
    hidden: Widths = (128, 128, 128)
    activation: Activation = "relu"
    normalization: Normalization = "none"
    output: Literal["linear", "tanh"] = "linear"  # tanh suits data in [-1, 1] (transform: range)


class Critic(Section):
    """What all critics share."""

    score_bound: Positive = 10.0  # the score is v = C tanh(s / C)


class ConstantCritic(Critic):
    """One number for every x: its bound is zero, which is why T must be a function."""

    kind: Literal["constant"]


class AffineCritic(Critic):
    """s(x) = w x + b."""

    kind: Literal["affine"]


class MlpCritic(Critic):
    """A multi-layer perceptron."""

    kind: Literal["mlp"] = "mlp"
    hidden: Widths = (128, 128, 128)
    activation: Activation = "relu"
    normalization: Normalization = "none"


GeneratorConfig = Annotated[AffineGenerator | MlpGenerator, Field(discriminator="kind"), default_kind("mlp")]
CriticConfig = Annotated[
    ConstantCritic | AffineCritic | MlpCritic, Field(discriminator="kind"), default_kind("mlp")
]
