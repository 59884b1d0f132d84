from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest, fisher_exact, norm

from vdm_cli.divergences.catalog import KL, TOTAL_VARIATION, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.estimation.cut import (
    CutChooser,
    CutCounts,
    bernoulli_divergence,
    count_above,
    limit_from_shares,
    share_lower,
    share_upper,
)
from vdm_cli.estimation.lifts import least_at_total_variation

ALL = list(catalog().values())


@pytest.mark.parametrize(("count", "total"), [(0, 20), (1, 20), (13, 20), (20, 20)])
def test_share_limits_are_those_of_clopper_and_pearson(count: int, total: int) -> None:
    interval = binomtest(count, total).proportion_ci(confidence_level=0.9, method="exact")
    np.testing.assert_allclose(share_lower(count, total, 0.05), interval.low, atol=1e-12)
    np.testing.assert_allclose(share_upper(count, total, 0.05), interval.high, atol=1e-12)


@pytest.mark.parametrize("divergence", ALL, ids=lambda d: d.label)
def test_bernoulli_divergence_is_the_expectation_of_f(divergence: FDivergence) -> None:
    a, b = np.array([0.9, 0.3, 0.5]), np.array([0.2, 0.25, 0.5])
    direct = b * np.asarray(divergence.f(a / b)) + (1 - b) * np.asarray(divergence.f((1 - a) / (1 - b)))
    np.testing.assert_allclose(bernoulli_divergence(divergence, a, b), direct, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("text", ["exp(u) - 1", "u**20"])
def test_a_steep_f_has_finite_limits_from_shares_far_apart(text: str) -> None:
    steep = expression_divergence(text)
    limits = limit_from_shares(steep, np.array([0.9, 0.99, 0.999]), np.array([0.1, 1e-3, 1e-5]))
    assert np.isfinite(limits).all()
    assert (np.diff(limits) > 0).all()
    total_variation = least_at_total_variation(steep, 0.95)
    assert 1.0 < total_variation <= limit_from_shares(steep, np.array([0.96]), np.array([0.01]))[0]


def test_limit_is_trivial_where_the_shares_are_not_apart() -> None:
    limits = limit_from_shares(KL, np.array([0.2, 0.0, 0.6]), np.array([0.3, 1.0, 0.5]))
    assert limits[0] == limits[1] == 0.0
    assert limits[2] > 0.0
    gan = catalog()["gan"]
    assert limit_from_shares(gan, np.array([0.2]), np.array([0.3]))[0] == -2 * math.log(2)


def test_p_value_is_fishers() -> None:
    counts = CutCounts(60, 100, 40, 90)
    expected = fisher_exact([[60, 40], [40, 50]], alternative="greater").pvalue
    np.testing.assert_allclose(counts.p_value(), expected, rtol=1e-9)


def counted(shift: float, rng: np.random.Generator, rows: int) -> CutCounts:
    """Rows counted at a cut that other rows chose."""
    p, q, other_p, other_q = (rng.normal(mean, size=rows) for mean in (shift, 0.0, shift, 0.0))
    cut, _ = CutChooser(other_p, other_q, rows, rows, 0.2).for_divergence(TOTAL_VARIATION)
    return count_above(p, q, cut)


def test_under_equality_neither_the_test_nor_the_limit_exceeds_its_level() -> None:
    rng, repeats, delta = np.random.default_rng(0), 400, 0.2
    runs = [counted(0.0, rng, 100) for _ in range(repeats)]
    allowed = binom.ppf(0.999, repeats, delta)
    assert sum(run.p_value() <= delta for run in runs) <= allowed
    assert sum(run.limit(KL, delta) > 0 for run in runs) <= allowed


def test_away_from_equality_the_limit_exceeds_the_truth_no_more_often_than_its_level() -> None:
    # Total variation is attained by a cut, so that the limit has no slack but its level.
    rng, repeats, delta = np.random.default_rng(1), 200, 0.2
    truth = 2 * norm.cdf(0.5) - 1
    limits = [counted(1.0, rng, 1000).limit(TOTAL_VARIATION, delta) for _ in range(repeats)]
    assert sum(limit > truth for limit in limits) <= binom.ppf(0.999, repeats, delta)
    assert np.median(limits) > 0.85 * truth


def test_the_predicted_limit_is_near_the_one_that_is_found() -> None:
    rng = np.random.default_rng(2)
    p, q = rng.normal(1.0, size=2000), rng.normal(size=2000)
    cut, predicted = CutChooser(p[:1000], q[:1000], 1000, 1000, 0.05).for_divergence(TOTAL_VARIATION)
    found = count_above(p[1000:], q[1000:], cut).limit(TOTAL_VARIATION, 0.05)
    assert predicted == pytest.approx(found, abs=0.08)
