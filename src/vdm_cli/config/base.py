"""The strict, frozen base of every configuration section."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A mapping in the YAML: unknown keys, wrong types, nan and inf are errors, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Inconsistent(ValueError):
    """Sections that do not go together.

    Attributes:
        at: The keys to the value that is named to the user, from the section that was checked.
    """

    def __init__(self, message: str, at: tuple[str | int, ...]):
        super().__init__(message)
        self.at = at


def default_kind(name: str) -> BeforeValidator:
    """Let a mapping without ``kind`` mean this one."""

    def fill(value: Any) -> Any:
        return {"kind": name, **value} if isinstance(value, dict) and "kind" not in value else value

    return BeforeValidator(fill)


Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=10**9)]
