"""What is minimized: an f-divergence by its name or by the user's own f, or a baseline."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from vdm_cli.config.base import Inconsistent, Section
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.grammar import FUNCTIONS, VARIABLE, parse
from vdm_cli.expressions.spelling import is_expression, told
from vdm_cli.quoting import printable, quoted

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


class ExpressionDivergence(Section):
    """The f-divergence of the user's own convex f of u; further keys give the parameters in its text."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    kind: Literal["expression"]
    f: str

    @property
    def parameters(self) -> dict[str, float]:
        """The values of the names in f, in the order written."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="before")
    @classmethod
    def _further_keys_are_names(cls, value: Any) -> Any:
        for key in value if isinstance(value, dict) else ():
            if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key):
                raise Inconsistent(
                    f"{quoted(key)} is no name of a parameter; if it is a part of f, put f in quotes", (key,)
                )
            if key == VARIABLE or key in FUNCTIONS:
                meaning = "the variable" if key == VARIABLE else "a function"
                raise Inconsistent(f"{key} is {meaning} of f: choose another name for the parameter", (key,))
        return value

    @field_validator("f")
    @classmethod
    def _is_of_the_grammar(cls, text: str) -> str:
        try:
            parse(text)
        except ExpressionError as error:
            raise ValueError(told(text, error)) from error
        return text

    @model_validator(mode="after")
    def _is_a_divergence_to_train(self) -> ExpressionDivergence:
        from vdm_cli.expressions.convex import examine  # flint, for those who need it

        _require_values(self.f, self.parameters)
        try:
            found = examine(self.f, self.parameters)
        except ExpressionError as error:
            raise Inconsistent(told(self.f, error), ("f",)) from error
        if found.piecewise_linear:
            raise Inconsistent(
                "f is piecewise linear, so that a critic has no gradient to follow: it can be evaluated (vdm "
                "eval-divergence --expression), not trained; total_variation trains through a smooth "
                "surrogate",
                ("f",),
            )
        if found.straight_at_one:
            raise Inconsistent(
                "f is straight on both sides of u = 1, so that a critic, which starts at p/q = 1, has no "
                "gradient to follow: it can be evaluated (vdm eval-divergence --expression), not trained",
                ("f",),
            )
        return self


def _require_values(text: str, parameters: dict[str, float]) -> None:
    """Every name in f has a value, and every value a name."""
    used = {each.text: each.position for each in parse(text) if each.kind == "name" and each.text != VARIABLE}
    for name in parameters:
        if name not in used:
            named = f"the parameters in it are {', '.join(used)}" if used else "no parameter stands in it"
            raise Inconsistent(f"f does not contain {name}: {named}", (name,))
    for name, position in used.items():
        if name not in parameters:
            missing = (
                f"{quoted(name)} is neither the variable {VARIABLE} nor a parameter with a value; if it is a "
                f"parameter, write {{kind: expression, f: ..., {printable(name)}: 0.5}}"
            )
            raise Inconsistent(told(text, ExpressionError(missing, position)), ("f",))


def _written_out(value: Any) -> Any:
    """A text as the mapping that it stands for."""
    if not isinstance(value, str):
        return value
    return {"kind": "expression", "f": value} if is_expression(value) else {"kind": value}


DivergenceConfig = Annotated[
    Annotated[
        PlainDivergence | SkewedJensenShannon | AlphaDivergence | WassersteinBaseline | ExpressionDivergence,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_written_out),
]


def constant_told(config: DivergenceConfig) -> str | None:
    """What a user should know of an f whose f(1) is not zero; None where there is nothing to say."""
    if not isinstance(config, ExpressionDivergence):
        return None
    from vdm_cli.expressions.convex import examine

    offset = examine(config.f, config.parameters).offset
    return f"divergence: f(1) = {offset:g} is subtracted from f" if offset else None
