"""A user's f on the command line: checked, or refused with a caret under the place."""

from __future__ import annotations

import unicodedata

from vdm_cli.errors import UsageError
from vdm_cli.expressions.convex import ConvexFunction, examine
from vdm_cli.expressions.errors import ExpressionError

_WINDOW = 34  # characters of the text shown on either side of a fault


def examined(text: str, option: str = "--expression") -> ConvexFunction:
    """What the checks of an f of u find.

    Args:
        text: All of its numbers written out.
        option: Where it was given.

    Raises:
        UsageError: If it is no convex function, in three lines: the sentence, the text around the place where
            it goes wrong, and a caret.
    """
    try:
        return examine(text)
    except ExpressionError as error:
        raise UsageError(pointed(text, error, option)) from error


def pointed(text: str, error: ExpressionError, option: str) -> str:
    """The sentence, the part of the text around the fault on one line, and a caret below it.

    Example:
        >>> print(pointed("u*ln(u)", ExpressionError("there is no function ln", 2), "--expression"))
        --expression: there is no function ln
          u*ln(u)
            ^
    """
    place = 0 if error.position is None else error.position
    start, end = max(0, place - _WINDOW), max(place + _WINDOW, 2 * _WINDOW)
    before, after = "..." if start else "", "..." if end < len(text) else ""
    window = "".join(char if char.isprintable() else " " for char in text[start:end])
    lines = [f"{option}: {error.message}"]
    if window.strip():
        lines.append(f"  {before}{window}{after}".rstrip())
    if window.strip() and error.position is not None:
        passed = window[: place - start]
        columns = sum(2 if unicodedata.east_asian_width(char) in "FW" else 1 for char in passed)
        lines.append(" " * (2 + len(before) + columns) + "^")
    return "\n".join(lines)
