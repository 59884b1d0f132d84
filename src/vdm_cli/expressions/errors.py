"""What can be wrong with a user's f."""

from __future__ import annotations


class ExpressionError(ValueError):
    """One clear sentence about a text that is no convex f.

    Attributes:
        message: The sentence.
        position: Index of the character in the text where it goes wrong; None where the whole is meant.
    """

    def __init__(self, message: str, position: int | None = None):
        super().__init__(message)
        self.message = message
        self.position = position
