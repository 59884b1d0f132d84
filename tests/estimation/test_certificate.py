from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from vdm_cli.divergences.catalog import KL, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.estimation.certificate import Certifier, largest_kl_limit

ALL = list(catalog().values())
CLOSED = {"kl": 0.5, "jensen_shannon": 0.11142, "total_variation": 0.38292, "squared_hellinger": 0.23501}


def certifier(shift: float, rows: int, rng: np.random.Generator, delta: float = 0.05) -> Certifier:
    """Of true log-ratios of N(shift/2, 1) and N(-shift/2, 1)."""
    v = [
        shift * (rng.normal(size=count) + sign * shift / 2) for count in (rows // 5, rows) for sign in (1, -1)
    ]
    return Certifier((v[0], v[1]), (v[2], v[3]), delta)


@pytest.mark.parametrize("name", CLOSED)
def test_most_of_a_known_divergence_is_certified(name: str) -> None:
    found = certifier(1.0, 5000, np.random.default_rng(0)).certify(catalog()[name])
    assert 0.8 * CLOSED[name] < found.limit < CLOSED[name]
    assert found.p_value < 1e-9


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_a_limit_exceeds_the_truth_as_seldom_as_it_says(shift: float) -> None:
    some = [catalog()[name] for name in ("kl", "gan", "total_variation", "neyman_chi2")]
    rng, repeats, delta = np.random.default_rng(1), 60, 0.2
    x = np.linspace(-12, 12, 20_001)
    density = np.exp(-((x + shift / 2) ** 2) / 2) / math.sqrt(2 * math.pi)
    failures = dict.fromkeys([each.label for each in some], 0)
    truth = {
        each.label: float(np.trapezoid(density * np.asarray(each.f(np.exp(shift * x))), x)) for each in some
    }
    for _ in range(repeats):
        found = certifier(shift, 400, rng, delta)
        for each in some:
            limit = found.certify(each).limit
            assert limit >= each.at_equality
            failures[each.label] += limit > truth[each.label] + 1e-5
    assert max(failures.values()) <= binom.ppf(0.999, repeats, delta)


def test_a_limit_is_above_equality_exactly_where_its_p_value_is_below_delta() -> None:
    rng = np.random.default_rng(2)
    seen = set()
    for shift in (0.0, 0.3, 0.5):
        for _ in range(3):
            found = certifier(shift, 300, rng)
            for each in (ALL[0], ALL[3], ALL[4], expression_divergence("abs(u-1)")):
                certificate = found.certify(each)
                assert (certificate.limit > each.at_equality) == (certificate.p_value < 0.05)
                seen.add(certificate.p_value < 0.05)
    assert seen == {True, False}


@pytest.mark.parametrize("rows", [60, 1000, 20_000])
def test_separated_scores_certify_kl_up_to_the_ceiling_of_their_number(rows: int) -> None:
    v = np.full(rows, 30.0)
    found = Certifier((v[: rows // 5], -v[: rows // 5]), (v, -v), 0.05)
    ceiling = largest_kl_limit(rows, 0.05)
    assert 0.6 * ceiling < found.certify(KL).limit <= ceiling
    for each in ALL:
        assert math.isfinite(found.certify(each).limit)


def test_the_ceiling_has_its_published_values() -> None:
    ceilings = [largest_kl_limit(n, 0.05) for n in (1000, 10_000, 100_000)]
    np.testing.assert_allclose(ceilings, [5.81, 8.11, 10.42], atol=0.01)


@pytest.mark.parametrize("divergence", ALL, ids=lambda d: d.label)
def test_constant_scores_certify_nothing(divergence: FDivergence) -> None:
    found = Certifier((np.zeros(10), np.zeros(10)), (np.zeros(40), np.zeros(30)), 0.05).certify(divergence)
    assert (found.limit, found.p_value) == (divergence.at_equality, 1.0)
