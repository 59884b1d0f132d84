"""The grid of the data: what is learned from training rows, and what generated values become."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.data.grid import decimals_of
from vdm_cli.data.layout import Layout, continuous_layout, feature_names, fit_layout
from vdm_cli.data.rows import Rows
from vdm_cli.errors import DataError


def rows_of(values, *, integer=None, text_decimals=None, columns=None):
    entries = math.prod(values.shape[1:]) if values.ndim <= 2 else 1
    return Rows(
        values=values,
        columns=columns,
        source="memory",
        integer=integer or (values.dtype.kind in "iu",) * entries,
        text_decimals=text_decimals or (0,) * entries,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_decimals_are_found_whatever_the_precision(dtype, decimals):
    values = np.round(np.random.default_rng(0).normal(0.0, 3.0, 500), decimals).astype(dtype)
    assert decimals_of(values) == decimals


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0, 1e4])
def test_continuous_values_have_no_decimals(dtype, scale):
    values = np.random.default_rng(0).uniform(0.1, 1.0, 500) * scale
    assert decimals_of(values.astype(dtype)) is None


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([0.0, 0.0], 0), ([2.0**51, 3.0], 0), ([math.pi], None), ([1e-12], 12), ([1e30, 2e30], None)],
)
def test_decimals_of_single_values(values, decimals):
    assert decimals_of(np.array(values)) == decimals


@pytest.mark.parametrize(("odd", "decimals"), [(1, 2), (199, 2), (201, None)])
def test_a_grid_holds_unless_more_than_two_percent_are_off_it(odd, decimals):
    values = np.round(np.random.default_rng(0).normal(size=10_000), 2)
    values[:odd] = np.random.default_rng(1).normal(size=odd)
    assert decimals_of(values) == decimals


def test_mostly_zeros_do_not_make_the_rest_whole_numbers():
    values = np.zeros(10_000)
    values[:100] = np.random.default_rng(0).normal(size=100)
    assert decimals_of(values) is None


def test_only_the_training_rows_are_learned_from():
    values = np.array([[1.5, 2.0], [3.5, 4.0], [9.125, -7.5]])
    layout = fit_layout(rows_of(values), values[:2])
    assert layout.decimals == (1, 0)
    assert (layout.minimum, layout.maximum) == ((1.5, 2.0), (3.5, 4.0))


@given(st.integers(0, 6), st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20), st.data())
def test_restored_values_are_the_numbers_that_their_digits_name(decimals, digits, data):
    grid = np.array([float(f"{number}e-{decimals}") for number in digits])
    noise = data.draw(st.lists(st.floats(-0.4, 0.4), min_size=len(digits), max_size=len(digits)))
    layout = fit_layout(rows_of(grid[:, None]), grid[:, None])
    restored = layout.restore((grid + np.array(noise) * 10.0**-decimals)[:, None], clip=False)
    printed = [float(f"{value:.{layout.decimals[0]}f}") for value in restored[:, 0]]
    assert restored[:, 0].tolist() == printed
    assert np.abs(restored[:, 0] - grid).max() <= 0.5 * 10.0**-decimals * (1 + 1e-6)


@given(st.lists(st.floats(-1e9, 1e9, width=32), min_size=1, max_size=30), st.integers(0, 3))
def test_restored_values_stay_within_the_range_of_the_training_rows(numbers, decimals):
    values = np.round(np.array(numbers, dtype=np.float32), decimals)
    layout = fit_layout(rows_of(values), values)
    restored = layout.restore(np.array([-3e38, *(value * 1.01 for value in numbers), 3e38]))
    assert restored.dtype == np.float32
    assert values.min() <= restored.min() <= restored.max() <= values.max()


def test_training_rows_come_back_unchanged():
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 17, (100, 3)).astype(float)
    values = np.concatenate(
        [whole, np.round(rng.normal(size=(100, 2)), 3), rng.normal(size=(100, 1))], axis=1
    )
    layout = fit_layout(rows_of(values), values)
    assert layout.decimals == (0, 0, 0, 3, 3, None)
    np.testing.assert_array_equal(layout.restore(values), values)


def test_pixels_come_back_as_whole_numbers_in_range_from_flat_rows():
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 3)).astype(np.uint8)
    images[0, 0, 0] = [0, 255, 7]
    layout = fit_layout(rows_of(images), images)
    assert (layout.shape, layout.dtype, layout.integer) == ((4, 3, 3), "uint8", (True,))
    noisy = images.reshape(5, 36) + np.random.default_rng(1).uniform(-0.4, 0.4, (5, 36))
    np.testing.assert_array_equal(layout.restore(noisy), images)
    assert layout.restore(np.full((1, 4, 3, 3), 300.0)).max() == 255


def test_rows_that_are_single_numbers_keep_their_shape():
    values = np.array([1.5, 2.5, 4.0])
    layout = fit_layout(rows_of(values), values)
    assert layout.shape == ()
    assert layout.restore(np.array([[1.52], [9.0]])).tolist() == [1.5, 4.0]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_values_beyond_an_integer_type_do_not_wrap_around_when_the_range_is_off(dtype):
    values = np.array([[1], [2]], dtype=dtype)
    low, high = fit_layout(rows_of(values), values).restore(np.array([[-1e30], [1e30]]), clip=False)[:, 0]
    assert low == np.iinfo(dtype).min
    assert 0.99 * np.iinfo(dtype).max < high <= np.iinfo(dtype).max


def test_without_rounding_integers_become_fractions_within_the_range():
    values = np.array([[0, 10], [5, 20]], dtype=np.int32)
    layout = fit_layout(rows_of(values), values)
    restored = layout.restore(np.array([[1.25, 99.0]]), round=False)
    assert (restored.dtype, restored.tolist()) == (np.float64, [[1.25, 20.0]])
    assert layout.unrounded().decimals == (None, None)


def test_zero_is_positive_on_a_grid():
    layout = fit_layout(rows_of(np.array([[-0.5], [0.5]])), np.array([[-0.5], [0.5]]))
    assert math.copysign(1.0, layout.restore(np.array([[-0.01]]))[0, 0]) == 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused_even_where_clipping_would_hide_them(bad):
    layout = fit_layout(rows_of(np.zeros((2, 2))), np.zeros((2, 2)))
    with pytest.raises(DataError, match="1 of 4 generated values are not finite"):
        layout.restore(np.array([[0.0, bad], [0.0, 0.0]]))


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 1)])
def test_values_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="must have shape"):
        continuous_layout((2,)).restore(np.zeros(shape))


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.zeros((3, 1))])
def test_a_layout_needs_training_rows_of_the_same_shape(values):
    with pytest.raises(ValueError, match="at least one"):
        fit_layout(rows_of(np.zeros((3, 2))), values)


def test_a_continuous_layout_leaves_values_as_they_are():
    values = np.random.default_rng(0).normal(0.0, 1e9, (50, 2))
    np.testing.assert_array_equal(continuous_layout((2,)).restore(values), values)


def test_a_layout_survives_json():
    values = np.array([[1.25, 3.0], [2.5, 4.0]])
    fitted = fit_layout(
        rows_of(values, columns=("a", "b"), text_decimals=(2, 0), integer=(False, True)), values
    )
    for layout in (fitted, continuous_layout((3,)), continuous_layout((2, 2), "float32")):
        text = json.dumps(layout.to_json(), allow_nan=False)
        assert Layout.from_json(json.loads(text)) == layout


def test_json_with_other_fields_is_refused():
    with pytest.raises(ValueError, match="a layout has the fields"):
        Layout.from_json({"shape": [2]})


def test_features_without_names_are_counted():
    assert feature_names(continuous_layout((3,))) == ("x0", "x1", "x2")
    assert feature_names(continuous_layout(())) == ("x0",)
