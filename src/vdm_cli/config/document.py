"""YAML text as plain Python values, with the place of every key and value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from vdm_cli.config.parser import MAX_DEPTH, MAX_VALUES, TOO_DEEP, TOO_MANY, CoreLoader, syntax_reason
from vdm_cli.config.places import KeyPath, Place, Problem, in_file
from vdm_cli.config.scalars import MAP, SEQ, STR, read_scalar, short_tag
from vdm_cli.errors import ConfigError
from vdm_cli.quoting import printable, quoted

MAX_BYTES = 2**20

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # YAML 1.2.2, section 5.1
)


@dataclass
class Document:
    """A YAML document as plain values.

    Attributes:
        tree: Its value: dict, list, str, int, float, bool and None only.
        places: Where the value at each path starts.
        keys: Where the key at each path starts.
        broken: Paths whose value could not be read; a problem says why.
        problems: What is wrong with the YAML although it could be read.
    """

    tree: Any = None
    places: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    broken: set[KeyPath] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def place_of(self, path: KeyPath) -> Place:
        """Where the value at `path`, or else the nearest mapping or list around it, was written."""
        return next(self.places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.places)

    def key_place_of(self, path: KeyPath) -> Place:
        """Where the key at `path` was written."""
        return self.keys.get(path) or self.place_of(path)

    def is_broken(self, path: KeyPath) -> bool:
        """Whether the value at `path` lies in one that could not be read."""
        return any(path[:end] in self.broken for end in range(len(path) + 1))

    def set_origin(self, path: KeyPath, place: Place) -> None:
        """Say that the value at `path`, with all it holds, was written at `place`."""
        for known in (self.places, self.keys):
            for below in [each for each in known if each[: len(path)] == path]:
                del known[below]
        self.broken = {each for each in self.broken if each[: len(path)] != path}
        self.places[path] = place


def read_document(content: bytes, name: str) -> Document:
    """Read one experiment's YAML file, a mapping.

    Args:
        content: The bytes of the file.
        name: What to call the file in problems.

    Raises:
        ConfigError: If it is no YAML mapping at all; lesser problems are in the result.
    """
    start = in_file(name, 1, 1)
    if len(content) > MAX_BYTES:
        raise _failure(start, f"larger than {MAX_BYTES} bytes; is this a configuration?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = _place_after(before, name)
        raise _failure(place, f"not UTF-8 text (byte 0x{content[error.start]:02x})") from error
    document = parse_yaml(text, lambda line, column: in_file(name, line, column))
    if document.tree is None:
        raise _failure(start, "no configuration here; it needs at least 'data'")
    if not isinstance(document.tree, dict):
        got = "a list" if isinstance(document.tree, list) else quoted(str(document.tree))
        place = document.problems[0].place if document.problems else document.place_of(())
        reason = f"a configuration must be a mapping of keys (data: ..., training: ...), got {got}"
        raise ConfigError([*map(str, document.problems), str(Problem(place, (), reason))])
    return document


def parse_yaml(text: str, place: Callable[[int, int], Place]) -> Document:
    """Read YAML of any kind of value.

    Args:
        text: The YAML.
        place: (line, column), both from 1, -> what to call that place.

    Raises:
        ConfigError: If the text cannot be read to its end.
    """
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        at = _place_after(text[: forbidden.start()], "").order
        raise _failure(place(*at[1:]), f"the character U+{ord(forbidden.group()):04X} is not allowed in YAML")
    loader = CoreLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or loader.get_mark()
        raise _failure(place(mark.line + 1, mark.column + 1), syntax_reason(error)) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets those of int() and chr() through
        mark = loader.get_mark()
        raise _failure(place(mark.line + 1, mark.column + 1), "not valid YAML: a number too large") from error
    document = Document(places={(): place(1, 1)})
    if node is not None:
        _Builder(document, place).build(node)
    return document


class _Builder:
    """Turns nodes into values, and finds what YAML allows but a configuration does not."""

    def __init__(self, document: Document, place: Callable[[int, int], Place]):
        self.document = document
        self.place = place
        self.count = 0
        self.open: list[Node] = []  # the nodes around the present one

    def build(self, node: Node) -> None:
        self.document.tree = self.value(node, ())

    def value(self, node: Node, path: KeyPath) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise _failure(self.at(node), TOO_MANY)
        self.document.places[path] = self.at(node)
        if any(node is each for each in self.open):
            return self.broken(node, path, "an alias of the value that holds it")
        if len(self.open) >= MAX_DEPTH and not isinstance(node, ScalarNode):
            return self.broken(node, path, TOO_DEEP)
        self.open.append(node)
        try:
            return self.content(node, path)
        except ValueError as error:
            return self.broken(node, path, str(error))
        finally:
            self.open.pop()

    def content(self, node: Node, path: KeyPath) -> Any:
        if isinstance(node, ScalarNode):
            return read_scalar(node.tag, node.value)
        if node.tag not in (SEQ, MAP):
            raise ValueError(f"tag '{printable(short_tag(node.tag))}' is not allowed; write plain YAML")
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.mapping(node, path) if isinstance(node, MappingNode) else None

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            place = self.at(key_node)
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or key_node.tag != STR:
                got = quoted(key) if isinstance(key, str) else "a list or mapping"
                self.problem(place, f"a key must be text, got {got}")
            elif key == "<<":
                self.problem(place, "merge keys (<<) are not part of YAML 1.2; write the keys out")
            elif key in result:
                self.problem(place, f"key {quoted(key)} appears twice (first on line {first[key]})")
            else:
                first[key] = key_node.start_mark.line + 1
                self.document.keys[(*path, key)] = place
                result[key] = self.value(value_node, (*path, key))
        return result

    def at(self, node: Node) -> Place:
        return self.place(node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, place: Place, reason: str) -> None:
        self.document.problems.append(Problem(place, (), reason))

    def broken(self, node: Node, path: KeyPath, reason: str) -> None:
        self.document.broken.add(path)
        self.problem(self.at(node), reason)


def _place_after(text: str, name: str) -> Place:
    """The place of the character that follows `text`."""
    return in_file(name, text.count("\n") + 1, len(text) - text.rfind("\n"))


def _failure(place: Place, reason: str) -> ConfigError:
    return ConfigError([str(Problem(place, (), reason))])
