"""Generator loss and critic penalties."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vdm_cli.config.base import NonNegative, Positive, Section


class AnnealedWeight(Section):
    """A weight that moves from its initial to its final value over the run."""

    initial: Positive
    final: Positive
    schedule: Literal["linear", "exponential"] = "exponential"


class Penalty(Section):
    """weight / 2 * E ||grad_x v||^2 on data rows (r1) or generated rows (r2), x in network units."""

    kind: Literal["r1", "r2"]
    weight: NonNegative | AnnealedWeight


class ObjectiveConfig(Section):
    """What the two players optimize, beside the divergence."""

    generator_loss: Literal["minimax", "non_saturating"] = "minimax"  # -E f*(T), or f-GAN section 3.2's -E T
    penalties: Annotated[tuple[Penalty, ...], Field(strict=False)] = (
        Penalty(kind="r1", weight=AnnealedWeight(initial=0.3, final=0.1)),
        Penalty(kind="r2", weight=AnnealedWeight(initial=0.3, final=0.1)),
    )
