"""PyYAML's parser with the scalars of YAML 1.2, bounded depth and size, and errors in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from vdm_cli.config.scalars import CORE_SCHEMA

MAX_DEPTH = 64
MAX_VALUES = 100_000
MAX_TEXT = 100_000  # characters; PyYAML takes a second for a million

TOO_MANY = f"more than {MAX_VALUES} values, counting each use of an alias"
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
TOO_LONG = f"a text of more than {MAX_TEXT} characters; is a quote missing?"
_REMEDIES = {
    r"found character '\t'": "a tab character; indent with spaces",
    "mapping values are not allowed here": "a second ':' on this line; put text that holds one in quotes",
    "cannot start any token": "{problem}; put the text in quotes",
}


class CoreLoader(yaml.SafeLoader):
    """PyYAML's own (pure Python) parser with YAML 1.2's scalars and bounded depth."""

    yaml_implicit_resolvers: dict[Any, Any] = {None: list(CORE_SCHEMA.items())}  # noqa: RUF012
    depth = 0
    count = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Count what is composed."""
        self.count += 1
        if self.count > 2 * MAX_VALUES:  # keys count too
            raise yaml.MarkedYAMLError(problem=TOO_MANY, problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def compose_sequence_node(self, anchor: Any) -> Any:
        """One level deeper."""
        with self._deeper():
            return super().compose_sequence_node(anchor)

    def compose_mapping_node(self, anchor: Any) -> Any:
        """One level deeper."""
        with self._deeper():
            return super().compose_mapping_node(anchor)

    def scan_flow_scalar_spaces(self, double: bool, start_mark: Any) -> Any:
        """Between two words of a quoted text."""
        self._require_short(start_mark)
        return super().scan_flow_scalar_spaces(double, start_mark)

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> Any:
        """Between two words of a text without quotes."""
        self._require_short(start_mark)
        return super().scan_plain_spaces(indent, start_mark)

    def _require_short(self, start_mark: Any) -> None:
        if self.index - start_mark.index > MAX_TEXT:
            raise yaml.MarkedYAMLError(problem=TOO_LONG, problem_mark=start_mark)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        if self.depth == MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)
        self.depth += 1
        yield
        self.depth -= 1


def syntax_reason(error: yaml.MarkedYAMLError) -> str:
    """What is wrong with the YAML, in words."""
    problem = error.problem or str(error)
    if problem in (TOO_DEEP, TOO_MANY, TOO_LONG):
        return problem
    if error.context and error.context.startswith("found duplicate anchor"):
        return f"anchor {error.context.split()[3].rstrip(';')} is defined twice"
    if error.context == "expected a single document in the stream":
        return "a second document starts here; a file holds one experiment"
    for symptom, remedy in _REMEDIES.items():
        if symptom in problem:
            return f"not valid YAML: {remedy.format(problem=problem)}"
    if error.context and error.context_mark:
        start = f"that starts on line {error.context_mark.line + 1}"
        return f"not valid YAML: {problem} ({error.context} {start})"
    return f"not valid YAML: {problem}"
