"""Text for standard output in lines of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from vdm_cli.console import table_text
from vdm_cli.quoting import printable

WIDTH = 80
FEWEST_LETTERS = 10  # of a name that is cut


def filled(text: str) -> str:
    """A paragraph; all lines but the first are indented."""
    return textwrap.fill(text, WIDTH, subsequent_indent="  ")


def narrow_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; where its numbers leave no room for the names of the first column, these are cut."""
    table = table_text(headers, rows)
    excess = max(map(len, table.splitlines())) - WIDTH
    if excess <= 0:
        return table
    room = max(len(row[0]) for row in rows) - excess
    return table_text(headers, [[printable(row[0], max(room, FEWEST_LETTERS)), *row[1:]] for row in rows])
