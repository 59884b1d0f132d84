"""What is minimized: the name of an f-divergence, with its parameter where it has one, or a baseline."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from vdm_cli.config.base import Section

PlainName = Literal[
    "kl",
    "reverse_kl",
    "jensen_shannon",
    "gan",
    "total_variation",
    "squared_hellinger",
    "pearson_chi2",
    "neyman_chi2",
    "jeffreys",
    "le_cam",
]


class PlainDivergence(Section):
    """A divergence without a parameter."""

    kind: PlainName


class SkewedJensenShannon(Section):
    """The Jensen-Shannon divergence between mixtures with weight pi on P."""

    kind: Literal["skewed_jensen_shannon"]
    pi: Annotated[float, Field(gt=0, lt=1)] = 0.3


class AlphaDivergence(Section):
    """The alpha family of MATH: (u^alpha - 1 - alpha (u - 1)) / (alpha (alpha - 1))."""

    kind: Literal["alpha"]
    alpha: Annotated[float, Field(ge=-20, le=20)] = 0.5

    @field_validator("alpha")
    @classmethod
    def _not_a_limit(cls, value: float) -> float:
        if abs(value) < 1e-3 or abs(value - 1) < 1e-3:
            raise ValueError("alpha near 0 is 'reverse_kl' and alpha near 1 is 'kl': name those instead")
        return value


class WassersteinBaseline(Section):
    """No f-divergence: T(v) = v and f*(T(v)) = v, a baseline to train against, with a Lipschitz critic."""

    kind: Literal["wasserstein"]


def _name_is_kind(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


DivergenceConfig = Annotated[
    Annotated[
        PlainDivergence | SkewedJensenShannon | AlphaDivergence | WassersteinBaseline,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_name_is_kind),
]
