"""Distances of all pairs, and statistics of them with their permutation tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import kstest, norm

from vdm_cli.two_sample.energy import energy
from vdm_cli.two_sample.mmd import mmd
from vdm_cli.two_sample.pairs import all_pairs, permutation_test

RNG = np.random.default_rng(0)
P, Q = RNG.normal(size=(31, 3)), RNG.normal(size=(16, 3)) + 0.5


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def off_diagonal_mean(matrix: np.ndarray) -> float:
    return float(matrix[~np.eye(len(matrix), dtype=bool)].mean())


def test_squared_distances_are_those_of_scipy_and_zero_for_equal_rows_far_from_the_origin():
    rows = np.concatenate([P, P[:5], Q])
    pairs = all_pairs(rows + 100.0, Q + 100.0)
    both = np.concatenate([rows, Q])
    np.testing.assert_allclose(pairs.squared, cdist(both, both, "sqeuclidean"), atol=1e-9)
    assert (pairs.squared[np.arange(5), 31 + np.arange(5)] == 0.0).all()
    assert pairs.rows == (len(rows), len(Q))


def test_energy_distance_is_its_definition_without_the_rows_own_distances():
    expected = 2 * cdist(P, Q).mean() - off_diagonal_mean(cdist(P, P)) - off_diagonal_mean(cdist(Q, Q))
    assert energy(all_pairs(P, Q), rng()).value == pytest.approx(expected, abs=1e-12)


def test_mmd_is_its_definition_with_the_median_distance_as_bandwidth():
    both = np.concatenate([P, Q])
    width = np.median(cdist(both, both)[np.triu_indices(len(both), 1)])

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2))

    expected = off_diagonal_mean(kernel(P, P)) + off_diagonal_mean(kernel(Q, Q)) - 2 * kernel(P, Q).mean()
    found = mmd(all_pairs(P, Q), rng())
    assert found.details["bandwidth"] == pytest.approx(width)
    assert found.value == pytest.approx(expected, abs=1e-12)


def test_energy_and_mmd_of_shifted_gaussians_are_those_of_the_closed_forms():
    """E|N(d, 2)| and E exp(-N(d, 2)^2 / 2s^2), d = 1 or 0: unbiased, so 40 small samples do, k = 4."""

    def absolute(mean: float) -> float:
        z = mean / 2**0.5
        return 2 * 2**0.5 * norm.pdf(z) + mean * (1 - 2 * norm.cdf(-z))

    errors = []
    for seed in range(40):
        draws = np.random.default_rng(seed)
        pairs = all_pairs(draws.normal(size=(150, 1)), draws.normal(size=(200, 1)) + 1.0)
        kernel = mmd(pairs, draws)
        width = kernel.details["bandwidth"] ** 2
        truth = 2 * (1 + 2 / width) ** -0.5 * (1 - np.exp(-0.5 / (width + 2)))
        errors.append(
            [energy(pairs, draws).value - 2 * absolute(1.0) + 2 * absolute(0.0), kernel.value - truth]
        )
    mean, standard_error = np.mean(errors, axis=0), np.std(errors, axis=0) / 40**0.5
    assert (np.abs(mean) < 4 * standard_error).all()
    assert standard_error[0] < 0.05


def test_every_permutation_is_scored_as_if_its_rows_were_dealt_so():
    """The p-value from matrix products equals the one from a loop over the same deals."""
    similarity = -cdist(np.concatenate([P, Q]), np.concatenate([P, Q]))
    n, count = len(P), len(P) + len(Q)
    labels = np.tile(np.arange(count) < n, (60, 1)).astype(float)
    drawn = rng()
    drawn.permuted(labels[1:], axis=1, out=labels[1:])

    def statistic(first: np.ndarray) -> float:
        x, y = np.flatnonzero(first), np.flatnonzero(~first)
        return (
            off_diagonal_mean(similarity[np.ix_(x, x)])
            + off_diagonal_mean(similarity[np.ix_(y, y)])
            - 2 * float(similarity[np.ix_(x, y)].mean())
        )

    scores = [statistic(row.astype(bool)) for row in labels]
    value, p_value = permutation_test(similarity, n, rng(), 59)
    assert value == pytest.approx(scores[0], abs=1e-12)
    assert p_value == pytest.approx((1 + np.sum(np.array(scores[1:]) >= scores[0])) / 60)


@pytest.mark.parametrize("measure", [mmd, energy])
def test_p_values_are_uniform_where_p_is_q(measure):
    """200 pairs of 12 and 20 rows: a level .001 test of uniformity, and of the share below .1."""
    draws = np.random.default_rng(5)
    found = []
    for _ in range(200):
        pairs = all_pairs(draws.standard_t(2, size=(12, 2)), draws.standard_t(2, size=(20, 2)))
        found.append(measure(pairs, draws).details["p_value"])
    assert kstest(found, "uniform").pvalue > 0.001
    assert np.mean(np.array(found) <= 0.1) < 0.1 + 3 * (0.09 / 200) ** 0.5


@pytest.mark.parametrize("measure", [mmd, energy])
def test_equal_rows_alone_are_no_difference(measure):
    found = measure(all_pairs(np.ones((30, 2)), np.ones((20, 2))), rng())
    assert (found.value, found.details["p_value"]) == (0.0, 1.0)


@pytest.mark.parametrize("measure", [mmd, energy])
def test_deals_of_repeated_rows_that_differ_by_rounding_alone_are_ties(measure):
    """Both samples have the same shares of three rows, so that no deal can be less extreme."""
    rows = np.repeat(np.array([[0.1, 0.7], [0.3, 0.2], [1.7, 0.9]]), [50, 20, 30], axis=0)
    assert measure(all_pairs(rows, rows), rng()).details["p_value"] == 1.0
