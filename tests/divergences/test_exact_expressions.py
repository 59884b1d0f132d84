"""Exact values of users' f: their twins' values, integrals of f itself, infinite ones and unknown ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.divergences.growth import growth
from vdm_cli.divergences.laws import Exponential, Laplace, Law, Uniform

CATALOG = catalog()
gaussian = GaussianMixture.gaussian
PAPER = GaussianMixture.mixture([-1.0, 2.0], weights=[0.33, 0.67], stds=[math.sqrt(0.065), math.sqrt(2.0)])
TWINS = {
    "kl": "u*log(u)",
    "reverse_kl": "-log(u)",
    "jensen_shannon": "0.5*(u*log(u) - (u+1)*log((u+1)/2))",
    "total_variation": "abs(u-1)/2",
    "squared_hellinger": "(sqrt(u)-1)**2",
    "pearson_chi2": "(u-1)**2",
    "neyman_chi2": "(1-u)**2/u",
    "jeffreys": "(u-1)*log(u)",
    "le_cam": "(u-1)**2/(u+1)",
}
PAIRS: dict[str, tuple[Law, Law]] = {
    "mixture": (PAPER, gaussian(1.3, 1.7)),
    "P wider": (gaussian(0.0, 1.5), gaussian(0.0, 1.0)),
    "Q wider": (gaussian(0.0, 1.0), gaussian(0.0, 1.5)),
    "log-ratios of hundreds": (gaussian(0.0, 1.0), gaussian(30.0, 1.0)),
    "P inside Q": (Uniform(0.0, 1.0), Uniform(0.0, 2.0)),
    "P beyond Q": (Exponential(1.0), Uniform(0.0, 2.0)),
    "half-line": (Exponential(1.0), Laplace(0.0, 1.0)),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_has_the_value_of_the_named_row(name: str) -> None:
    twin = expression_divergence(TWINS[name])
    for pair, (p, q) in PAIRS.items():
        truth = exact_divergence(CATALOG[name], p, q)
        assert truth is not None
        assert exact_divergence(twin, p, q) == pytest.approx(truth, rel=1e-8, abs=1e-10), pair


def test_a_twin_has_the_value_of_the_named_row_in_two_dimensions() -> None:
    p, q = gaussian([0.0, 0.0]), gaussian([0.5, 0.0], std=[1.2, 0.9])
    truth = exact_divergence(CATALOG["jensen_shannon"], p, q)
    assert truth is not None
    twin = expression_divergence(TWINS["jensen_shannon"])
    assert exact_divergence(twin, p, q) == pytest.approx(truth, rel=1e-8)
    assert exact_divergence(expression_divergence("exp(u)"), p, q) == math.inf


@pytest.mark.parametrize(
    ("text", "f"),
    [
        ("maximum(u - 2.7, 0)", lambda u: np.maximum(u - 2.7, 0)),
        ("abs(u - 0.5) + maximum(u - 2, 0)", lambda u: np.abs(u - 0.5) + np.maximum(u - 2, 0) - 0.5),
        ("u**1.03", lambda u: u**1.03 - 1),
        ("exp(u)", lambda u: np.exp(u) - np.e),
        ("exp(-u)", lambda u: np.exp(-u) - np.exp(-1)),
        ("u**4*log(u)**2 + 2*u**4 + u**2", lambda u: u**4 * np.log(u) ** 2 + 2 * u**4 + u**2 - 3),
    ],
)
def test_any_f_agrees_with_a_plain_rule(text: str, f: object) -> None:
    """q f(p/q) for a bounded ratio, by 2,000 midpoints a unit: 1e-6 where f has kinks."""
    assert callable(f)
    p, q = gaussian(0.3, 1.0), gaussian(0.0, 1.5)
    x = (np.arange(-30_000, 30_000) + 0.5) / 2000
    log_p, log_q = p.log_density(x[:, None]), q.log_density(x[:, None])
    total = float(np.sum(np.exp(log_q) * f(np.exp(log_p - log_q)))) / 2000
    found = exact_divergence(expression_divergence(text), p, q)
    assert found == pytest.approx(total, rel=2e-6)


@pytest.mark.parametrize(("shift", "kink"), [(1.3, 1.4), (1.0, 0.998)])
def test_hockey_stick_of_shifted_gaussians(shift: float, kink: float) -> None:
    """Balle and Wang 2018, theorem 8, for the Gaussian mechanism; one kink is beside a panel's end."""
    epsilon = shift * (kink - shift / 2)

    def cdf(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    delta = cdf(shift - kink) - math.exp(epsilon) * cdf(-kink)
    stick = expression_divergence("maximum(u - a, 0)", {"a": math.exp(epsilon)})
    assert exact_divergence(stick, gaussian(shift), gaussian(0.0)) == pytest.approx(delta, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "pair", "expected"),
    [
        ("exp(u)", "P wider", math.inf),  # the ratio is unbounded
        ("exp(u)", "P beyond Q", math.inf),
        ("exp(1/u)", "Q wider", math.inf),
        ("u**4*log(u)**2 + 2*u**4 + u**2", "P wider", math.inf),
        ("exp(log(u)**2)", "mixture", None),  # faster than every power, slower than e^u: neither is shown
        ("u**1.03", "log-ratios of hundreds", None),  # finite; f itself overflows
    ],
)
def test_infinite_or_unknown_rather_than_a_wrong_number(text: str, pair: str, expected: float | None) -> None:
    assert exact_divergence(expression_divergence(text), *PAIRS[pair]) == expected


@pytest.mark.parametrize(
    ("text", "exponents"),
    [
        ("u*log(u)", (0.0, 1.0)),
        ("u*log(1+u)**3", (0.0, 1.0)),
        ("u**2*log(1+u)", (0.0, 2.0)),
        ("u**1.01", (0.0, 1.01)),
        ("u**-0.01", (-0.01, 1.0)),
        ("u**-2*(1+log(1+1/u))", (-2.0, 1.0)),
        ("exp(u)", (0.0, math.inf)),
        ("exp(1/u)", (-math.inf, 1.0)),
    ],
)
def test_growth_is_a_power_up_to_logarithms(text: str, exponents: tuple[float, float]) -> None:
    assert growth(expression_divergence(text)) == pytest.approx(exponents, abs=1e-8)
