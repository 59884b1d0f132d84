from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from vdm_cli.divergences.catalog import GAN, KL, NEYMAN_CHI2, PEARSON_CHI2, TOTAL_VARIATION, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.estimation.lifts import least_at_total_variation, lifts_to

ALL = list(catalog().values())


def divergence_of(divergence: FDivergence, p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(q * np.asarray(divergence.f(p / q))))


@pytest.mark.parametrize("divergence", ALL, ids=lambda d: d.label)
def test_no_lift_promises_more_than_random_pairs_of_laws_keep(divergence: FDivergence) -> None:
    rng = np.random.default_rng(0)
    for sharpness in (0.3, 1.0, 3.0, 30.0):
        for _ in range(5):
            p, q = rng.dirichlet(np.full(6, sharpness)) + 1e-4, rng.dirichlet(np.full(6, sharpness)) + 1e-4
            p, q = p / p.sum(), q / q.sum()
            truth = divergence_of(divergence, p, q)
            for lift in lifts_to(divergence):
                base = divergence_of(lift.base, p, q)
                assert lift.lift(base) <= truth + 1e-4 * max(1.0, abs(truth)), lift.name


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_the_least_kl_at_a_total_variation_is_between_pinsker_and_the_best_pair(t: float) -> None:
    least = least_at_total_variation(KL, t)
    symmetric = t * math.log((1 + t) / (1 - t))  # of coins with chances (1 + t)/2 and (1 - t)/2
    assert 2 * t * t < least <= symmetric
    assert least_at_total_variation(TOTAL_VARIATION, t) == pytest.approx(t, rel=1e-4)


@pytest.mark.parametrize("t", [0.64, 0.9, 0.99])
def test_the_least_divergence_is_not_exceeded_where_it_lies_at_an_end(t: float) -> None:
    # chi^2 of coins is t^2 / (b (1-b)), least at b = 1 - t; one hockey stick is least there, one at b = 0.
    stick = 2.7 * t - 1.7
    for divergence, least in (
        (PEARSON_CHI2, t / (1 - t)),
        (NEYMAN_CHI2, t / (1 - t)),
        (expression_divergence("maximum(u - 2.7, 0)"), stick),
        (expression_divergence("maximum(1 - 2.7*u, 0)"), stick),
    ):
        found = least_at_total_variation(divergence, t)
        assert found <= least
        assert found == pytest.approx(least, rel=2e-4)


@pytest.mark.parametrize("t", [0.0, 1e-6, 1e-3])
def test_an_objective_that_is_negative_is_lifted_downwards(t: float) -> None:
    # 2 JS - log 4 of laws t apart is at most t^2 above its value at equality near it.
    assert GAN.at_equality <= least_at_total_variation(GAN, t) <= GAN.at_equality + t * t


def test_nothing_is_lifted_from_nothing() -> None:
    for divergence in (*ALL, expression_divergence("(u-1)**2")):
        for lift in lifts_to(divergence):
            assert lift.lift(0.0) == pytest.approx(divergence.at_equality, abs=1e-9)
            assert math.isfinite(lift.lift(1.0 if lift.base is TOTAL_VARIATION else 2.0))


def test_lifts_are_close_for_shifted_gaussians() -> None:
    tv, h = 2 * norm.cdf(0.5) - 1, 2 - 2 * math.exp(-1 / 8)
    by_name = {lift.name: lift.lift for lift in lifts_to(KL)}
    assert 0.3 < by_name["total_variation"](tv) < 0.5
    assert by_name["squared_hellinger"](h) == pytest.approx(0.25)
