from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.estimation.importance import importance_weights


def test_the_true_ratio_turns_one_normal_into_another() -> None:
    """Means of x and x^2 over P, within 4 standard errors of a weighted mean."""
    y = np.random.default_rng(0).normal(size=20_000)
    found = importance_weights(0.8 * y - 0.32)
    assert found.mean == pytest.approx(1.0, abs=4 * np.sqrt((np.exp(0.64) - 1) / len(y)))
    assert found.values.mean() == pytest.approx(1.0)
    assert found.effective_rows == pytest.approx(len(y) / np.exp(0.64), rel=0.1)
    for values, truth in ((y, 0.8), (y**2, 1.64)):
        error = np.sqrt(np.sum(found.values**2 * (values - truth) ** 2)) / len(y)
        assert np.mean(found.values * values) == pytest.approx(truth, abs=4 * error)


def test_rows_that_are_weighted_already_keep_their_part() -> None:
    """Two steps from N(0, 1) through N(0.4, 1) to N(0.8, 1) make the weights of one."""
    y = np.random.default_rng(1).normal(size=5000)
    half = np.exp(0.4 * y - 0.08)
    at_once, in_two = importance_weights(0.8 * y - 0.32), importance_weights(0.4 * y - 0.24, half)
    np.testing.assert_allclose(in_two.values, at_once.values, rtol=1e-9)


def test_ratios_are_clipped_at_a_twentieth_of_the_rows_and_counted() -> None:
    scores = np.zeros(200)
    scores[:3] = 50.0
    found = importance_weights(scores)
    assert found.largest_ratio == pytest.approx(10.0)
    assert found.clipped_share == pytest.approx(0.015)
    assert found.mean == pytest.approx((197 + 30) / 200)
    assert found.values.max() / found.values.min() == pytest.approx(10.0)


@pytest.mark.parametrize("level", [-800.0, 0.0, 800.0])
def test_weights_are_finite_however_far_the_sides_are_apart(level: float) -> None:
    found = importance_weights(np.linspace(level - 1.0, level, 60))
    assert np.isfinite(found.values).all()
    assert found.values.mean() == pytest.approx(1.0)
    assert all(np.isfinite(value) for value in found.to_json().values())
