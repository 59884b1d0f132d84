"""How a row in network units falls into numbers and one-hot categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """Consecutive elements of a row in network units that belong together.

    Attributes:
        start: Index of the first element.
        width: Number of elements.
        categorical: Whether they are a one-hot vector; if not, plain numbers.
        hides: (start, width) of the elements that are zero unless this one-hot vector is (1, 0): the number
            beside an indicator of blanks.
    """

    start: int
    width: int
    categorical: bool
    hides: tuple[int, int] | None = None
