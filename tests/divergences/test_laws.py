"""Exponential, Laplace and uniform laws: printed values, closed forms against quadrature, and infinity."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.divergences.closed_forms import closed_form
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.laws import Exponential, Laplace, LineLaw, Uniform
from vdm_cli.divergences.quadrature import quadrature

CATALOG = catalog()
ROWS = {**CATALOG, "alpha 1.5": alpha_divergence(1.5), "alpha -0.5": alpha_divergence(-0.5)}
gaussian = GaussianMixture.gaussian


@pytest.mark.parametrize(
    ("name", "exponentials", "uniforms"),
    [
        ("kl", 0.30685, math.log(2.0)),
        ("reverse_kl", 0.19315, math.inf),
        ("jensen_shannon", 0.05378, 0.21576),
        ("total_variation", 0.25, 0.5),
        ("squared_hellinger", 0.11438, 0.58579),
        ("pearson_chi2", math.inf, 1.0),
    ],
)
def test_printed_values(name: str, exponentials: float, uniforms: float) -> None:
    row = CATALOG[name]
    for p, q, printed in (
        (Exponential(1.0), Exponential(2.0), exponentials),
        (Uniform(0.0, 1.0), Uniform(0.0, 2.0), uniforms),
    ):
        assert exact_divergence(row, p, q) == pytest.approx(printed, abs=6e-6)


@pytest.mark.parametrize("law", [Exponential(1.7), Laplace(-0.5, 0.4), Uniform(-1.0, 2.5)], ids=repr)
def test_density_integrates_to_one_over_its_support_and_is_zero_outside(law: LineLaw) -> None:
    low, high = law.support
    marks = sorted({low, high, *law.pieces.low, *law.pieces.high})

    def density(x: float) -> float:
        return float(np.exp(law.log_density(np.array([[x]])))[0])

    mass = sum(quad(density, a, b)[0] for a, b in pairwise(marks))
    assert mass == pytest.approx(1.0, abs=1e-9)
    for outside in (low - 1.0, high + 1.0):
        if math.isfinite(outside):
            assert density(outside) == 0.0


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Exponential(1.0), Exponential(1.6)),
        (Exponential(3.0), Exponential(1.0)),
        (Laplace(0.0, 1.0), Laplace(1.5, 1.0)),
        (Laplace(2.0, 0.7), Laplace(-1.0, 1.1)),
        (Laplace(0.0, 1.0), Laplace(0.0, 1.3)),
        (Uniform(0.0, 1.0), Uniform(-0.5, 2.0)),
        (Uniform(0.0, 1.0), Uniform(0.5, 2.0)),
        (Uniform(0.0, 1.0), Uniform(3.0, 4.0)),
    ],
    ids=str,
)
def test_closed_form_equals_quadrature(p: LineLaw, q: LineLaw) -> None:
    for name, row in ROWS.items():
        closed = closed_form(row, p, q)
        if closed is not None:
            excess = quadrature(row, p, q)
            assert excess is not None
            assert closed == pytest.approx(row.at_equality + excess, rel=1e-9, abs=1e-12), name


def test_the_textbook_pairs_have_closed_forms() -> None:
    for p, q in ((Exponential(1.0), Exponential(1.6)), (Laplace(0.0, 1.0), Laplace(1.5, 1.0))):
        for name in ("kl", "reverse_kl", "jeffreys", "pearson_chi2", "squared_hellinger", "total_variation"):
            assert closed_form(CATALOG[name], p, q) is not None
    for row in CATALOG.values():
        assert closed_form(row, Uniform(0.0, 1.0), Uniform(0.5, 2.0)) is not None


@pytest.mark.parametrize(
    ("name", "p", "q", "finite"),
    [
        ("pearson_chi2", Exponential(0.51), Exponential(1.0), True),
        ("pearson_chi2", Exponential(0.5), Exponential(1.0), False),
        ("neyman_chi2", Exponential(1.0), Exponential(0.51), True),
        ("neyman_chi2", Exponential(1.0), Exponential(0.5), False),
        ("pearson_chi2", Laplace(0.0, 1.99), Laplace(0.3, 1.0), True),
        ("pearson_chi2", Laplace(0.0, 2.0), Laplace(0.3, 1.0), False),
        ("pearson_chi2", Exponential(0.51), Laplace(0.0, 1.0), True),
        ("pearson_chi2", Exponential(0.5), Laplace(0.0, 1.0), False),
        ("pearson_chi2", gaussian(0.0, 5.0), Laplace(0.0, 0.1), True),  # about e^625
        ("pearson_chi2", Laplace(0.0, 0.1), gaussian(0.0, 5.0), False),
        ("kl", Laplace(0.0, 1.0), gaussian(0.0, 0.5), True),
        ("kl", gaussian(0.0, 1.0), Exponential(1.0), False),
        ("reverse_kl", Exponential(1.0), gaussian(0.0, 1.0), False),
        ("reverse_kl", gaussian(0.0, 1.0), Exponential(1.0), True),
        ("jeffreys", Uniform(0.0, 1.0), Uniform(0.0, 1.0), True),
        ("jeffreys", Uniform(0.0, 1.0), Uniform(0.0, 1.1), False),
    ],
)
def test_infinite_where_tails_or_supports_make_it_so(name: str, p: LineLaw, q: LineLaw, finite: bool) -> None:
    value = exact_divergence(CATALOG[name], p, q)
    assert value is not None
    assert math.isfinite(value) == finite


def test_disjoint_supports_reach_the_supremum() -> None:
    for row in CATALOG.values():
        for q in (Uniform(3.0, 4.0), Uniform(1.0, 2.0)):
            assert exact_divergence(row, Uniform(0.0, 1.0), q) == pytest.approx(row.supremum, abs=1e-12)


def test_a_narrow_law_beside_a_wide_one_is_not_missed() -> None:
    """KL is then cross entropy less entropy."""
    narrow = 1e-6
    for p, entropy in (
        (Uniform(0.3, 0.3 + narrow), math.log(narrow)),
        (Laplace(0.3, narrow), 1.0 + math.log(2.0 * narrow)),
    ):
        cross = 0.5 * math.log(2.0 * math.pi * 1e4) + 0.5 * 0.3**2 / 1e4
        assert exact_divergence(CATALOG["kl"], p, gaussian(0.0, 100.0)) == pytest.approx(
            cross - entropy, rel=1e-9
        )


def test_extreme_scales_give_values_and_no_warning() -> None:
    """Far from 0, x itself is rounded; far apart, densities and powers of them leave float64."""
    pairs = [
        (Laplace(0.0, 1e-40), Laplace(5.0, 1.0)),
        (Laplace(0.0, 1.0), Laplace(1e8, 1e-3)),
        (Exponential(1e-20), Exponential(1e20)),
        (gaussian(1.7e9, 0.02), gaussian(1.7e9 + 0.05, 0.03)),
        (Uniform(0.0, 1.0), Uniform(0.0, 1.0 + 1e-15)),
        (Uniform(-1e100, 1e100), gaussian(0.0, 1.0)),
    ]
    for p, q in pairs:
        for row in (*CATALOG.values(), alpha_divergence(10.0), alpha_divergence(-9.0)):
            value = exact_divergence(row, p, q)
            assert value is not None
            assert row.at_equality <= value <= row.supremum


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exponential(0.0), "rate must be positive and finite, got 0.0"),
        (lambda: Exponential(math.inf), "rate must be positive"),
        (lambda: Laplace(math.nan, 1.0), "location must be finite, got nan"),
        (lambda: Laplace(0.0, -1.0), "scale must be positive"),
        (lambda: Uniform(1.0, 1.0), "low must lie below high, got 1.0 and 1.0"),
        (lambda: Uniform(-math.inf, 1.0), "low must be finite"),
    ],
)
def test_impossible_parameters_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()


def test_other_dimensions_are_an_error() -> None:
    with pytest.raises(ValueError, match="P has 1 dimensions and Q has 2"):
        exact_divergence(CATALOG["kl"], Exponential(1.0), gaussian([0.0, 0.0]))
