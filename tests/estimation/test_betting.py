from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from vdm_cli.estimation.betting import (
    choose_stake,
    log_capital,
    lower_limit,
    p_value,
    paired_differences,
)

LEAST = -1.0


def test_the_longer_side_is_averaged_and_no_row_counts_twice() -> None:
    t, s = np.arange(3.0), np.array([1.0, 3.0, 10.0, 20.0, 5.0, 5.0, 99.0])
    np.testing.assert_array_equal(paired_differences(t, s), [0 - 2.0, 1 - 15.0, 2 - 5.0])
    np.testing.assert_array_equal(paired_differences(s, t), [2.0 - 0, 15.0 - 1, 5.0 - 2])


def test_capital_falls_in_the_claimed_mean_and_is_cut_before_ruin() -> None:
    z = np.array([0.5, -1.0, 2.0, 0.1])
    grid = np.linspace(-0.9, 3.0, 60)
    capital = [log_capital(z, LEAST, 0.7, m) for m in grid]
    assert np.all(np.diff(capital) < 0)
    assert np.all(np.isfinite(capital))
    assert capital[0] == pytest.approx(np.sum(np.log1p(0.7 * (z + 0.9))))


def test_the_limit_is_where_the_capital_is_one_over_delta_and_agrees_with_the_p_value() -> None:
    rng = np.random.default_rng(0)
    z = rng.uniform(-1.0, 1.6, 500)
    stake, _ = choose_stake(rng.uniform(-1.0, 1.6, 200), LEAST, len(z), 0.05)
    limit = lower_limit(z, LEAST, stake, 0.05, -0.5)
    assert -0.5 < limit < np.mean(z)
    assert log_capital(z, LEAST, stake, limit) == pytest.approx(math.log(20), abs=1e-6)
    assert p_value(z, LEAST, stake, limit) == pytest.approx(0.05, rel=1e-5)
    assert lower_limit(z, LEAST, stake, 0.05, 0.35) == 0.35
    assert lower_limit(np.full(9, -1.0), LEAST, stake, 0.05, 0.0) == 0.0


@pytest.mark.parametrize("delta", [0.05, 0.2])
def test_a_limit_on_a_skewed_mean_fails_as_seldom_as_it_says(delta: float) -> None:
    # Rare losses of 20 beside small gains: what a normal interval gets wrong.
    rng, rows, repeats, mean = np.random.default_rng(1), 300, 600, 0.3 - 0.01 * 20.0
    draw = lambda count: 0.3 - 20.0 * (rng.random(count) < 0.01)  # noqa: E731
    failures = 0
    for _ in range(repeats):
        z = draw(rows)
        stake, _ = choose_stake(draw(100), 0.3 - 20.0, rows, delta)
        failures += lower_limit(z, 0.3 - 20.0, stake, delta, -1.0) > mean
    assert failures <= binom.ppf(0.999, repeats, delta)


def test_the_limit_is_almost_as_high_as_a_normal_one_where_that_is_right() -> None:
    rng, rows = np.random.default_rng(2), 4000
    found = []
    for _ in range(50):
        stake, _ = choose_stake(rng.uniform(-1.0, 1.4, 400), LEAST, rows, 0.05)
        found.append(lower_limit(rng.uniform(-1.0, 1.4, rows), LEAST, stake, 0.05, 0.0))
    error = 2.4 / math.sqrt(12 * rows)
    assert 0.2 - np.median(found) < 2.0 * norm.ppf(0.95) * error
