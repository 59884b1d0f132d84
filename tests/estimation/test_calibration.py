from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.divergences.catalog import KL, PEARSON_CHI2, TOTAL_VARIATION, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.calibration import caps_for, fit_combination, narrowed
from vdm_cli.estimation.witness import witness_pair


def test_overconfident_scores_are_scaled_back_to_the_log_ratio() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(0.5, 1.0, (20_000, 1)), rng.normal(-0.5, 1.0, (20_000, 1))  # log p/q = x
    found = fit_combination(2.0 * p + 0.6, 2.0 * q + 0.6)
    np.testing.assert_allclose([found.weights[0], found.offset], [0.5, -0.3], atol=0.03)


def test_a_true_log_ratio_is_left_alone_and_separated_scores_stay_finite() -> None:
    rng = np.random.default_rng(1)
    found = fit_combination(rng.normal(0.5, 1.0, (20_000, 1)), rng.normal(-0.5, 1.0, (20_000, 1)))
    np.testing.assert_allclose([found.weights[0], found.offset], [1.0, 0.0], atol=0.04)
    apart = fit_combination(np.full((50, 1), 10.0), np.full((50, 1), -10.0))
    assert np.isfinite([apart.weights[0], apart.offset]).all()


def test_a_critic_that_knows_nothing_loses_its_weight() -> None:
    rng = np.random.default_rng(2)
    p, q = (np.stack([rng.normal(m, 1.0, 20_000), rng.normal(size=20_000)], 1) for m in (0.5, -0.5))
    found = fit_combination(p, q)
    np.testing.assert_allclose(found.weights, [1.0, 0.0], atol=0.04)
    np.testing.assert_allclose(found(p), p @ found.weights + found.offset)


def test_with_few_rows_the_better_critic_is_taken_whole() -> None:
    rng = np.random.default_rng(3)
    p, q = (np.stack([m + 2.0 * rng.normal(size=40), 9.0 * rng.normal(size=40)], 1) for m in (2.0, -2.0))
    found = fit_combination(p, q)
    assert found.weights[0] > 0.7
    assert abs(found.weights[1]) < 0.1


@pytest.mark.parametrize("rows", [50, 1000, 40_000])
@pytest.mark.parametrize("divergence", list(catalog().values()), ids=lambda d: d.label)
def test_within_its_caps_no_row_moves_a_mean_by_more_than_a_twentieth(
    divergence: FDivergence, rows: int
) -> None:
    caps = caps_for(divergence, rows, 2 * rows)
    t, s = witness_pair(divergence, np.array([-caps.low, caps.high]))
    assert 0 < caps.low <= divergence.score_limit
    assert 0 < caps.high <= divergence.score_limit
    assert t[1] - t[0] <= rows / 20 + 1e-9
    assert s[1] - s[0] <= 2 * rows / 20 + 1e-9


def test_caps_of_kl_and_pearson_use_the_room_there_is() -> None:
    # KL: e^C2 <= n_Q/20 + e^-C1; Pearson: 2 (e^C2 - e^-C1) <= n_P/20 and e^(2 C2) <= n_Q/20 + e^(-2 C1).
    np.testing.assert_allclose(caps_for(KL, 20_000, 20_000).high, np.log(1000), atol=0.05)
    np.testing.assert_allclose(caps_for(PEARSON_CHI2, 20_000, 20_000).high, 0.5 * np.log(1000), atol=0.05)
    assert caps_for(TOTAL_VARIATION, 50, 50).high == TOTAL_VARIATION.score_limit


def test_a_score_that_is_too_sure_at_one_end_is_capped_there_alone() -> None:
    rng = np.random.default_rng(4)
    p, q = rng.normal(0.5, 1.0, 20_000), rng.normal(-0.5, 1.0, 20_000)  # log p/q = x
    widest = caps_for(KL, len(p), len(q))
    spoiled = np.where(p < -0.5, 6.0 * p, p), np.where(q < -0.5, 6.0 * q, q)
    found = narrowed(KL, widest, *spoiled)
    assert found.low == pytest.approx(1.0, abs=0.5)  # E[log p/q | x < -.5] is about -.95
    assert found.high >= 3.0
    honest = narrowed(KL, widest, p, q)
    assert min(honest.low, honest.high) >= 2.5


def test_witness_pair_is_computed_in_float64() -> None:
    t, s = witness_pair(KL, np.array([1e-9]))
    # T - f*(T) at v is 1 + v - e^v = -v^2/2: nothing is left of v in float32
    np.testing.assert_allclose([t[0] - 1.0, s[0] - 1.0], 1e-9, rtol=1e-6)
