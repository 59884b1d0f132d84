"""Where a value of a configuration was written, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from vdm_cli.quoting import printable

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Place:
    """A line and column of a file, or a ``--set`` option.

    Attributes:
        order: (0, line, column) in a file, (1, index, 0) for an option: files are reported first.
        text: How the place is named to the user.
    """

    order: tuple[int, int, int]
    text: str = field(compare=False)

    @property
    def is_override(self) -> bool:
        """Whether the value came from the command line."""
        return self.order[0] == 1


def in_file(name: str, line: int, column: int) -> Place:
    """A place in a file; line and column count from 1."""
    return Place((0, line, column), f"{name}:{line}:{column}")


def in_override(index: int, text: str) -> Place:
    """The place of the ``index``-th ``--set`` option."""
    return Place((1, index, 0), f"--set {printable(text, 120)}")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at one place; `path` is empty where it is not about one key."""

    place: Place
    path: KeyPath
    reason: str

    def __str__(self) -> str:
        """``FILE:LINE:COL: dotted.path: reason``."""
        return ": ".join(part for part in (self.place.text, dotted(self.path), self.reason) if part)


def report(problems: list[Problem], limit: int = 100) -> list[str]:
    """One line for each different problem, in the order of their places."""
    lines = list(dict.fromkeys(str(problem) for problem in sorted(problems, key=lambda each: each.place)))
    if len(lines) > limit:
        return [*lines[:limit], f"... and {len(lines) - limit} more problems"]
    return lines


def dotted(path: KeyPath) -> str:
    """``objective.penalties.0.weight``."""
    return ".".join(printable(str(part)) for part in path)
