from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact, norm

from vdm_cli.divergences.catalog import KL, REVERSE_KL, TOTAL_VARIATION, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.certificate import (
    CutChooser,
    CutCounts,
    bernoulli_divergence,
    count_above,
    largest_kl_limit,
    limit_from_shares,
    merge_limits,
    merge_p_values,
    share_lower,
    share_upper,
)

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


def test_five_dependent_p_values_merge_by_the_third() -> None:
    np.testing.assert_allclose(merge_p_values([0.9, 0.01, 0.03, 0.002, 0.5]), 5 / 3 * 0.03)
    assert merge_p_values([0.9] * 5) == 1.0
    assert merge_p_values([0.02]) == 0.02


def test_the_merged_limit_is_positive_only_where_three_folds_agree() -> None:
    apart, equal = CutCounts(900, 1000, 100, 1000), CutCounts(500, 1000, 500, 1000)
    assert merge_limits(KL, [apart, apart, equal, equal, equal], 0.05) == 0.0
    assert merge_limits(KL, [apart, apart, apart, equal, equal], 0.05) > 0.0


def _simulated(shift: float, rng: np.random.Generator, rows: int = 200) -> list[CutCounts]:
    """Five folds of one sample, each cut chosen by its calibration rows out of the other folds."""
    p, q = rng.normal(shift, size=rows), rng.normal(size=rows)
    folds_p, folds_q = np.array_split(p, 5), np.array_split(q, 5)
    counts = []
    for k in range(5):
        others_p = np.concatenate([part for i, part in enumerate(folds_p) if i != k])
        others_q = np.concatenate([part for i, part in enumerate(folds_q) if i != k])
        cut = CutChooser(others_p, others_q, 0.03).for_test()
        counts.append(count_above(folds_p[k], folds_q[k], cut))
    return counts


def test_under_equality_neither_the_test_nor_the_certificate_exceeds_its_level() -> None:
    rng, repeats, delta = np.random.default_rng(0), 400, 0.2
    runs = [_simulated(0.0, rng) for _ in range(repeats)]
    allowed = delta + 3 * math.sqrt(delta * (1 - delta) / repeats)
    assert np.mean([merge_p_values([c.p_value() for c in run]) <= delta for run in runs]) <= allowed
    assert np.mean([merge_limits(KL, run, delta) > 0 for run in runs]) <= allowed


def test_away_from_equality_the_limit_exceeds_the_truth_no_more_often_than_its_level() -> None:
    # Total variation is attained by a cut, so that the limit has no slack but its level.
    rng, repeats, delta = np.random.default_rng(1), 150, 0.2
    truth = 2 * norm.cdf(0.5) - 1
    limits = [merge_limits(TOTAL_VARIATION, _simulated(1.0, rng, 1000), delta) for _ in range(repeats)]
    assert np.mean(np.array(limits) > truth) <= delta + 3 * math.sqrt(delta * (1 - delta) / repeats)
    assert np.mean(np.array(limits) > 0) > 0.9


@pytest.mark.parametrize("rows", [50, 1000, 100_000])
def test_no_kl_limit_exceeds_the_ceiling_that_the_number_of_rows_sets(rows: int) -> None:
    separated = [CutCounts(rows // 5, rows // 5, 0, rows // 5)] * 5
    for divergence in (KL, REVERSE_KL):
        assert 0 < merge_limits(divergence, separated, 0.05) < largest_kl_limit(rows, 0.05)


def test_the_ceiling_has_its_published_values() -> None:
    ceilings = [largest_kl_limit(n, 0.05) for n in (1000, 10_000, 100_000)]
    np.testing.assert_allclose(ceilings, [5.81, 8.11, 10.42], atol=0.01)
