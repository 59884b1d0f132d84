"""Divergences as a user types them: ``kl``, ``alpha:0.7``, ``all``, ``u*log(u)``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.errors import UsageError
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.spelling import is_expression
from vdm_cli.quoting import printable

FAMILIES = {"alpha": alpha_divergence, "skewed_jensen_shannon": skewed_jensen_shannon}


def parse_divergences(texts: Sequence[str], expressions: Sequence[str] = ()) -> list[FDivergence]:
    """The divergences asked for, in order and each once.

    Args:
        texts: ``NAME[:PARAM]`` or an f of u each; ``all``, or nothing asked for at all, is every named one.
        expressions: An f of u each.

    Raises:
        UsageError: If a name, a parameter or an f is not one.
    """
    rows: list[FDivergence] = []
    for text in texts or (() if expressions else ("all",)):
        rows += catalog().values() if text == "all" else [parse_divergence(text)]
    rows += [parse_expression(text) for text in expressions]
    unique = {row.label: row for row in rows}
    return list(unique.values())


def parse_divergence(text: str, place: str = "--divergence") -> FDivergence:
    """One divergence from ``NAME[:PARAM]`` or an f of u.

    Args:
        text: What the user typed.
        place: Where: an option or a command.

    Raises:
        UsageError: If the name is unknown, or the parameter is not one of its family, or f is none.
    """
    if is_expression(text):
        return parse_expression(text, place)
    name, colon, parameter = text.partition(":")
    known, option = catalog(), f"{place} {printable(text)}"
    if name == "wasserstein":
        raise UsageError(
            f"{option}: the Wasserstein distance is no f-divergence, only a baseline that "
            "`vdm train` can train with; there is no estimate of it here"
        )
    if name not in known:
        close = difflib.get_close_matches(name[:100], known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"{option}: no divergence has this name.{hint} There are: {', '.join(known)}; or write a convex "
            "f of u, such as 'u*log(u)'"
        )
    if not colon:
        return known[name]
    if name not in FAMILIES:
        raise UsageError(f"{option}: '{name}' has no parameter; those that have: {', '.join(FAMILIES)}")
    if not parameter:
        raise UsageError(f"{option}: a number is missing after the colon, as in {name}:0.7")
    try:
        return FAMILIES[name](float(parameter))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def parse_expression(text: str, option: str = "--expression") -> FDivergence:
    """The divergence of a user's f of u, all of whose numbers are written out.

    Args:
        text: The expression.
        option: Which option of the command line gave it.

    Raises:
        UsageError: If it is no convex function of u.
    """
    from vdm_cli.divergences.expression import expression_divergence  # flint, for those who need it
    from vdm_cli.expressions.pointing import pointed

    try:
        return expression_divergence(text)
    except ExpressionError as error:
        raise UsageError(pointed(text, error, option)) from error


def constants_told(texts: Sequence[str], expressions: Sequence[str] = ()) -> tuple[str, ...]:
    """A sentence for each f of u asked for whose f(1), which is subtracted, is not zero.

    Args:
        texts: ``NAME[:PARAM]`` or an f of u each.
        expressions: An f of u each.

    Raises:
        ExpressionError: If one is no convex function of u.
    """
    own = [*filter(is_expression, texts), *expressions]
    if not own:
        return ()
    from vdm_cli.expressions.convex import examine  # flint, for those who need it

    return tuple(
        f"{printable(each.label)}: f(1) = {each.offset:g} was subtracted, so that D is 0 where P = Q"
        for each in dict.fromkeys(map(examine, own))
        if each.offset
    )
