"""Every row against integrals that share nothing with ours: q f(p/q) in plain floats by scipy's quad.

Fifteen pairs of laws in one dimension, with and without closed forms, by twelve divergences.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.laws import Exponential, Laplace, Law, Uniform

CATALOG = catalog()
gaussian, mixture = GaussianMixture.gaussian, GaussianMixture.mixture
PAPER = mixture([-1.0, 2.0], weights=[0.33, 0.67], stds=[math.sqrt(0.065), math.sqrt(2.0)])

F: dict[str, Callable[[float], float]] = {
    "kl": lambda u: u * math.log(u),
    "reverse_kl": lambda u: -math.log(u),
    "jensen_shannon": lambda u: 0.5 * (u * math.log(u) - (u + 1) * math.log((u + 1) / 2)),
    "gan": lambda u: u * math.log(u) - (u + 1) * math.log(u + 1),
    "total_variation": lambda u: 0.5 * abs(u - 1),
    "squared_hellinger": lambda u: (math.sqrt(u) - 1) ** 2,
    "pearson_chi2": lambda u: (u - 1) ** 2,
    "neyman_chi2": lambda u: (1 - u) ** 2 / u,
    "jeffreys": lambda u: (u - 1) * math.log(u),
    "le_cam": lambda u: (u - 1) ** 2 / (u + 1),
    "skewed_jensen_shannon": lambda u: 0.3 * u * math.log(u) - (0.7 + 0.3 * u) * math.log(0.7 + 0.3 * u),
    "alpha": lambda u: (math.sqrt(u) - 1 - 0.5 * (u - 1)) / -0.25,
}
LOG2, INF = math.log(2.0), math.inf
ENDS = {  # f(0) and lim f(u)/u, on paper
    "kl": (0, INF),
    "reverse_kl": (INF, 0),
    "jensen_shannon": (LOG2 / 2, LOG2 / 2),
    "gan": (0, 0),
    "total_variation": (0.5, 0.5),
    "squared_hellinger": (1, 1),
    "pearson_chi2": (1, INF),
    "neyman_chi2": (INF, 1),
    "jeffreys": (INF, INF),
    "le_cam": (1, 1),
    "skewed_jensen_shannon": (-0.7 * math.log(0.7), -0.3 * math.log(0.3)),
    "alpha": (2, 2),
}
BOUNDED = ["jensen_shannon", "gan", "total_variation", "squared_hellinger", "le_cam"]
BOUNDED += ["skewed_jensen_shannon", "alpha"]
EVERY = list(F)


def without(*names: str) -> list[str]:
    return [name for name in EVERY if name not in names]


def test_every_row_of_the_catalog_is_here() -> None:
    assert list(F) == list(ENDS) == list(CATALOG)


PAIRS: dict[str, tuple[Law, Law, list[str]]] = {  # and the divergences that are finite
    "exponential|exponential": (Exponential(1.0), Exponential(2.0), without("pearson_chi2")),
    "laplace|laplace": (Laplace(0.3, 0.7), Laplace(-1.0, 1.1), EVERY),
    "laplace|laplace, one scale": (Laplace(0.0, 1.0), Laplace(1.5, 1.0), EVERY),
    "uniform|uniform within": (Uniform(0, 1), Uniform(0, 2), [*BOUNDED, "kl", "pearson_chi2"]),
    "uniform|uniform beside": (Uniform(0.0, 1.0), Uniform(0.4, 2.0), BOUNDED),
    "laplace|gaussian": (Laplace(0.0, 1.0), gaussian(0.5, 1.3), without("pearson_chi2")),
    "exponential|gaussian": (Exponential(1.0), gaussian(1.0, 1.0), [*BOUNDED, "kl"]),
    "gaussian|exponential": (gaussian(1.0, 1.0), Exponential(1.0), [*BOUNDED, "reverse_kl"]),
    "uniform|gaussian": (Uniform(-1.0, 2.0), gaussian(0.0, 1.0), [*BOUNDED, "kl", "pearson_chi2"]),
    "exponential|uniform": (Exponential(1.0), Uniform(0.5, 2.0), [*BOUNDED, "reverse_kl", "neyman_chi2"]),
    "laplace|exponential": (Laplace(0.3, 2.0), Exponential(1.0), [*BOUNDED, "reverse_kl", "neyman_chi2"]),
    "mixture|laplace": (PAPER, Laplace(0.5, 1.4), without("neyman_chi2")),
    "mixture|gaussian": (PAPER, gaussian(1.3, 1.7), EVERY),
    "gaussian|mixture": (gaussian(1.0, 1.2), PAPER, EVERY),
    "gaussian|gaussian": (gaussian(1.0, 1.1), gaussian(0.0, 1.3), EVERY),
}


def plain(law: Law) -> tuple[Callable[[float], float], list[float]]:
    """The density in plain floats, and where it changes its shape."""
    match law:
        case Exponential(rate):
            return lambda x: rate * math.exp(-rate * x) if x >= 0 else 0.0, [0, 1 / rate, 8 / rate, 60 / rate]
        case Laplace(location, scale):
            marks = [location + scale * step for step in (-80, -20, -6, 0, 6, 20, 80)]
            return lambda x: math.exp(-abs(x - location) / scale) / (2 * scale), marks
        case Uniform(low, high):
            return lambda x: 1 / (high - low) if low <= x <= high else 0.0, [low, high]
    assert isinstance(law, GaussianMixture)
    parts = [(w, m[0], s[0, 0]) for w, m, s in zip(law.weights, law.means, law.scales, strict=True)]
    marks = [m + s * step for _, m, s in parts for step in (-14, -5, -2, 0, 2, 5, 14)]

    def density(x: float) -> float:
        bells = (w * math.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi)) for w, m, s in parts)
        return max(float(sum(bells)), 1e-140)  # too far out to matter, and not outside the support

    return density, marks


def crossings(p: Callable[[float], float], q: Callable[[float], float], marks: list[float]) -> list[float]:
    """Where p = q, by bisection: there total variation has its kinks."""
    grid = np.linspace(min(marks), max(marks), 3001)
    found = []
    for low, high in pairwise(grid):
        sign = p(low) - q(low)
        if abs(sign) > 1e-130 and sign * (p(high) - q(high)) < 0:
            for _ in range(60):
                middle = 0.5 * (low + high)
                low, high = (middle, high) if (p(middle) - q(middle)) * sign > 0 else (low, middle)
            found.append(low)
    return found


def integral(name: str, p: Law, q: Law) -> float:
    (p_at, p_marks), (q_at, q_marks) = plain(p), plain(q)
    at_zero, at_infinity = ENDS[name]

    def integrand(x: float) -> float:
        p_here, q_here = p_at(x), q_at(x)
        if p_here == 0.0 or q_here == 0.0:
            return (p_here * at_infinity if p_here else 0.0) + (q_here * at_zero if q_here else 0.0)
        return q_here * F[name](p_here / q_here)

    marks = sorted(
        {*p_marks, *q_marks, *(crossings(p_at, q_at, p_marks + q_marks) if "total" in name else ())}
    )
    panels = [(low, high) for low, high in pairwise(marks) if high - low > 1e-13]
    return sum(quad(integrand, low, high, epsabs=1e-11, epsrel=1e-11)[0] for low, high in panels)


CASES = [(pair, name) for pair, (_, _, finite) in PAIRS.items() for name in finite]


def test_there_are_more_cases_than_promised() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(("pair", "name"), CASES)
def test_value_agrees_with_a_plain_integral(pair: str, name: str) -> None:
    p, q, _ = PAIRS[pair]
    truth = integral(name, p, q)
    assert exact_divergence(CATALOG[name], p, q) == pytest.approx(truth, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_what_the_plain_integral_cannot_tell_is_infinite(pair: str) -> None:
    p, q, finite = PAIRS[pair]
    for name in without(*finite):
        assert exact_divergence(CATALOG[name], p, q) == math.inf, name
