"""The objective of both players, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.objectives.bound import mean_difference
from vdm_cli.objectives.generator_loss import GeneratorLoss
from vdm_cli.objectives.relativistic import margins, relativistic_objective
from vdm_cli.objectives.wasserstein import Trained, Wasserstein

Schedule = Callable[[jax.Array], jax.Array | float]

BOUND, PACKED_BOUND, NO_BOUND = "bound", "packed_bound", "objective"
VALUE_NAMES = (BOUND, PACKED_BOUND, NO_BOUND)  # what the value that the critic ascends may be called


@dataclass(frozen=True)
class LipschitzPenalty:
    """A penalty on interpolates of data and generated rows.

    Attributes:
        weight: As a function of the step.
        target: The norm of the gradient aimed at.
        sided: ``one`` lets it be smaller.
    """

    weight: Schedule
    target: float = 1.0
    sided: Literal["two", "one"] = "two"


@dataclass(frozen=True)
class Objective:
    """What the critic ascends and the generator descends.

    Attributes:
        divergence: Whose variational bound is trained, by its training pair; or the Wasserstein baseline.
        generator_loss: Of the scores on generated rows; with pairing, of the margins.
        r1: Weight of the gradient penalty on data rows as a function of the step; None where there is none.
        r2: The same on generated rows.
        roth: Weight of Roth's penalty on generated rows; None where there is none.
        lipschitz: Penalties on interpolates.
        packing: Rows that the critic sees at once.
        pairing: ``relativistic`` trains on margins v = s(x_i) - s(y_i) in place of scores.
        link: ``log_ratio`` where the score is an estimate of log p/q, or ``paper`` where the training pair is
            f-GAN's and it is none.
        scale: What the value counts in the losses: 1 / f''(1), or by the slope of T in its place; 1 where
            they are not normalized.
    """

    divergence: Trained
    generator_loss: GeneratorLoss
    r1: Schedule | None = None
    r2: Schedule | None = None
    roth: Schedule | None = None
    lipschitz: tuple[LipschitzPenalty, ...] = ()
    packing: int = 1
    pairing: Literal["none", "relativistic"] = "none"
    link: Literal["log_ratio", "paper"] = "log_ratio"
    scale: float = 1.0

    @property
    def value_name(self) -> str:
        """What `value` is: ``bound`` on D_f(P || Q), ``packed_bound`` on D_f(P^m || Q^m), or ``objective``.

        Metrics, their consumers and the console take the name from here; only a ``bound`` may be compared
        with a divergence.
        """
        if self.pairing != "none" or isinstance(self.divergence, Wasserstein):
            return NO_BOUND
        return BOUND if self.packing == 1 else PACKED_BOUND

    @property
    def label(self) -> str:
        """For people: ``kl``, ``kl on packs of 2``, ``relativistic gan``."""
        name = self.divergence.label
        paired = name if self.pairing == "none" else f"{self.pairing} {name}"
        return paired if self.packing == 1 else f"{paired} on packs of {self.packing}"

    @property
    def judges_single_rows(self) -> bool:
        """Whether the critic's T is a function of one row, which can be drawn."""
        return self.packing == 1 and self.pairing == "none"

    @property
    def estimates_log_ratio(self) -> bool:
        """Whether the score is trained to be log p/q of one row."""
        divergence = self.divergence
        trains_it = isinstance(divergence, FDivergence) and divergence.training_link is None
        return trains_it and self.value_name == BOUND

    def value(self, data_scores: jax.Array, model_scores: jax.Array) -> jax.Array:
        """The bound or objective, a scalar; in nats but for the Wasserstein baseline, and never scaled.

        Args:
            data_scores: On (packs of) data rows, shape (n,).
            model_scores: On generated rows, shape (n,).
        """
        if self.pairing == "relativistic":
            return relativistic_objective(self.divergence, margins(data_scores, model_scores))
        return mean_difference(self.divergence.training_pair, data_scores, model_scores)

    def scaled(self, value: jax.Array) -> jax.Array:
        """A value in nats as the losses count it; the same program as without a scale where it is 1."""
        return value if self.scale == 1.0 else self.scale * value

    def descended(self, model_scores: jax.Array, data_scores: jax.Array | None = None) -> jax.Array:
        """What the generator descends, a scalar, scaled.

        Args:
            model_scores: On (packs of) generated rows, shape (n,).
            data_scores: On data rows, shape (n,); only pairing needs them.
        """
        if self.pairing == "relativistic":
            assert data_scores is not None, "margins need both sides"
            return self.scaled(self.generator_loss(self.divergence, margins(data_scores, model_scores)))
        return self.scaled(self.generator_loss(self.divergence, model_scores))
