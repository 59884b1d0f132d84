"""Images as one grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vdm_cli.data.layout import Layout
from vdm_cli.data.output import write_rows

IMAGES = 100


def draw_images(path: Path, images: np.ndarray, layout: Layout) -> None:
    """Draw images (n, h, w) or (n, h, w, c) in data units as one grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, iter([images]), layout, len(images))
