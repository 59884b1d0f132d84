"""A figure without a display: how it is made, colored, lettered and saved."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

P_COLOR, Q_COLOR, WITNESS_COLOR = "#1f5fa8", "#e4572e", "#8a8a8a"
DOTS_PER_INCH = 120


def new_figure(width: float, height: float) -> Any:
    """An empty Matplotlib figure of this size in inches."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Any, path: Path) -> None:
    """Write a PNG, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with missing_glyphs_allowed():
        figure.savefig(temporary, dpi=DOTS_PER_INCH, format="png")
    temporary.replace(path)


@contextmanager
def missing_glyphs_allowed() -> Iterator[None]:
    """A name in a script that the font lacks is drawn as boxes, without a warning for each letter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+")
        yield


def shortened(name: str, length: int) -> str:
    """A name on one line of at most this many characters, its middle left out where it is longer."""
    plain = " ".join(name.split())
    if len(plain) <= length:
        return plain
    tail = length // 3
    return f"{plain[: length - tail - 1]}…{plain[len(plain) - tail :]}"


def span(values: np.ndarray) -> tuple[float, float]:
    """Where nearly all values lie, with a margin: the ends of an axis."""
    low, high = np.quantile(values, [0.001, 0.999])
    margin = 0.15 * (high - low) or 0.5
    return float(low - margin), float(high + margin)
