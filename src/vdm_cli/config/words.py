"""What pydantic found wrong, in words a user can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from vdm_cli.config.base import Section
from vdm_cli.config.schema import Shape, Spot, keys_of, kinds_of, known_paths
from vdm_cli.quoting import printable, quoted

TYPE_ERRORS = frozenset(
    {"int_type", "int_from_float", "float_type", "string_type", "bool_type", "tuple_type", "model_type"}
    | {"model_attributes_type", "dict_type", "literal_error", "none_required"}
)
_BOUNDS = {
    "greater_than": ("gt", "must be greater than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def reason(kind: str, context: Mapping[str, Any], spot: Spot, value: Any) -> str:
    """Say what is wrong.

    Args:
        kind: Pydantic's type of the error.
        context: Pydantic's numbers and texts for it.
        spot: Where it is.
        value: What the user wrote there.
    """
    shape = spot.shape
    if kind == "extra_forbidden":
        return _unknown_key(spot)
    if kind == "missing":
        return _missing_key(spot)
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_not_found" and shape:
        return f"missing key 'kind' (allowed: {', '.join(shape.kinds)})"
    if kind == "union_tag_invalid" and shape:
        return _unknown_name(spot, shape.kinds, value)
    if kind == "literal_error" and shape and shape.names and not shape.scalars:
        return _unknown_name(spot, shape.names, value)
    if kind in TYPE_ERRORS and shape:
        field = spot.owner.model_fields.get(str(spot.path[-1])) if spot.owner else None
        has_default = field is not None and not field.is_required()
        remedy = "; leave the key out for its default" if value is None and has_default else ""
        return wrong_type(shape, value) + remedy
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{words} {_number(context[bound])}, got {describe(value)}"
    if kind == "finite_number":
        return f"must be a finite number, got {describe(value)}"
    return _size(kind, context, value)


def wrong_type(shape: Shape, value: Any) -> str:
    """What was expected and what is there."""
    text = f"must be {shape.words()}, got {describe(value)}"
    if isinstance(value, float) and value.is_integer() and shape.scalars == (int,) and abs(value) < 1e15:
        return f"{text} (write {int(value)})"
    if isinstance(value, int | float) and shape.scalars == (str,):
        return f"{text} (put text that looks like this in quotes)"
    return text


def describe(value: Any) -> str:
    """A value as it is named in a message."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a truth value)"
    if isinstance(value, str):
        return f"{quoted(value)} (text)"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else repr(value)


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """``"; did you mean 'hidden'?"``, or nothing where no known word is near."""
    words = {word.lower(): word for word in known}
    close = difflib.get_close_matches(text[:100].lower().replace("-", "_"), words, n=1)
    return f"; did you mean '{words[close[0]]}'?" if close else ""


def _unknown_key(spot: Spot) -> str:
    key, owner = str(spot.path[-1]), spot.owner or Section
    known = keys_of(owner)
    text = f"unknown key {quoted(key)}"
    elsewhere = [kind for each in spot.siblings if key in keys_of(each) for kind in kinds_of(each)]
    if elsewhere:
        text += f" for kind '{spot.kind}'; it belongs to {_listed('kind', elsewhere)}"
    elif hint := did_you_mean(key, known):
        text += hint
    else:
        text += f" for kind '{spot.kind}'" if spot.kind else ""
        homes = sorted(".".join(path) for path in known_paths() if path[-1] == key and "*" not in path)
        text += f"; did you mean {' or '.join(map(repr, homes))}?" if 0 < len(homes) <= 2 else ""
    return f"{text} (known: {', '.join(known)})"


def _missing_key(spot: Spot) -> str:
    needed = f" for kind '{spot.kind}'" if spot.kind else ""
    words = f"; it must be {spot.shape.words()}" if spot.shape else ""
    return f"missing key {quoted(str(spot.path[-1]))}{needed}{words}"


def _unknown_name(spot: Spot, allowed: tuple[str, ...], value: Any) -> str:
    listed = ", ".join(allowed)
    if not isinstance(value, str):
        return f"must be one of: {listed}; got {describe(value)}"
    what = next((str(part) for part in reversed(spot.path) if isinstance(part, str)), "name")
    hint = did_you_mean(value, allowed)
    own = "; or a convex f of u, such as 'u*log(u)'" if "expression" in allowed else ""
    return f"unknown {what} {quoted(value)}{hint} (allowed: {listed}{own})"


def _size(kind: str, context: Mapping[str, Any], value: Any) -> str:
    if kind == "too_short":
        return f"must have at least {_counted(context['min_length'], 'item')}, got {_length(value)}"
    if kind == "too_long":
        return f"must have at most {_counted(context['max_length'], 'item')}, got {_length(value)}"
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "string_too_long":
        limit = context["max_length"]
        return f"must have at most {_counted(limit, 'character')}, got {len(str(value))}"
    return f"is not allowed, got {describe(value)}"


def _listed(word: str, names: list[str]) -> str:
    plural = "s" if len(names) > 1 else ""
    return f"{word}{plural} " + " and ".join(f"'{printable(name)}'" for name in names)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _length(value: Any) -> str:
    return str(len(value)) if value else "none"


def _number(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else repr(bound)
