"""What `--features` and `--noise` may say; no JAX here, so that a bad value is told at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from vdm_cli.errors import UsageError

IMAGE_COMPONENTS = 50  # of the features that images report beside their pixels, where none are asked for


@dataclass(frozen=True)
class MapName:
    """Which map of rows is asked for.

    Attributes:
        text: As it was given: ``pca:20`` or a path.
        components: How many principal components; None for a file.
        file: An exported function; None for principal components.
        at_most: Whether fewer components do where the rows do not have as many.
    """

    text: str
    components: int | None = None
    file: Path | None = None
    at_most: bool = False

    def describe(self, width: int) -> str:
        """What rows become, in words: "20 principal components", of `width` numbers."""
        if self.file is not None:
            return f"{width} features by {self.file.name}"
        return f"{width} principal component" + "s" * (width != 1)


def parse_map(text: str) -> MapName:
    """``pca:K`` or the path of an exported function.

    Raises:
        UsageError: If K is no positive whole number, or there is no such file.
    """
    if text == "pca" or text.startswith("pca:"):
        if not re.fullmatch(r"pca:0*[1-9]\d{0,6}", text, re.ASCII):
            raise UsageError(f"--features pca:K wants a whole number K >= 1, such as pca:20, got '{text}'")
        return MapName(text, components=int(text[4:]))
    file = Path(text)
    try:
        if file.is_file():
            return MapName(text, file=file)
    except (OSError, ValueError) as error:
        raise UsageError(f"--features {text}: cannot be read: {error}") from error
    what = "is a folder" if file.is_dir() else "no such file"
    raise UsageError(
        f"--features {text}: {what}; give pca:K for K principal components, or a file of jax.export"
    )


def asked_map(features: str | None, noise: float | None) -> tuple[MapName | None, float | None]:
    """The map and the noise that are asked for.

    Args:
        features: ``pca:K`` or a path; None for none.
        noise: Standard deviation of the noise, in units of a column's; None for none.

    Raises:
        UsageError: If either is none.
    """
    if noise is not None and not (math.isfinite(noise) and noise > 0.0):
        raise UsageError(f"--noise must be a positive number of standard deviations, got {noise}")
    return None if features is None else parse_map(features), noise
