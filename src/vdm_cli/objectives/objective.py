"""The objective of both players, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.objectives.generator_loss import GeneratorLoss

Schedule = Callable[[jax.Array], jax.Array | float]


@dataclass(frozen=True)
class Objective:
    """What the critic ascends and the generator descends.

    Attributes:
        divergence: Whose variational bound is trained.
        generator_loss: Of the scores on generated rows.
        r1: Weight of the gradient penalty on data rows as a function of the step; None where there is none.
        r2: The same on generated rows.
    """

    divergence: FDivergence
    generator_loss: GeneratorLoss
    r1: Schedule | None = None
    r2: Schedule | None = None
