"""The rows that look least like the other side, and how they and single columns are told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vdm_cli.commands.column_divergences import FeatureDivergence, column_divergences
from vdm_cli.commands.extremes import MOST_COLUMNS, SHOWN_ROWS, extreme_rows
from vdm_cli.commands.sides import Sides
from vdm_cli.data.dataset import Part
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.divergences.catalog import JENSEN_SHANNON, KL
from vdm_cli.estimation.importance import importance_weights
from vdm_cli.estimation.result import RowScores
from vdm_cli.estimation.weights import Weights
from vdm_cli.rows_told import extremes_told, features_told, weights_told

FORMS = (
    Form(blank=""),
    Form("category", ("green", "a very long name of a color"), blank=""),
    Form("date", pattern="%Y-%m-%d", unit="D"),
    NUMBER,
)
NAMES = ("size of the thing, measured in meters", "color", "day", "count")


def table(n: int, seed: int, shift: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = np.stack(
        [
            rng.normal(shift, size=n),
            rng.integers(0, 2, n),
            19_723 + rng.integers(0, 99, n),
            rng.poisson(3, n),
        ],
        axis=1,
    )
    rows[::10, 0], rows[::7, 1] = np.nan, np.nan
    return rows


@pytest.fixture
def sides() -> Sides:
    p, q = Part(table(200, 0, 2.0)), Part(table(150, 1, 0.0))
    return Sides(p, q, NAMES, FORMS, None, "p.csv", "q.csv", {})


@pytest.fixture
def scores() -> RowScores:
    """Rising with the row in P and in Q, out of order as folds leave them."""
    p_rows, q_rows = (np.random.default_rng(2).permutation(count) for count in (200, 150))
    return RowScores(p_rows, p_rows / 10.0, q_rows, q_rows / 10.0 - 20.0)


def features_of(sides: Sides) -> tuple[FeatureDivergence, ...]:
    return column_divergences(sides, [KL, JENSEN_SHANNON])


def test_the_most_extreme_rows_come_first_with_their_values_as_written(
    sides: Sides, scores: RowScores
) -> None:
    found = extreme_rows(sides, scores, features_of(sides))
    assert [row.row for row in found.p] == [199, 198, 197, 196, 195]
    assert [row.row for row in found.q] == [0, 1, 2, 3, 4]
    assert [row.log_ratio for row in found.q] == pytest.approx([-20.0, -19.9, -19.8, -19.7, -19.6])
    values = found.q[0].values
    assert values is not None
    assert list(values) == list(NAMES)
    assert (values[NAMES[0]], values["color"]) == (None, None)
    assert str(values["day"]).startswith("2024-0")
    assert isinstance(values["count"], int)
    assert found.p[0].values is not None
    assert found.p[0].values["color"] in FORMS[1].categories


def test_rows_of_equal_ratio_come_in_order_and_those_without_weight_not_at_all(
    sides: Sides, scores: RowScores
) -> None:
    weights = np.ones(200)
    weights[[0, 2]] = 0.0
    equal = dataclasses.replace(scores, p=np.zeros(200))
    found = extreme_rows(dataclasses.replace(sides, p_weights=Weights(weights)), equal, ())
    assert [row.row for row in found.p] == [1, 3, 4, 5, 6]


def test_a_sample_of_a_file_has_the_rows_of_the_file(sides: Sides, scores: RowScores) -> None:
    places = np.arange(200) * 3 + 1
    found = extreme_rows(dataclasses.replace(sides, p_places=places), scores, ())
    assert [row.row for row in found.p] == [598, 595, 592, 589, 586]


def test_images_have_no_values_and_wide_tables_those_of_the_columns_that_differ_most() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.normal(size=(60, 30)), rng.normal(size=(60, 30))
    p[:, 25:] += 3.0
    every = np.arange(60)
    scores = RowScores(every, p[:, 25], every, q[:, 25])
    wide = Sides(Part(p), Part(q), None, (), None, "p", "q", {})
    values = extreme_rows(wide, scores, features_of(wide)).p[0].values
    assert values is not None
    assert len(values) == MOST_COLUMNS
    assert list(values)[-5:] == [f"x{index}" for index in range(25, 30)]
    images = dataclasses.replace(wide, p=Part(p.reshape(60, 5, 6)), q=Part(q.reshape(60, 5, 6)))
    found = extreme_rows(images, scores, ())
    assert [row.values for row in (*found.p, *found.q)] == [None] * 2 * SHOWN_ROWS


def test_columns_are_ranked_by_jensen_shannon_and_bound_what_was_asked_first_too(sides: Sides) -> None:
    first, *others = features_of(sides)
    assert (first.name, first.kind) == (NAMES[0], "number")
    assert [other.bound.estimate for other in others] == sorted(
        (other.bound.estimate for other in others), reverse=True
    )
    assert first.first_asked is not None
    assert first.first_asked.divergence == "kl"
    assert first.first_asked.estimate > 2 * first.bound.estimate > 0.3
    alone = column_divergences(sides, [JENSEN_SHANNON])[0]
    assert alone.first_asked is None
    assert alone.to_json()["first_asked"] is None


def test_what_is_told_fits_80_columns(sides: Sides, scores: RowScores) -> None:
    features = features_of(sides)
    told = features_told(features) + extremes_told(extreme_rows(sides, scores, features), features)
    lines = "\n".join(told).splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "size of the thing, mea..." in text
    assert "P least like Q  log p/q" in text
    assert "row 199" in text
    assert "(blank)" in text


def test_weights_that_are_worth_little_are_called_so() -> None:
    rng = np.random.default_rng(4)
    near, far = importance_weights(0.1 * rng.normal(size=500)), importance_weights(rng.normal(-20, 9, 500))
    assert "too little overlap" not in weights_told(near)
    assert weights_told(far).endswith("too little overlap for Q to be turned into P")
