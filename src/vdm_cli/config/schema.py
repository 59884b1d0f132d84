"""What may stand at each place of a configuration, read off the types of the sections."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union

from pydantic import BeforeValidator

from vdm_cli.config.base import Section
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.places import KeyPath

_SCALARS = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
_MANY = {float: "numbers", int: "whole numbers", str: "texts"}


@dataclass(frozen=True)
class Shape:
    """What may stand at one place.

    Attributes:
        sections: The mappings allowed.
        item: What a list there holds.
        values: What a mapping of names of the user's own holds.
        names: The words allowed.
        scalars: The types of single values allowed.
        optional: Whether null is allowed.
        branches: The alternatives, where pydantic names the one it tried in its error locations.
        prepare: What a shorthand there stands for.
    """

    sections: tuple[type[Section], ...] = ()
    item: Shape | None = None
    values: Shape | None = None
    names: tuple[str, ...] = ()
    scalars: tuple[type, ...] = ()
    optional: bool = False
    branches: tuple[Shape, ...] = ()
    prepare: Callable[[Any], Any] = lambda value: value

    @property
    def tagged(self) -> bool:
        """Whether ``kind`` says which mapping it is."""
        return len(self.sections) > 1

    @property
    def kinds(self) -> tuple[str, ...]:
        """The values of ``kind``."""
        return tuple(kind for section in self.sections for kind in kinds_of(section))

    def section(self, kind: object) -> type[Section] | None:
        """The mapping of this kind, or the only one."""
        if not self.tagged:
            return self.sections[0] if self.sections else None
        return next((each for each in self.sections if kind in kinds_of(each)), None)

    def expanded(self, value: Any) -> Any:
        """The value with its shorthand, if it is one, written out."""
        try:
            return self.prepare(value)
        except ValueError:
            return value

    def words(self) -> str:
        """For a message: 'a number or a mapping (initial, final, schedule)'."""
        words = [_SCALARS[each] for each in self.scalars]
        if self.names:
            words.append("one of: " + ", ".join(self.names))
        if self.item:
            words.append(self._list_words())
        if self.values:
            words.append(f"a mapping of names to {self.values.words()}")
        if isinstance(self.expanded(""), dict):
            words.append("text")
        if self.tagged:
            words.append(f"a mapping with a kind ({', '.join(self.kinds)})")
        elif self.sections:
            words.append(f"a mapping ({', '.join(keys_of(self.sections[0]))})")
        return " or ".join([*words, "null"] if self.optional else words)

    def _list_words(self) -> str:
        item = self.item
        inner = item.item if item else None
        if inner and inner.scalars:
            return f"a list of lists of {_MANY[inner.scalars[0]]}"
        if item and len(item.scalars) > 1:
            return "a list of values"
        if item and item.scalars:
            return f"a list of {_MANY[item.scalars[0]]}"
        return "a list of mappings" if item and item.sections else "a list of lists"


@cache
def fields_of(section: type[Section]) -> dict[str, Shape]:
    """The keys of a mapping and what may stand there; ``kind`` first."""
    hints = typing.get_type_hints(section, include_extras=True)
    names = sorted(section.model_fields, key=lambda name: name != "kind")
    return {name: _shape_of(hints[name]) for name in names}


def keys_of(section: type[Section]) -> tuple[str, ...]:
    """The keys of a mapping; ``kind`` first."""
    return tuple(fields_of(section))


@cache
def extra_of(section: type[Section]) -> Shape | None:
    """What may stand at a key of the user's own choice; None where there may be no such key."""
    if section.model_config.get("extra") != "allow":
        return None
    return _shape_of(typing.get_type_hints(section)["__pydantic_extra__"]).values


def kinds_of(section: type[Section]) -> tuple[str, ...]:
    """The values of ``kind`` that mean this mapping."""
    kind = fields_of(section).get("kind")
    return kind.names if kind else ()


ROOT = Shape(sections=(ExperimentConfig,))


@dataclass(frozen=True)
class Spot:
    """Where a pydantic error is, in the user's terms.

    Attributes:
        path: The keys and list indices, without pydantic's names of alternatives.
        shape: What may stand there; None for an unknown key.
        owner: The mapping whose key the last part is.
        kind: The kind of that mapping, where it could have been another one.
        siblings: What the mapping could have been.
        branch: The path of the innermost choice between types, and pydantic's name of the one tried.
    """

    path: KeyPath = ()
    shape: Shape | None = ROOT
    owner: type[Section] | None = None
    kind: str | None = None
    siblings: tuple[type[Section], ...] = ()
    branch: tuple[KeyPath, str] | None = None


def locate(location: tuple[str | int, ...]) -> Spot:
    """Translate the location of a pydantic error by walking the schema along it."""
    spot = Spot()
    chosen: str | None = None  # the kind of the mapping at spot.path
    siblings: tuple[type[Section], ...] = ()
    for part in location:
        shape = spot.shape
        if shape is None:
            return spot
        if shape.branches:
            spot = replace(spot, shape=_branch(shape, str(part)), branch=(spot.path, str(part)))
        elif shape.tagged:
            chosen, siblings = str(part), shape.sections
            section = shape.section(chosen)
            spot = replace(spot, shape=Shape(sections=(section,)) if section else None)
        elif shape.item and isinstance(part, int):
            spot = replace(spot, path=(*spot.path, part), shape=shape.item, owner=None)
        elif shape.values:
            spot = replace(spot, path=(*spot.path, part), shape=shape.values, owner=None)
        else:
            owner = shape.section(None)
            inner = fields_of(owner).get(str(part)) or extra_of(owner) if owner else None
            spot = Spot((*spot.path, part), inner, owner, chosen, siblings, spot.branch)
            chosen, siblings = None, ()
    return spot


def shape_at(tree: Any, path: KeyPath) -> tuple[Shape | None, Any]:
    """What may stand at a path of an unchecked configuration, and the default there as plain values."""
    shape: Shape | None = ROOT
    default: Any = None
    value = tree
    for part in path:
        if shape is None:
            return None, None
        value = shape.expanded(value)
        section = shape.section(value.get("kind") if isinstance(value, dict) else None)
        if section and part in section.model_fields:
            field = section.model_fields[str(part)]
            default = None if field.is_required() else _plain(field.get_default(call_default_factory=True))
            shape = fields_of(section)[str(part)]
        else:
            default, shape = None, shape.item if isinstance(part, int) else shape.values
        if isinstance(value, dict):
            value = value.get(part)
        else:
            inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
            value = value[part] if inside else None
    return shape, default


def is_open(path: tuple[str, ...]) -> bool:
    """Whether a mapping at this path may have keys of the user's own choice."""
    shape: Shape | None = ROOT
    for part in path:
        inner = [fields_of(each)[part] for each in shape.sections if part in fields_of(each)] if shape else []
        shape = inner[0] if inner else None
    return shape is not None and any(map(extra_of, shape.sections))


@cache
def known_paths() -> frozenset[tuple[str, ...]]:
    """Every path a configuration may have, with ``*`` for a list index."""
    return frozenset(_paths(ROOT))


def _paths(shape: Shape) -> Iterator[tuple[str, ...]]:
    for section in shape.sections:
        for name, inner in fields_of(section).items():
            yield (name,)
            yield from ((name, *rest) for rest in _paths(inner))
    if shape.item:
        yield ("*",)
        yield from (("*", *rest) for rest in _paths(shape.item))


def _shape_of(hint: Any) -> Shape:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        shape = _shape_of(arguments[0])
        if any(getattr(each, "discriminator", None) for each in arguments[1:]):
            shape = replace(shape, branches=())
        before: list[Any] = [each.func for each in arguments[1:] if isinstance(each, BeforeValidator)]
        return replace(shape, prepare=before[0]) if before else shape
    if origin in (Union, UnionType):
        return _one_of([_shape_of(each) for each in arguments])
    if origin is Literal:
        return Shape(names=tuple(map(str, arguments)))
    if origin is dict:
        return Shape(values=_shape_of(arguments[1]))
    if origin is tuple:
        return Shape(item=_shape_of(arguments[0]))
    if hint is NoneType:
        return Shape(optional=True)
    return Shape(scalars=(hint,)) if hint in _SCALARS else Shape(sections=(hint,))


def _one_of(shapes: list[Shape]) -> Shape:
    solid = [each for each in shapes if each != Shape(optional=True)]
    optional = len(solid) < len(shapes)
    if len(solid) == 1:
        return replace(solid[0], optional=True)
    return Shape(
        sections=tuple(section for each in solid for section in each.sections),
        item=next((each.item for each in solid if each.item), None),
        values=next((each.values for each in solid if each.values), None),
        names=tuple(name for each in solid for name in each.names),
        scalars=tuple(scalar for each in solid for scalar in each.scalars),
        optional=optional,
        branches=tuple(solid),
    )


def _branch(shape: Shape, label: str) -> Shape | None:
    """The alternative that pydantic names so: a mapping by its class, others by their type."""
    for section in shape.sections:
        if section.__name__ == label:
            return Shape(sections=(section,))
    if "tuple" in label:
        return next((each for each in shape.branches if each.item), None)
    return next((each for each in shape.branches if not each.item and not each.sections), None)


def _plain(value: Any) -> Any:
    """A default as the YAML would say it: only what differs from the defaults further in."""
    if isinstance(value, Section):
        return _plain(value.model_dump(exclude_unset=True))
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
