"""A figure whose fixed parts are drawn once, with what moves drawn over them: one file a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vdm_cli.pictures.figure import DOTS_PER_INCH, missing_glyphs_allowed, new_figure


class Canvas:
    """The frames of one animation: a whole figure takes 0.1 to 0.3 s to draw, a frame over it 0.03 s.

    Args:
        width: In inches.
        height: In inches.
    """

    def __init__(self, width: float, height: float):
        self.figure = new_figure(width, height)
        self.figure.set_layout_engine("none")  # axes stay where they are in every frame
        self.figure.set_dpi(DOTS_PER_INCH)
        self._agg: Any = None
        self._background: Any = None

    def save(self, path: Path, title: str, moving: Sequence[Any]) -> None:
        """Write one frame as a PNG, whole or not at all; its folder is made.

        Args:
            path: Where it goes.
            title: One line.
            moving: Artists in the order in which they are drawn; afterwards they are no longer in the figure.
        """
        from PIL import Image

        heading = self.figure.text(0.5, 0.965, title, ha="center", va="center", fontsize=10, parse_math=False)
        artists = (*moving, heading)
        for artist in artists:
            artist.set_animated(True)  # no part of the background
        with missing_glyphs_allowed():
            self._restore_background()
            for artist in artists:
                (artist.axes or self.figure).draw_artist(artist)
                artist.remove()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        Image.fromarray(np.asarray(self._agg.buffer_rgba())[..., :3]).save(temporary, format="PNG")
        temporary.replace(path)

    def _restore_background(self) -> None:
        if self._agg is None:
            from matplotlib.backends.backend_agg import FigureCanvasAgg

            self._agg = FigureCanvasAgg(self.figure)
            self._agg.draw()
            self._background = self._agg.copy_from_bbox(self.figure.bbox)
        self._agg.restore_region(self._background)
