"""The pictures of one run: which kind suits its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.form import NUMBER
from vdm_cli.data.layout import are_images, feature_names
from vdm_cli.pictures.animation import FEW_FRAMES, MOST_FRAMES
from vdm_cli.pictures.figure import save_figure
from vdm_cli.pictures.images import IMAGES, draw_images
from vdm_cli.pictures.line import LinePictures
from vdm_cli.pictures.marginals import draw_marginals
from vdm_cli.pictures.plane import PlanePictures
from vdm_cli.pictures.view import View, WitnessScale


class RunPictures(Protocol):
    """Draws a run again and again, on the same axes.

    Attributes:
        count: Samples that a view brings.
        frames: Pictures that an animation has at most, beside that of step 0.
    """

    count: int
    frames: int

    def draw(self, path: Path, view: View) -> None:
        """Write one picture, a PNG, whole or not at all; its folder is made."""


class MarginalPictures:
    """Every column on its own, on the axes of the data.

    Args:
        dataset: Its validation rows stand for the data.
    """

    count, frames = 10_000, FEW_FRAMES

    def __init__(self, dataset: Dataset):
        rows = dataset.validation.rows
        self._data = rows.reshape(len(rows), -1)
        self._names = feature_names(dataset.layout)
        self._forms = dataset.layout.forms or (NUMBER,) * len(self._names)

    def draw(self, path: Path, view: View) -> None:
        """Draw one frame."""
        model = view.samples.reshape(len(view.samples), -1)
        labels = "data", "samples"
        figure = draw_marginals(self._data, model, self._names, self._forms, labels, axes_of_p=True)
        figure.suptitle(view.title, fontsize=10, parse_math=False)
        save_figure(figure, path)


class ImagePictures:
    """One grid of samples, on the data's scale of shades.

    Args:
        dataset: Its layout says how images are written.
    """

    count, frames = IMAGES, MOST_FRAMES

    def __init__(self, dataset: Dataset):
        self._layout = dataset.layout

    def draw(self, path: Path, view: View) -> None:
        """Draw one frame."""
        draw_images(path, view.samples, self._layout)


def run_pictures(dataset: Dataset, scale: WitnessScale | None) -> RunPictures:
    """Grids of images; densities or points of rows of one or two numbers; marginals of all others.

    Args:
        dataset: Of the run.
        scale: Of T; None where T is not drawn.
    """
    if are_images(dataset.layout.shape):
        return ImagePictures(dataset)
    numbers = dataset.conditioning is None and not dataset.transform.blocks
    dim = dataset.validation.rows[0].size
    if numbers and dim == 1:
        return LinePictures(dataset, scale)
    if numbers and dim == 2:
        return PlanePictures(dataset, scale)
    return MarginalPictures(dataset)
