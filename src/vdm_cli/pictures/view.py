"""What a picture of a run shows: one seed at one step, and the scale of T that all its pictures share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RowFunction = Callable[[np.ndarray], np.ndarray]  # rows (n, *shape) in data units to values (n,)


@dataclass(frozen=True)
class View:
    """One seed of a run at one step.

    Attributes:
        title: One line.
        samples: Generated rows (n, *shape) in data units.
        witness: T of the live critic, where it is a function of a row.
        density: q of the generator that drew the samples, where it is known.
        optimum: T* = f'(p/q), where both densities are known.
    """

    title: str
    samples: np.ndarray
    witness: RowFunction | None = None
    density: RowFunction | None = None
    optimum: RowFunction | None = None


@dataclass(frozen=True)
class WitnessScale:
    """Values of T that are drawn, the same at every step.

    Attributes:
        low: Lower end of an axis of T.
        high: Upper end.
        levels: Increasing values of T whose level sets are drawn, at least two.
        label: What T is, with its unit.
    """

    low: float
    high: float
    levels: tuple[float, ...]
    label: str = "T(x), nats"
