"""Two samples side by side: distances of columns, the comparison of tables, and its pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.plot_evaluation import plot_evaluation
from vdm_cli.commands.sides import Sides
from vdm_cli.comparison.compare import MOST_ROWS, compare_tables
from vdm_cli.comparison.marginals import marginal_distance
from vdm_cli.data import affine
from vdm_cli.data.dataset import Dataset, Part
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.layout import continuous_layout
from vdm_cli.errors import UsageError
from vdm_cli.estimation.result import CriticReport, Estimation, RowScores
from vdm_cli.pictures.associations import draw_associations
from vdm_cli.pictures.figure import save_figure, shortened
from vdm_cli.pictures.images import draw_choice
from vdm_cli.pictures.marginals import MOST_MARGINALS, draw_marginals
from vdm_cli.pictures.run import run_pictures
from vdm_cli.pictures.view import View

COLORS = Form("category", ("blue", "green", "red"))
COLORS_OR_BLANK = dataclasses.replace(COLORS, blank="")
BLANK_NUMBER = Form(blank="")
DAY = Form("date", pattern="%Y-%m-%d", unit="D", blank="")
NAMES = ("price", "color", "day", "rooms")
FORMS = (BLANK_NUMBER, COLORS_OR_BLANK, DAY, NUMBER)
LABELS = ("P: data", "Q: model")


def mixed(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    """A price that follows the color, days of the years around 2019, and a number of rooms."""
    rng = np.random.default_rng(seed)
    color = rng.integers(0, 3, count).astype(np.float64)
    price = 10.0 * color + rng.normal(shift, 5.0, count)
    day = np.round(rng.normal(18_000.0, 400.0, count))
    price[rng.random(count) < 0.1] = np.nan
    color[rng.random(count) < 0.05] = np.nan
    day[rng.random(count) < 0.05] = np.nan
    return np.stack([price, color, day, rng.integers(1, 9, count)], axis=1)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10, "something is drawn"
        return picture.size


def texts(axes: Any) -> list[str]:
    axes.figure.canvas.draw()
    return [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]


def assert_within(figure: Any, labels: Sequence[Any]) -> None:
    """No label is cut off at the figure's edge, to half a pixel."""
    for label in labels:
        box = label.get_window_extent()
        assert figure.bbox.padded(0.5).containsx(box.x0), label
        assert figure.bbox.padded(0.5).containsx(box.x1), label
        assert figure.bbox.padded(0.5).containsy(box.y0), label
        assert figure.bbox.padded(0.5).containsy(box.y1), label


def test_numbers_have_the_distance_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(0)
    p, q = np.round(rng.normal(0, 5, 300)), np.round(rng.normal(1, 6, 200))
    expected = stats.ks_2samp(p, q).statistic
    assert marginal_distance(p, q, NUMBER) == pytest.approx(expected, abs=1e-12)


def test_categories_have_the_total_variation() -> None:
    p, q = np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert marginal_distance(p, q, COLORS) == pytest.approx(0.5)


@pytest.mark.parametrize("form", [BLANK_NUMBER, COLORS_OR_BLANK, DAY])
def test_another_share_of_blanks_is_a_distance(form: Form) -> None:
    p, q = np.zeros(10), np.zeros(10)
    p[:2], q[:5] = np.nan, np.nan
    assert marginal_distance(p, q, form) == pytest.approx(0.3)
    assert marginal_distance(p, p[::-1], form) == 0.0


def test_a_lost_association_is_found_although_the_marginals_are_those_of_the_data() -> None:
    p, q = mixed(3000, 1), mixed(3000, 2)
    q[:, 0] = np.random.default_rng(3).permutation(q[:, 0])
    found = compare_tables(p, q, NAMES, FORMS)
    pair = found.farthest_pair
    assert pair is not None
    assert pair.names == ("price", "color")
    assert pair.p > 0.7
    assert abs(pair.q) < 0.1
    assert found.chance_association < 0.2 < pair.p - pair.q
    assert found.farthest_column.distance < 0.06
    np.testing.assert_allclose(found.p_associations[0, 1], pair.p)


def test_samples_of_one_law_differ_as_much_as_chance_says() -> None:
    found = compare_tables(mixed(2000, 4), mixed(1000, 5), NAMES, FORMS)
    pair = found.farthest_pair
    assert pair is not None
    assert 0 < found.farthest_column.distance < 3 * found.chance_distance
    assert abs(pair.p - pair.q) < 3 * found.chance_association
    assert [column.measure for column in found.columns] == [
        "kolmogorov_smirnov",
        "total_variation",
        "kolmogorov_smirnov",
        "kolmogorov_smirnov",
    ]


def test_samples_of_one_law_seldom_differ_by_more_than_chance() -> None:
    """The largest of 19 random divisions is exceeded in one table of 20; 5 of 40 is 2.2 s.e. above that."""
    rng = np.random.default_rng(8)
    found = [
        compare_tables(rng.normal(size=(200, 2)), rng.normal(size=(200, 2)), None, (), seed)
        for seed in range(40)
    ]
    assert sum(each.farthest_column.distance > each.chance_distance for each in found) <= 5


def test_a_sample_and_itself_have_distance_zero_and_a_pair_of_two_columns() -> None:
    rows = mixed(100, 17)
    found = compare_tables(rows, rows[::-1], NAMES, FORMS)
    pair = found.farthest_pair
    assert pair is not None
    assert pair.names == ("price", "color")
    assert pair.p == pytest.approx(pair.q)
    assert found.farthest_column.distance == 0.0


def test_a_moved_column_is_named() -> None:
    found = compare_tables(mixed(1000, 6), mixed(1000, 7, shift=8.0), NAMES, FORMS)
    assert found.farthest_column.name == "price"
    assert found.farthest_column.distance > 2 * found.chance_distance


def test_many_rows_are_thinned_and_a_single_column_has_no_pairs() -> None:
    found = compare_tables(np.arange(MOST_ROWS + 5), np.arange(7), None, ())
    assert (len(found.p), len(found.q)) == (MOST_ROWS, 7)
    assert found.names == ("x0",)
    assert found.farthest_pair is None


def test_marginals_of_every_kind_are_readable(tmp_path: Path) -> None:
    p, q = mixed(800, 8), mixed(600, 9, shift=3.0)
    figure = draw_marginals(p, q, NAMES, FORMS, LABELS)
    save_figure(figure, tmp_path / "new" / "marginals.png")
    width, height = size_of(tmp_path / "new" / "marginals.png")
    assert 600 < width < 2400
    assert 400 < height < 2400
    price, color, day, _ = figure.axes
    for axes in figure.axes:
        assert_within(figure, [axes.title, axes.xaxis.label, *axes.get_yticklabels()])
    assert [each.get_title(loc="left") for each in figure.axes] == list(NAMES)
    assert set(texts(color)) >= {"blue", "green", "red", "blank"}
    assert {text for text in texts(day) if text} <= {str(year) for year in range(2014, 2026)}
    blanks = tuple(f"{100 * np.isnan(side[:, 0]).mean():.3g} %" for side in (p, q))
    assert price.get_xlabel() == f"blank: P {blanks[0]}, Q {blanks[1]}"


def test_rare_categories_are_drawn_together() -> None:
    form = Form("category", tuple(f"name {code}" for code in range(40)))
    codes = np.repeat(np.arange(40.0), np.arange(40, 0, -1))
    (axes,) = draw_marginals(codes[:, None], codes[:, None], ["c"], [form], LABELS).axes
    shown = [text for text in texts(axes) if text.startswith(("name", "other"))]
    assert shown == [f"name {code}" for code in range(12)] + ["other (28)"]


def test_a_sample_far_away_leaves_the_data_readable() -> None:
    data = np.random.default_rng(10).normal(size=(500, 1))
    (axes,) = draw_marginals(data, data + 1e9, ["x"], [NUMBER], LABELS).axes
    assert axes.get_xlim()[1] < 20
    assert axes.get_xlabel() == "100 % of Q outside"


@pytest.mark.parametrize(
    ("p", "q", "form"),
    [
        ([1.5, 1.5], [1.5], NUMBER),
        ([-1.7e308, 1.7e308], [0.0], NUMBER),
        ([5e-324], [1e-310], NUMBER),
        ([1e9, 1e9 + 1.2e-7], [1e9], NUMBER),
        ([np.nan], [np.nan], BLANK_NUMBER),
        ([np.nan], [2.5], BLANK_NUMBER),
        ([2_932_896.0], [-719_162.0], Form("date", unit="D")),  # last day of 9999 and first of 1
        ([np.nan], [np.nan], DAY),
        ([np.nan], [0.0], Form("category", ("$a_{$",), blank="")),
    ],
)
def test_every_column_can_be_drawn(p: list[float], q: list[float], form: Form, tmp_path: Path) -> None:
    """Warnings are errors here: none of a flat axis, a lost digit or a name that is no formula."""
    figure = draw_marginals(np.array([p]).T, np.array([q]).T, ["$x_{$ 価格"], [form], ("$P_{$", "$Q_{$"))
    save_figure(figure, tmp_path / "one.png")
    size_of(tmp_path / "one.png")


@pytest.mark.parametrize(("columns", "shown"), [(2, 2), (30, 30), (60, 40)])
def test_associations_are_three_maps_with_names(columns: int, shown: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(columns)
    p, q = rng.normal(size=(2, 100, columns))
    q[:, -1] = q[:, 0]
    found = compare_tables(p, q, [f"a_long_name_{index}" for index in range(columns)], ())
    matrices = found.p_associations, found.q_associations
    figure = draw_associations(*matrices, found.names, found.chance_association, LABELS)
    save_figure(figure, tmp_path / "associations.png")
    width, height = size_of(tmp_path / "associations.png")
    assert height < width < 4000
    maps = [axes for axes in figure.axes if axes.images]
    assert [axes.images[0].get_array().shape for axes in maps] == [(shown, shown)] * 3
    assert_within(figure, [label for axes in maps for label in (*axes.get_xticklabels(), axes.title)])
    assert_within(figure, maps[0].get_yticklabels())
    for axes in maps:
        named = [label.get_text() for label in axes.get_xticklabels()]
        assert named[0] == "a_long_name_0"
        assert named[-1] == f"a_long_name_{columns - 1}"
    np.testing.assert_allclose(maps[2].images[0].get_array()[0, -1], 1.0, atol=0.4)


def test_long_names_keep_both_ends() -> None:
    assert shortened("a\nb", 10) == "a b"
    assert shortened("sensor_temperature_upper_left", 12) == "sensor_…left"


def test_a_run_on_a_table_with_text_dates_and_blanks_has_a_picture(tmp_path: Path) -> None:
    layout = dataclasses.replace(continuous_layout((4,)), columns=NAMES, forms=FORMS)
    part = Part(mixed(200, 11))
    dataset = Dataset(part, part, part, affine.identity((4,)), layout, None, "mixed")
    view = View("a $title_{$", mixed(100, 12))
    run_pictures(dataset, None).draw(tmp_path / "samples" / "step.png", view)
    size_of(tmp_path / "samples" / "step.png")
    assert [entry.name for entry in (tmp_path / "samples").iterdir()] == ["step.png"]


def test_a_picture_holds_the_first_columns_of_a_wide_table() -> None:
    rows = np.random.default_rng(13).normal(size=(50, 30))
    figure = draw_marginals(rows, rows, [f"x{i}" for i in range(30)], [NUMBER] * 30, LABELS)
    assert len(figure.axes) == MOST_MARGINALS


def test_a_choice_of_images_is_one_grid_in_the_shades_of_the_span(tmp_path: Path) -> None:
    images = np.zeros((5, 8, 8))
    images[:, 0, 0] = 8.0
    draw_choice(tmp_path / "new" / "images.png", images, (0.0, 16.0))
    with Image.open(tmp_path / "new" / "images.png") as picture:
        assert picture.size == (3 * 33 - 1, 2 * 33 - 1)
        assert sorted(set(np.asarray(picture).ravel().tolist())) == [0, 128]


def evaluated(p: np.ndarray, q: np.ndarray, *, images: bool) -> Evaluation:
    """An evaluation that estimated nothing."""
    sides = Sides(Part(p), Part(q), None, (), None, "p.npy", "q.npy", {})
    every_p, every_q = np.arange(len(p)), np.arange(len(q))
    critic = CriticReport(0.5, 1.0, 0.0, 1, 1, 0.0, 1.0, None, 1.0, (0, 0), 0.5)
    scores = RowScores(every_p, np.zeros(len(p)), every_q, np.zeros(len(q)))
    estimation = Estimation((), critic, (), len(p), len(q), 0.95, 0, scores)
    return Evaluation(sides, estimation, None if images else compare_tables(p, q, None, ()))


def test_images_are_drawn_beside_what_else_is_in_the_folder(tmp_path: Path) -> None:
    p = np.random.default_rng(14).integers(0, 200, (60, 4, 4), np.uint8)
    (tmp_path / "notes.txt").write_text("kept")
    found = evaluated(p, p[:20] // 2, images=True)
    assert found.to_json()["columns"] == []
    drawn = (
        "images-p.png",
        "images-q.png",
        "log-ratios.png",
        "calibration.png",
        "extremes.png",
        "pixels.png",
    )
    assert plot_evaluation(found, tmp_path) == tuple(tmp_path / name for name in drawn)
    brightest = []
    for side, across, down in (("p", 8, 8), ("q", 5, 4)):
        with Image.open(tmp_path / f"images-{side}.png") as picture:
            assert picture.size == (across * 33 - 1, down * 33 - 1)
            brightest.append(int(np.asarray(picture).max()))
    assert brightest[0] == 255
    assert brightest[1] < 140, "one scale of shades for both"
    with pytest.raises(UsageError, match=r"images-p\.png, images-q\.png"):
        plot_evaluation(found, tmp_path)


def test_the_columns_that_differ_most_keep_their_order() -> None:
    rows = np.random.default_rng(15).normal(size=(60, 20))
    moved = 2.0 * (np.arange(20) == 19) + 3.0 * (np.arange(20) == 7)
    found = compare_tables(rows, rows + moved, None, ())
    assert found.farthest_column.name == "x7"
    assert found.farthest_columns(2).tolist() == [7, 19]
    assert found.farthest_columns(30).tolist() == list(range(20))


def test_a_table_has_pictures_of_its_columns_and_a_single_column_none_of_pairs(tmp_path: Path) -> None:
    rows = np.random.default_rng(16).normal(size=(60, 20))
    paths = plot_evaluation(evaluated(rows, rows[::2], images=False), tmp_path / "wide")
    of_rows = ["log-ratios.png", "calibration.png"]
    assert [path.name for path in paths] == ["marginals.png", "associations.png", *of_rows]
    one = plot_evaluation(evaluated(rows[:, 0], rows[:, 1], images=False), tmp_path / "one")
    assert [path.name for path in one] == ["marginals.png", *of_rows]
    assert {path.name for path in (tmp_path / "one").iterdir()} == {path.name for path in one}
