"""Pictures of log-ratios, their calibration, single columns, extreme images and pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vdm_cli.pictures.calibration import draw_calibration, reliability
from vdm_cli.pictures.extremes import draw_extremes
from vdm_cli.pictures.features import MOST_BARS, draw_features
from vdm_cli.pictures.figure import save_figure
from vdm_cli.pictures.log_ratios import draw_log_ratios
from vdm_cli.pictures.pixels import draw_pixels

LABELS = ("P: $data_{", "Q: model")


def saved(figure: Any, path: Path, beside: Sequence[Any] = ()) -> None:
    """Nothing is cut off or warned of, and something is drawn."""
    save_figure(figure, path)
    with Image.open(path) as picture:
        assert min(picture.size) > 300
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    FigureCanvasAgg(figure).draw()
    whole = figure.bbox.padded(2.0)
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label)]
    for text in (*texts, *beside, *figure.texts):
        if text.get_text():
            box = text.get_window_extent()
            assert whole.contains(box.x0, box.y0), text
            assert whole.contains(box.x1, box.y1), text


def gaussian_scores(n: int, m: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """The true log-ratio of N(shift, 1) and N(0, 1) at rows of each."""
    rng = np.random.default_rng(0)
    return shift * rng.normal(shift, size=n) - shift**2 / 2, shift * rng.normal(size=m) - shift**2 / 2


def test_true_ratios_are_on_the_diagonal_whatever_the_numbers_of_rows() -> None:
    """15 intervals at 95 %: 0.75 miss in the mean, more than 4 with a probability of 0.1 %."""
    p, q = gaussian_scores(3000, 9000, 1.0)
    found = reliability(p, q)
    assert len(found.predicted) == 15
    assert np.all(np.diff(found.predicted) > 0)
    missed = (found.predicted < found.low) | (found.predicted > found.high)
    assert missed.sum() <= 4
    assert np.all((found.low <= found.observed) & (found.observed <= found.high))
    np.testing.assert_allclose(found.log_odds, np.log(found.predicted / (1 - found.predicted)), atol=1e-9)


def test_ratios_that_are_too_sure_of_themselves_leave_the_diagonal() -> None:
    p, q = gaussian_scores(3000, 3000, 1.0)
    found = reliability(3.0 * p, 3.0 * q)
    missed = (found.predicted < found.low) | (found.predicted > found.high)
    assert missed.sum() >= 8


def test_weights_count_rows_of_one_law_as_rows_of_another() -> None:
    """N(0, 1) weighted into N(0.5, 1), against N(0.5, 1): every prediction of one half is right."""
    rng = np.random.default_rng(1)
    p, q = rng.normal(0.5, size=4000), rng.normal(size=4000)
    weights = np.exp(0.5 * q - 0.125)
    found = reliability(0.01 * p, 0.01 * q, (None, weights))
    missed = (found.observed < found.low) | (found.low > 0.5) | (found.high < 0.5)
    assert missed.sum() <= 4


@pytest.mark.parametrize(
    ("p", "q"),
    [
        gaussian_scores(300, 200, 1.0),
        (np.zeros(60), np.zeros(50)),
        (np.full(60, 40.0), np.linspace(-700.0, -40.0, 60)),
    ],
    ids=["overlapping", "equal", "separated"],
)
def test_scores_of_every_kind_can_be_drawn(p: np.ndarray, q: np.ndarray, tmp_path: Path) -> None:
    saved(draw_log_ratios(p, q, LABELS, np.log(len(q) / 20)), tmp_path / "log-ratios.png")
    saved(draw_calibration(p, q), tmp_path / "calibration.png")


def test_rows_beyond_the_axis_are_counted_in_its_outermost_bars() -> None:
    p, q = gaussian_scores(2000, 2000, 1.0)
    q[0] = -1e5
    upper, lower = draw_log_ratios(p, q, LABELS, 3.0).axes
    assert upper.get_xlim()[0] > -100
    assert "beyond" in lower.get_xlabel()
    shares = [patch.get_data().values.sum() for patch in upper.patches]
    np.testing.assert_allclose(shares, 1.0)


@pytest.mark.parametrize("columns", [1, 4, 30])
def test_columns_are_bars_with_their_values_and_names(columns: int, tmp_path: Path) -> None:
    names = [f"$a_very_long_name_of_a_column_{{{index}" for index in range(columns)]
    values = np.linspace(0.3, -0.0005, columns)
    figure = draw_features(names, values, np.full(columns, 0.002), 0.4)
    (axes,) = figure.axes
    saved(figure, tmp_path / "features.png", axes.get_yticklabels())
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert len(shown) == min(columns, MOST_BARS)
    assert all(len(name) <= 30 for name in shown)
    assert next(text.get_text() for text in axes.texts) == "0.3000"


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_extreme_images_and_pixels_can_be_drawn(channels: tuple[int, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    images = rng.integers(0, 255, (7, 6, 9, *channels), np.uint8)
    few, many = (np.arange(3), np.arange(7))
    strip = draw_extremes(images[:3], images, (few, many), (few / 2, -many / 2), (0.0, 255.0))
    saved(strip, tmp_path / "extremes.png")
    titles = [axes.get_title() for axes in strip.axes if axes.get_title()]
    assert titles[:3] == ["0\n0.0", "1\n0.5", "2\n1.0"]
    assert len(titles) == 10
    mean = images.mean(axis=0)
    bounds = rng.random(mean.shape)
    maps = draw_pixels(mean, mean, bounds, (0.0, 255.0))
    saved(maps, tmp_path / "pixels.png")
    np.testing.assert_allclose(maps.axes[2].images[0].get_array(), bounds.reshape(6, 9, -1).max(axis=2))
