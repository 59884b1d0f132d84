"""Generator loss and critic penalties."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vdm_cli.config.base import Inconsistent, NonNegative, Positive, Section


class AnnealedWeight(Section):
    """A weight that moves from its initial to its final value over the run."""

    initial: Positive
    final: Positive
    schedule: Literal["linear", "exponential"] = "exponential"


class ScorePenalty(Section):
    """Half a weight times a mean squared gradient of the score v, x in network units.

    ``r1``: weight / 2 * E ||grad v||^2 on data rows, ``r2`` the same on generated rows (Mescheder et al.
    2018); ``roth``: weight / 2 * E f*''(T) ||grad T||^2 on generated rows (Roth et al. 2017).
    """

    kind: Literal["r1", "r2", "roth"]
    weight: NonNegative | AnnealedWeight


class LipschitzPenalty(Section):
    """weight * E (||grad v|| - target)^2 between data and generated rows: WGAN-GP (Gulrajani et al. 2017)."""

    kind: Literal["gradient_penalty"]
    weight: NonNegative | AnnealedWeight
    target: NonNegative = 1.0
    sided: Literal["two", "one"] = "two"  # one: gradients below the target are left alone


Penalty = Annotated[ScorePenalty | LipschitzPenalty, Field(discriminator="kind")]


class ObjectiveConfig(Section):
    """What the two players optimize, beside the divergence."""

    generator_loss: Literal["minimax", "non_saturating"] = "minimax"  # -E f*(T), or f-GAN section 3.2's -E T
    pairing: Literal["none", "relativistic"] = "none"  # relativistic: T of s(x) - s(y); bounds no divergence
    link: Literal["log_ratio", "paper"] = (
        "log_ratio"  # T = f'(e^v), or f-GAN's Table 2; paper: v no log-ratio
    )
    normalize: bool | None = None  # losses divided by f''(1), for null by the slope of T where f has none
    packing: Annotated[int, Field(ge=1, le=1_000)] = 1  # m rows seen at once (PacGAN): bounds D_f(P^m || Q^m)
    penalties: Annotated[tuple[Penalty, ...], Field(strict=False)] = (
        ScorePenalty(kind="r1", weight=AnnealedWeight(initial=1.2, final=0.4)),
        ScorePenalty(kind="r2", weight=AnnealedWeight(initial=1.2, final=0.4)),
    )

    @model_validator(mode="after")
    def _paper_links_score_rows(self) -> ObjectiveConfig:
        if self.link == "paper" and self.pairing != "none":
            raise Inconsistent(
                "'paper' is f-GAN's link for the scores of rows, and objective.pairing trains on differences "
                "of two: leave it at log_ratio",
                ("link",),
            )
        return self

    @property
    def active_penalties(self) -> tuple[ScorePenalty | LipschitzPenalty, ...]:
        """Those whose weight is not zero."""
        return tuple(each for each in self.penalties if each.weight != 0)
