"""`vdm divergences`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vdm_cli.cli.arguments import Format
from vdm_cli.errors import UsageError
from vdm_cli.options import require_convex, require_format, require_picture


def divergences(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME[:PARAM]]", help="One of them, such as kl or alpha:0.7.", show_default=False
        ),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(metavar="F", help="Check a convex f of u of your own, such as 'u*log(u)', natural log."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Draw f, f*, T, the law of large numbers and the bound; without a name, all f and T.",
        ),
    ] = None,
    format: Format = "table",
) -> None:
    """Explain the named divergences, one of them, or an f of your own: formulas, checks, conventions."""
    if name is not None and expression is not None:
        raise UsageError("give a name or --expression, not both")
    require_format(format)
    if plot is not None:
        require_picture(plot, "--plot")
    if expression is not None:
        require_convex([], [expression])

    from shutil import get_terminal_size

    from vdm_cli.commands.divergences import draw_divergences, explain, explain_all, explain_expression
    from vdm_cli.console import show_note, show_result
    from vdm_cli.explanation import divergence_page, divergence_table, explanations_json

    width = get_terminal_size().columns
    if expression is not None:
        found = [explain_expression(expression)]
    elif name is not None and name != "all":
        found = [explain(name)]
    else:
        found = explain_all()
    if format == "json":
        show_result(explanations_json(found))
    elif len(found) == 1:
        show_result(divergence_page(found[0], width))
    else:
        show_result(divergence_table(found, width))
    if plot is not None:
        draw_divergences(plot, [each.divergence for each in found])
        show_note(f"picture: {plot}")
