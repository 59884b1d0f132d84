from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.divergences.catalog import JENSEN_SHANNON, KL, catalog
from vdm_cli.estimation.marginal import MOST_ROWS, marginal_bounds
from vdm_cli.estimation.weights import Weights

BLANK = Form(blank="")
TOWN = Form("category", ("a", "b", "c", "d"))


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    middle = (p + q) / 2
    terms = [side[side > 0] * np.log(side[side > 0] / middle[side > 0]) for side in (p, q)]
    return float(sum(term.sum() for term in terms) / 2)


@pytest.mark.parametrize(("n", "m"), [(20_000, 20_000), (20_000, 5_000)])
def test_a_shifted_normal_is_bounded_nearly_by_its_divergence(n: int, m: int) -> None:
    """JS .11142 and KL 1/2 at a shift of 1 (MATH.md): 32 columns, whose mean is known to 0.6 of an SE."""
    rng = np.random.default_rng(0)
    p, q = rng.normal(1.0, size=(n, 32)), rng.normal(size=(m, 32))
    found = marginal_bounds(p, q, (), [JENSEN_SHANNON, KL])
    for bounds, errors, truth in zip(found.estimates, found.standard_errors, (0.11142, 0.5), strict=True):
        assert bounds.mean() < truth + errors.mean()
        assert bounds.mean() > 0.93 * truth
        assert bounds.std() == pytest.approx(errors.mean(), rel=0.5)


def test_columns_that_do_not_differ_have_bounds_of_nothing() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.normal(size=(3000, 100)), rng.normal(size=(3000, 100))
    found = marginal_bounds(p, q, (), [JENSEN_SHANNON])
    assert np.sum(found.estimates > 2 * found.standard_errors + 1e-9) <= 5
    assert -0.001 < found.estimates.mean() < 0.0005
    assert np.median(found.estimates) == pytest.approx(0.0, abs=1e-12)


def test_categories_blanks_and_common_values_are_bounded_by_their_shares() -> None:
    rng = np.random.default_rng(2)
    n = 20_000
    shares = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.3, 0.2, 0.4])
    town_p, town_q = (rng.choice(4, n, p=each).astype(float) for each in shares)
    blank_p, blank_q = rng.normal(size=(2, n))
    blank_p[rng.random(n) < 0.1], blank_q[rng.random(n) < 0.3] = np.nan, np.nan
    zero_p, zero_q = rng.normal(size=(2, n))
    zero_p[rng.random(n) < 0.1], zero_q[rng.random(n) < 0.3] = 0.0, 0.0
    p = np.stack([town_p, blank_p, zero_p], axis=1)
    q = np.stack([town_q, blank_q, zero_q], axis=1)
    found = marginal_bounds(p, q, (TOWN, BLANK, NUMBER), [JENSEN_SHANNON])
    spike = jensen_shannon(np.array([0.1, 0.9]), np.array([0.3, 0.7]))
    truths = [jensen_shannon(*shares), spike, spike]
    errors = found.standard_errors[0]
    assert np.all(np.abs(found.estimates[0] - truths) < 3 * errors + 0.001), (found.estimates, truths)


def test_weights_that_undo_a_difference_leave_nothing() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.normal(0.5, size=(20_000, 1)), rng.normal(size=(20_000, 1))
    undo = Weights(np.exp(0.5 * q[:, 0] - 0.125))  # p/q
    as_they_are = marginal_bounds(p, q, (), [JENSEN_SHANNON])
    weighted = marginal_bounds(p, q, (), [JENSEN_SHANNON], q_weights=undo)
    assert as_they_are.estimates[0, 0] > 0.025
    assert abs(weighted.estimates[0, 0]) < 0.001


def test_a_warped_column_has_the_same_bound() -> None:
    rng = np.random.default_rng(4)
    p, q = rng.normal(0.7, size=(2000, 1)), rng.normal(size=(1500, 1))
    plain = marginal_bounds(p, q, (), [JENSEN_SHANNON, KL])
    warped = marginal_bounds(np.exp(3 * p), np.exp(3 * q), (), [JENSEN_SHANNON, KL])
    np.testing.assert_array_equal(plain.estimates, warped.estimates)


def test_every_divergence_of_every_odd_column_is_finite() -> None:
    """Constant, disjoint, all blank on one side, tiny, huge."""
    n = 60
    one = np.ones(n)
    p = np.stack([one, one, one * np.nan, np.linspace(0, 1e-300, n), np.linspace(-8e307, 8e307, n)], axis=1)
    q = np.stack([one, 2 * one, one, np.linspace(0, 2e-300, n), np.linspace(0, 8e307, n)], axis=1)
    named = list(catalog().values())
    found = marginal_bounds(p, q, (NUMBER, NUMBER, BLANK, NUMBER, NUMBER), named)
    assert np.isfinite(found.estimates).all()
    assert np.isfinite(found.standard_errors).all()
    js = found.estimates[named.index(JENSEN_SHANNON)]
    assert js[0] == 0.0
    assert np.all(js[1:3] > 0.6), "log 2 = .693, less what 30 rows leave open"


def test_images_are_bounded_pixel_by_pixel_whatever_their_type() -> None:
    rng = np.random.default_rng(5)
    p, q = (rng.integers(low, 200 + low, (400, 3, 3), np.uint8) for low in (40, 0))
    first = marginal_bounds(p, q, (), [JENSEN_SHANNON], seed=7)
    second = marginal_bounds(p.astype(np.float32).reshape(400, 9), q, (), [JENSEN_SHANNON], seed=7)
    assert first.estimates.shape == (1, 9)
    assert np.all(first.estimates > 0.05)
    np.testing.assert_array_equal(first.estimates, second.estimates)


def test_many_rows_are_thinned_to_some_that_the_seed_chooses() -> None:
    rng = np.random.default_rng(6)
    p, q = rng.normal(1.0, size=(MOST_ROWS + 20_000, 1)), rng.normal(size=(MOST_ROWS + 20_000, 1))
    first, again, other = (marginal_bounds(p, q, (), [JENSEN_SHANNON], seed=seed) for seed in (0, 0, 1))
    assert first.estimates == again.estimates
    assert first.estimates != other.estimates
    assert first.estimates[0, 0] == pytest.approx(0.11142, abs=4 * first.standard_errors[0, 0])


def test_where_one_row_has_all_the_weight_nothing_is_found() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(2, 200, 3))
    weights = Weights((np.arange(200) == 7).astype(float))
    found = marginal_bounds(p, q, (), [KL, JENSEN_SHANNON], p_weights=weights)
    assert found.estimates.tolist() == found.standard_errors.tolist() == [[0.0] * 3] * 2
