"""Text of a user's, made fit to stand in a message."""

from __future__ import annotations


def printable(text: str, limit: int = 60) -> str:
    """The text on one line: control characters escaped, cut where it is long."""
    # Escaping lengthens, so no more than this can be shown; the rest, perhaps megabytes, is not looked at.
    clean = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


def quoted(text: str, limit: int = 60) -> str:
    """The text in single quotes, on one line, cut where it is long."""
    return f"'{printable(text, limit)}'"
