"""Values of the command line's options, checked before anything is done."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vdm_cli.errors import UsageError
from vdm_cli.expressions.spelling import is_expression
from vdm_cli.quoting import quoted

if TYPE_CHECKING:
    from vdm_cli.estimation.budget import BudgetName  # its module brings JAX


def parse_step(text: str | None) -> int | str | None:
    """A step's number, ``latest``, ``best`` or nothing.

    Raises:
        UsageError: If it is none of them.
    """
    if text is None or text in ("latest", "best"):
        return text
    if text.isdecimal() and len(text) <= 18:
        return int(text)
    raise UsageError(f"--step must be a number, 'latest' or 'best', got '{text}'")


def parse_steps(text: str | None) -> int | str | None:
    """As `parse_step`, or ``all``.

    Raises:
        UsageError: If it is none of them.
    """
    if text == "all":
        return text
    try:
        return parse_step(text)
    except UsageError as error:
        raise UsageError(f"--step must be a number, 'latest', 'best' or 'all', got '{text}'") from error


def parse_seed_index(text: str | None) -> int | str:
    """A seed's number, 0 if there is no text, or ``all``.

    Raises:
        UsageError: If it is neither.
    """
    if text is None or text == "all":
        return text or 0
    if text.isdecimal() and len(text) <= 9:
        return int(text)
    raise UsageError(f"--seed-index must be a number from 0 or 'all', got '{text}'")


def parse_budget(text: str) -> BudgetName:
    """The name of a budget.

    Raises:
        UsageError: If there is none of that name.
    """
    match text:
        case "fast" | "default" | "thorough":
            return text
    raise UsageError(f"--budget must be fast, default or thorough, got '{text}'")


def parse_names(text: str | None, option: str) -> tuple[str, ...] | None:
    """Names of columns, parted by commas; one that holds a comma stands in double quotes, as in a csv file.

    Raises:
        UsageError: If there is none, one is empty, or one comes twice.
    """
    if text is None:
        return None
    try:
        (names,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (ValueError, csv.Error):
        names = []
    names = [name.strip() for name in names]
    if not names or not all(names):
        raise UsageError(f"{option} must be names parted by commas, such as a,b,c, got {quoted(text)}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"{option} names {quoted(twice[0])} {names.count(twice[0])} times")
    return tuple(names)


def parse_conditions(given: Sequence[str]) -> dict[str, str]:
    """Values by their names, from ``NAME=VALUE`` texts.

    Raises:
        UsageError: If a text is none, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--condition must be NAME=VALUE, such as label=3, got '{text}'")
        if name in found:
            raise UsageError(f"--condition gives {name} twice")
        found[name] = value
    return found


def require_format(text: str) -> None:
    """Refuse what is no format of a result.

    Raises:
        UsageError: If it is neither ``table`` nor ``json``.
    """
    if text not in ("table", "json"):
        raise UsageError(f"--format must be table or json, got '{text}'")


def require_convex(divergences: Sequence[str], expressions: Sequence[str]) -> None:
    """Refuse an f that is none before JAX, which takes seconds, is imported.

    Args:
        divergences: Of ``--divergence``: names, or an f of u.
        expressions: Of ``--expression``: an f of u each.

    Raises:
        UsageError: If an f is not convex, or no expression at all.
    """
    asked = [("--divergence", text) for text in divergences if is_expression(text)]
    asked += [("--expression", text) for text in expressions]
    if asked:
        from vdm_cli.expressions.pointing import examined  # flint, for those who need it

        for option, text in asked:
            examined(text, option)


def require_map(features: str | None, noise: float | None) -> None:
    """Refuse what is no map of rows, or no size of noise, before any row is read.

    Raises:
        UsageError: In either case.
    """
    if features is not None or noise is not None:
        from vdm_cli.estimation.map_name import asked_map

        asked_map(features, noise)


def require_new(path: Path, option: str) -> None:
    """Refuse a file that exists, or whose folder does not.

    Raises:
        UsageError: In either case.
    """
    if path.exists():
        raise UsageError(f"{option} {path}: it exists; choose another file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}")


def require_picture(path: Path, option: str) -> None:
    """Refuse what is not a new .png file.

    Raises:
        UsageError: If the suffix is another one, the file exists, or its folder does not.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"{option} {path}: a picture is a .png file")
    require_new(path, option)
