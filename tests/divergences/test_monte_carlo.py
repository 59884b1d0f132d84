"""Sample means with their errors, where no quadrature reaches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.growth import growth
from vdm_cli.divergences.known import KnownValue, known_divergences
from vdm_cli.divergences.monte_carlo import MonteCarlo, monte_carlo

CATALOG = catalog()
LINEAR = [name for name, row in CATALOG.items() if growth(row) == (0.0, 1.0)]
gaussian, mixture = GaussianMixture.gaussian, GaussianMixture.mixture


def means(p: GaussianMixture, q: GaussianMixture, draws: int, seed: int = 0) -> dict[str, MonteCarlo]:
    found = monte_carlo([CATALOG[name] for name in LINEAR], p, q, draws=draws, seed=seed)
    return {name: mean for name, mean in zip(LINEAR, found, strict=True) if mean is not None}


def test_means_agree_with_closed_forms_and_quadrature() -> None:
    """Within 4 standard errors, all below 2 percent; also where a rare mode of P is most of KL."""
    pairs = [
        (gaussian([0.5, 0.0, -0.5], std=[0.8, 1.2, 1.0]), gaussian(np.zeros(3))),
        (mixture([[0.0, 0.0], [4.0, 0.0]], [0.95, 0.05], [1.0, 0.5]), gaussian([0.0, 0.0])),
    ]
    for p, q in pairs:
        found = means(p, q, 100_000)
        assert list(found) == LINEAR
        for name, mean in found.items():
            truth = exact_divergence(CATALOG[name], p, q)
            if truth is not None:
                assert abs(mean.value - truth) < 4.0 * mean.standard_error, name
                assert mean.standard_error < 0.02 * (truth - CATALOG[name].at_equality), name


def test_standard_error_is_the_spread_over_seeds() -> None:
    """The sd of 40 means is within 3 of its own standard errors, 11 % each, of what each of them says."""
    p, q = mixture(np.eye(3)), gaussian(np.full(3, 0.2), std=[1.0, 0.8, 1.2])
    runs = [means(p, q, 1000, seed) for seed in range(40)]
    for name in ("kl", "reverse_kl", "jensen_shannon", "total_variation"):
        spread = np.std([run[name].value for run in runs], ddof=1)
        assert spread == pytest.approx(np.mean([run[name].standard_error for run in runs]), rel=0.35), name


def test_separated_laws_reach_the_supremum_without_overflow() -> None:
    p, q = gaussian(np.zeros(4), std=0.01), gaussian(np.full(4, 50.0), std=0.02)
    for name, mean in means(p, q, 1000).items():
        if CATALOG[name].bounded:
            assert mean.value == pytest.approx(CATALOG[name].supremum, abs=1e-9)
        else:
            truth = exact_divergence(CATALOG[name], p, q)
            assert truth is not None
            assert abs(mean.value - truth) < 5.0 * mean.standard_error


def test_what_may_be_infinite_is_not_sampled() -> None:
    """Chi-square of a pair whose true value is infinite would be a finite mean of any sample."""
    rows = [CATALOG["pearson_chi2"], CATALOG["neyman_chi2"], alpha_divergence(1.01), alpha_divergence(-0.01)]
    assert monte_carlo(rows, mixture(np.eye(3)), gaussian(np.zeros(3)), draws=100) == [None] * 4


def test_known_values_are_exact_where_possible_and_draws_repeat() -> None:
    rows = [CATALOG[name] for name in ("kl", "total_variation", "pearson_chi2", "alpha")]
    p, q = gaussian([0.5, 0.0, -0.5], std=[0.8, 2.0, 1.0]), gaussian(np.zeros(3), std=[1.0, 1.1, 0.9])
    known = known_divergences(rows, p, q)
    assert known["kl"] == KnownValue(exact_divergence(rows[0], p, q), None)
    assert known["pearson_chi2"] == KnownValue(math.inf)
    assert known["total_variation"].standard_error is not None
    assert 0.0 < known["total_variation"].standard_error < 1e-3
    assert means(p, q, 100) == means(p, q, 100) != means(p, q, 100, seed=1)
