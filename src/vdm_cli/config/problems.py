"""Pydantic's errors as problems of the user's document."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from vdm_cli.config.base import Inconsistent
from vdm_cli.config.document import Document
from vdm_cli.config.places import KeyPath, Place, Problem
from vdm_cli.config.schema import ROOT, Spot, locate, shape_at
from vdm_cli.config.words import TYPE_ERRORS, reason, wrong_type


@dataclass(frozen=True)
class _Finding:
    error: ErrorDetails
    spot: Spot

    @property
    def kind(self) -> str:
        return self.error["type"]

    @property
    def is_misfit(self) -> bool:
        """Whether the value is not even of the type of the alternative that was tried."""
        at_choice = self.spot.branch is not None and self.spot.path == self.spot.branch[0]
        return at_choice and self.kind in TYPE_ERRORS


def schema_problems(error: ValidationError, document: Document) -> list[Problem]:
    """Every error once, under the path and at the place that the user wrote."""
    findings = [_Finding(each, locate(_location(each))) for each in error.errors(include_url=False)]
    chosen: list[_Finding] = []
    problems: list[Problem] = []
    choices: dict[KeyPath, list[_Finding]] = defaultdict(list)
    for finding in findings:
        if finding.spot.branch:
            choices[finding.spot.branch[0]].append(finding)
        else:
            chosen.append(finding)
    for path, tried in choices.items():
        fitting = _fitting_branch(tried)
        chosen += fitting
        if not fitting:
            shape = shape_at(document.tree, path)[0] or ROOT
            problems.append(
                Problem(document.place_of(path), path, wrong_type(shape, _lookup(document, path)))
            )
    problems += [_problem(each, document) for each in chosen if not _is_derived(each)]
    return [each for each in problems if not document.is_broken(each.path)]


def _location(error: ErrorDetails) -> KeyPath:
    cause = error.get("ctx", {}).get("error")
    return (*error["loc"], *cause.at) if isinstance(cause, Inconsistent) else error["loc"]


def _fitting_branch(tried: list[_Finding]) -> list[_Finding]:
    """The findings of the first alternative whose type the value has."""
    labels: dict[str, list[_Finding]] = defaultdict(list)
    for finding in tried:
        if finding.spot.branch:
            labels[finding.spot.branch[1]].append(finding)
    return next((each for each in labels.values() if not any(one.is_misfit for one in each)), [])


def _is_derived(finding: _Finding) -> bool:
    """Whether a list is called too short only because its bad items were left out."""
    value = finding.error["input"]
    return finding.kind == "too_short" and len(value) >= finding.error["ctx"]["min_length"]


def _problem(finding: _Finding, document: Document) -> Problem:
    spot, context = finding.spot, finding.error.get("ctx", {})
    path = _written_path(document.tree, spot.path, absent=finding.kind == "missing")
    value = _lookup(document, path)
    if finding.kind.startswith("union_tag") and isinstance(value, dict) and "kind" in value:
        path, value = (*path, "kind"), value["kind"]
        spot = Spot(path, spot.shape)
    text = reason(finding.kind, context, spot, value)
    find_place = document.key_place_of if finding.kind == "extra_forbidden" else document.place_of
    place = find_place(path)
    cause = _override_behind(finding, path, document)
    return Problem(place, path, f"{text}; after {cause.text}" if cause and cause != place else text)


def _override_behind(finding: _Finding, path: KeyPath, document: Document) -> Place | None:
    """The option that made a key unknown, missing or inconsistent by setting another key."""
    if finding.kind in ("extra_forbidden", "missing") and finding.spot.kind:
        place = document.places.get((*path[:-1], "kind"))
        return place if place and place.is_override else None
    if finding.kind == "value_error" and finding.spot.kind == "expression":
        path = path[:-1]  # a parameter given elsewhere may have spoilt f
    if finding.kind == "value_error" and isinstance(_lookup(document, path), dict):
        below = [place for key, place in document.places.items() if key[: len(path)] == path]
        return max((place for place in below if place.is_override), default=None)
    return None


def _written_path(tree: Any, path: KeyPath, absent: bool) -> KeyPath:
    """The part of a path that the user wrote out: a shorthand has no keys of its own."""
    value = tree
    for end, part in enumerate(path):
        if isinstance(value, dict) and (part in value or (absent and end == len(path) - 1)):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return path[:end]
    return path


def _lookup(document: Document, path: KeyPath) -> Any:
    value = document.tree
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
