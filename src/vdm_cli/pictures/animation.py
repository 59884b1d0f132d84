"""The pictures of a run as one animation: at which steps they are drawn, and how they become a GIF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MOST_FRAMES, FEW_FRAMES = 25, 12  # beside that of step 0; few of pictures that take long to draw
FRAME_MILLISECONDS, LAST_MILLISECONDS = 250, 3_000
COLORS = 255  # of one palette for all frames: one for each would take ten times as long
MOST_BYTES = 4_000_000


def frame_period(steps: int, log_every: int, checkpoint_every: int, most: int) -> int:
    """Steps between two frames: a multiple of one of the periods at which the host looks at a run.

    It divides the checkpoints' period where that leaves at least half as many frames, so that few pictures
    are no frames.

    Args:
        steps: Of the whole run.
        log_every: Steps a line of metrics.
        checkpoint_every: Steps a checkpoint.
        most: Frames after step 0 that there may be, not counting the last step.
    """
    unit = min(log_every, checkpoint_every)
    period = unit * math.ceil(steps / (unit * most))
    longer = range(period, 2 * period + 1, unit)
    return next((each for each in longer if checkpoint_every % each == 0), period)


def write_animation(path: Path, frames: Sequence[Path], most_bytes: int = MOST_BYTES) -> bool:
    """Write the frames as a GIF that repeats for ever, the last one held, whole or not at all.

    Frames that cannot be read or are not of the last one's size are left out; all are made smaller where
    the file would be larger than allowed.  Equal frames give equal bytes.

    Args:
        path: Where the GIF goes.
        frames: PNGs in their order.
        most_bytes: Size that the file may have; pictures of 64 pixels are not made smaller for it.

    Returns:
        Whether there were two frames or more, without which nothing is written.

    Raises:
        OSError: If it cannot be written.
    """
    pictures = [picture for each in frames if (picture := _read(each)) is not None]
    pictures = [picture for picture in pictures if picture.size == pictures[-1].size]
    if len(pictures) < 2:
        return False
    durations = [FRAME_MILLISECONDS] * (len(pictures) - 1) + [LAST_MILLISECONDS]
    temporary = path.with_name(f".{path.name}.tmp")
    while True:
        palette = _palette(pictures)
        first, *others = [picture.quantize(palette=palette, dither=0) for picture in pictures]
        first.save(temporary, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
        size = temporary.stat().st_size
        if size <= most_bytes or max(first.size) <= 64:
            break
        factor = 0.95 * math.sqrt(most_bytes / size)
        smaller = tuple(max(1, round(factor * side)) for side in first.size)
        pictures = [picture.resize(smaller) for picture in pictures]
    temporary.replace(path)
    return True


def _palette(pictures: Sequence[Any]) -> Any:
    """A picture whose palette suits all: of the first, the last and one between, at half their size."""
    from PIL import Image

    chosen = pictures[0], pictures[len(pictures) // 2], pictures[-1]
    width, height = (-(-side // 2) for side in pictures[0].size)
    together = Image.new("RGB", (width, len(chosen) * height))
    for place, picture in enumerate(chosen):
        together.paste(picture.resize((width, height), Image.Resampling.NEAREST), (0, place * height))
    return together.quantize(COLORS)


def _read(path: Path) -> Any:
    """The picture in RGB, or None where there is none that can be read."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except OSError:  # also what Pillow raises for a damaged file
        return None
