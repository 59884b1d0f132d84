"""A user's f as it was typed: told from a name, and shown where it goes wrong."""

from __future__ import annotations

import re

from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.grammar import VARIABLE
from vdm_cli.quoting import quoted

# ``kl``, and what people type for names: ``alpha:0.7``, ``Jensen-Shannon``, ``kl, js``
_NAME_LIKE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ,-]+[A-Za-z_][A-Za-z0-9_]*)*(?::\S*)?")
_WINDOW = 20  # characters shown on either side of a fault


def is_expression(text: str) -> bool:
    """Whether a text that stands for a divergence is an f of u, and no name, right or wrong.

    Example:
        >>> [is_expression(text) for text in ("u*log(u)", "-log(u)", "u", "nan")]
        [True, True, True, True]
        >>> [is_expression(text) for text in ("kl", "alpha:0.7", "total-variation", "lambda")]
        [False, False, False, False]
    """
    if re.fullmatch("[A-Za-z]|nan|inf", text):
        return True
    return not _NAME_LIKE.fullmatch(text) or VARIABLE in re.split("[ ,-]+", text)


def told(text: str, error: ExpressionError) -> str:
    """What is wrong with a text, with the place in it and what stands around that place.

    Example:
        >>> told("u*ln(u)", ExpressionError("there is no function ln: write log", 2))
        "there is no function ln: write log (character 3 of 'u*ln(u)')"
    """
    place = error.position
    if place is None:
        return error.message
    start, end = max(0, place - _WINDOW), place + _WINDOW
    before, after = "..." if start else "", "..." if end < len(text) else ""
    window = text if len(text) <= 2 * _WINDOW else f"{before}{text[start:end]}{after}"
    return f"{error.message} (character {place + 1:,} of {quoted(window, 4 * _WINDOW)})"
