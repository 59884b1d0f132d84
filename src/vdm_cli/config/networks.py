"""Generator, critic and latent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vdm_cli.config.base import Positive, Section, default_kind

Width = Annotated[int, Field(ge=1, le=100_000)]
Widths = Annotated[tuple[Width, ...], Field(strict=False, min_length=1, max_length=100)]
Channels = Annotated[int, Field(ge=1, le=4_096)]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh"]
Normalization = Literal["none", "batch", "layer", "spectral"]


class LatentConfig(Section):
    """The law of the generator's input z, and how the rows of a batch in training go together.

    With ``sobol`` they fill the space evenly, which takes most of the noise of sampling z out of both
    gradients; what `vdm sample` draws is always independent.
    """

    kind: Literal["normal", "uniform"] = "normal"  # N(0, I), or U(-1, 1) in each dimension
    dim: Width | None = None  # where not given: as many as a row has features, between 2 and 64
    draws: Literal["independent", "sobol"] = "independent"


class Generator(Section):
    """What all generators share."""

    categories: Literal["gumbel", "straight_through"] = "gumbel"  # how a table's categories are drawn


class AffineGenerator(Generator):
    """g(z) = b + A z: with a normal latent its density is known."""

    kind: Literal["affine"]


class MlpGenerator(Generator):
    """A multi-layer perceptron."""

    kind: Literal["mlp"] = "mlp"
    hidden: Widths = (128, 128, 128)
    activation: Activation = "relu"
    normalization: Normalization = "none"
    output: Literal["linear", "tanh"] = "linear"  # tanh suits data in [-1, 1] (transform: range)


class ImageGenerator(Generator):
    """What generators of images share: layers enough to double 4 to 7 pixels to the full side."""

    channels: Channels = 32  # of the finest hidden layer; twice as many at each halving, at most 8 times
    activation: Activation = "relu"
    normalization: Normalization = "batch"
    output: Literal["linear", "tanh"] = "tanh"  # tanh for data in [-1, 1] (transform: range)


class ConvGenerator(ImageGenerator):
    """4x4 transposed convolutions, for images of at least 8 pixels a side."""

    kind: Literal["conv"]


class ResidualGenerator(ImageGenerator):
    """Residual blocks of 3x3 convolutions, for images of at least 8 pixels a side."""

    kind: Literal["residual"]


class Critic(Section):
    """What all critics share.

    The score is v = C tanh(s / C) with C the ``score_bound``.  Where not given it is 10, or less where f is
    so steep that T or f*(T) of a score would exceed e^6: 6 for KL, 3 for the chi-squares.  One
    above half of what f can bear in float32 is lowered to that: V_f / 2, with V_f as `vdm divergences` prints
    it, or half of the limit of the paper's link.
    """

    score_bound: Positive | None = None


class ConstantCritic(Critic):
    """One number for every x: its bound is zero, which is why T must be a function."""

    kind: Literal["constant"]


class AffineCritic(Critic):
    """s(x) = w x + b."""

    kind: Literal["affine"]


class Fourier(Section):
    """Random Fourier features of the rows (Tancik et al. 2020), for details much finer than the whole.

    Their frequencies, in radians a unit of the network's rows, are log-uniform between 0.5 and ``finest``:
    about one over the size of the finest detail.
    """

    features: Annotated[int, Field(ge=1, le=10_000)] = 64  # a sine and a cosine each
    finest: Annotated[float, Field(ge=0.5, le=1e6)] = 64.0


class MlpCritic(Critic):
    """A multi-layer perceptron."""

    kind: Literal["mlp"] = "mlp"
    hidden: Widths = (128, 128, 128)
    activation: Activation = "relu"
    normalization: Normalization = "none"
    fourier: Fourier | None = None


class ImageCritic(Critic):
    """What critics of images share: as many layers as it takes to halve the sides to 4 to 7 pixels."""

    channels: Channels = 32  # of the finest layer; twice as many at each halving, at most 8 times
    activation: Activation = "leaky_relu"
    normalization: Normalization = "none"


class ConvCritic(ImageCritic):
    """4x4 convolutions of stride 2, for images of at least 8 pixels a side."""

    kind: Literal["conv"]


class ResidualCritic(ImageCritic):
    """Residual blocks of 3x3 convolutions, for images of at least 8 pixels a side."""

    kind: Literal["residual"]


GeneratorConfig = Annotated[
    AffineGenerator | MlpGenerator | ConvGenerator | ResidualGenerator,
    Field(discriminator="kind"),
    default_kind("mlp"),
]
CriticConfig = Annotated[
    ConstantCritic | AffineCritic | MlpCritic | ConvCritic | ResidualCritic,
    Field(discriminator="kind"),
    default_kind("mlp"),
]
