"""Divergences by the names a user types: ``kl``, ``alpha:0.7``, ``all``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.errors import UsageError

FAMILIES = {"alpha": alpha_divergence, "skewed_jensen_shannon": skewed_jensen_shannon}


def parse_divergences(texts: Sequence[str]) -> list[FDivergence]:
    """The divergences of ``NAME[:PARAM]`` texts in order; ``all``, or no text, is every named one.

    Raises:
        UsageError: If a name or a parameter is not one.
    """
    rows: list[FDivergence] = []
    for text in texts or ("all",):
        rows += catalog().values() if text == "all" else [parse_divergence(text)]
    unique = {row.label: row for row in rows}
    return list(unique.values())


def parse_divergence(text: str) -> FDivergence:
    """One divergence from ``NAME[:PARAM]``.

    Raises:
        UsageError: If the name is unknown, or the parameter is not one of its family.
    """
    name, colon, parameter = text.partition(":")
    known = catalog()
    if name == "wasserstein":
        raise UsageError(
            f"--divergence {text}: the Wasserstein distance is no f-divergence, only a baseline that "
            "`vdm train` can train with; there is no estimate of it here"
        )
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"--divergence {text}: no divergence has this name.{hint} There are: {', '.join(known)}"
        )
    if not colon:
        return known[name]
    if name not in FAMILIES:
        raise UsageError(
            f"--divergence {text}: '{name}' has no parameter; those that have: {', '.join(FAMILIES)}"
        )
    if not parameter:
        raise UsageError(f"--divergence {text}: a number is missing after the colon, as in {name}:0.7")
    try:
        return FAMILIES[name](float(parameter))
    except ValueError as error:
        raise UsageError(f"--divergence {text}: {error}") from error
