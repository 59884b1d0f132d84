"""Which rows a map is fitted on, which are compared, and what stands beside them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vdm_cli.commands.mapped import compare, default_map
from vdm_cli.commands.sides import Sides
from vdm_cli.data.dataset import Part
from vdm_cli.data.features import fit_features
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.errors import DataError
from vdm_cli.estimation.map_name import parse_map
from vdm_cli.estimation.weights import Weights

CATEGORY = Form("category", ("no", "yes"))


def sides(p: np.ndarray, q: np.ndarray, forms: tuple[Form, ...] = (), label: Form | None = None) -> Sides:
    def part(rows: np.ndarray) -> Part:
        return Part(rows, None if label is None else np.arange(len(rows)) % 2)

    return Sides(part(p), part(q), None, forms, label, "p", "q", {})


@pytest.fixture
def pair() -> Sides:
    rng = np.random.default_rng(0)
    return sides(rng.normal(size=(300, 4)), rng.normal(size=(200, 4)))


PLAIN = fit_features([], ())


def test_rows_without_a_map_are_all_compared_as_they_are(pair: Sides) -> None:
    found = compare(pair, PLAIN)
    np.testing.assert_array_equal(found.p, pair.p.rows)
    np.testing.assert_array_equal(found.q_index, np.arange(200))
    assert found.treatment.words == ""


def test_a_fifth_of_each_side_fits_and_is_not_compared(pair: Sides) -> None:
    found = compare(pair, PLAIN, features=parse_map("pca:2"), seed=3)
    assert found.treatment.fitted_on == (60, 40)
    assert (found.p.shape, found.q.shape) == ((240, 2), (160, 2))
    assert np.all(np.diff(found.p_index) > 0)
    # whatever the compared rows are: the map does not know them
    changed = pair.p.rows.copy()
    changed[found.p_index] = 7.0
    other = dataclasses.replace(pair, p=Part(changed))
    again = compare(other, PLAIN, features=parse_map("pca:2"), seed=3)
    np.testing.assert_array_equal(again.q, found.q)


def test_known_training_rows_spare_the_others(pair: Sides) -> None:
    train = Part(np.random.default_rng(1).normal(size=(500, 4)))
    found = compare(pair, PLAIN, noise=0.5, fit_rows=train)
    assert (len(found.p), len(found.q)) == (300, 200)
    assert found.treatment.fitted_on == (0, 0)
    assert np.std(found.p - pair.p.rows) == pytest.approx(0.5, rel=0.1)


def test_both_sides_have_noise_of_their_own() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 2))
    found = compare(sides(rows, rows), PLAIN, noise=0.5)
    np.testing.assert_array_equal(found.p_index, found.q_index)
    assert not np.any(found.p == found.q)


def test_weights_stay_with_their_rows(pair: Sides) -> None:
    weighted = dataclasses.replace(pair, p_weights=Weights(np.arange(300.0), maximum=300.0))
    found = compare(weighted, PLAIN, noise=0.1)
    assert found.p_weights is not None
    np.testing.assert_array_equal(found.p_weights.values, found.p_index)
    assert found.p_weights.maximum == 300.0
    assert found.q_weights is None


def test_categories_and_blanks_take_no_noise() -> None:
    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(size=200), rng.integers(0, 2, 200), rng.normal(size=200)], axis=1)
    rows[::5, 2] = np.nan
    table = sides(rows, rows, (NUMBER, CATEGORY, Form(blank="")))
    encode = fit_features([rows], table.forms)
    plain, noisy = compare(table, encode), compare(table, encode, noise=1.0)
    same = np.all(noisy.p == plain.p[noisy.p_index], axis=0)
    np.testing.assert_array_equal(same, [False, True, True, False, True])


def test_labels_stay_beside_what_images_become() -> None:
    rng = np.random.default_rng(0)
    images = sides(rng.normal(size=(100, 3, 3)), rng.normal(size=(100, 3, 3)), label=CATEGORY)
    encode = fit_features([], (), CATEGORY)
    found = compare(images, encode, features=parse_map("pca:4"), noise=1.0)
    assert found.p.shape == (80, 6)
    np.testing.assert_array_equal(found.p[:, 4:], encode(images.p.rows, images.p.labels)[found.p_index, 9:])
    assert found.treatment.words == "4 principal components of pixels with noise of 1 sd"


def test_too_few_rows_to_set_some_apart_are_told() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(DataError, match=r"P has 60 rows, of which 12 are set apart .* at least 63 a side"):
        compare(sides(rows, rows), PLAIN, noise=0.1)


@pytest.mark.parametrize(
    ("shape", "has_one"), [((63, 9, 9), True), ((62, 9, 9), False), ((100, 7, 7), False), ((100, 81), False)]
)
def test_images_of_some_size_have_a_map_where_none_is_asked_for(
    shape: tuple[int, ...], has_one: bool
) -> None:
    rows = np.zeros(shape)
    assert (default_map(sides(rows, rows)) is not None) == has_one
