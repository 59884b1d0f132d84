"""Exact values of Gaussian mixtures: printed ones, closed forms, quadrature and sample means."""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.perspective import perspective
from vdm_cli.divergences.precision import double_precision
from vdm_cli.divergences.quadrature import quadrature

CATALOG = catalog()
ROWS = (*CATALOG.values(), alpha_divergence(-0.5), alpha_divergence(1.5), skewed_jensen_shannon(0.8))
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
gaussian, mixture = GaussianMixture.gaussian, GaussianMixture.mixture

# f-GAN's mixture; its table is reproduced to every printed digit by the variance .065, that is sd .25495
PAPER = mixture([-1.0, 2.0], weights=[0.33, 0.67], stds=[math.sqrt(0.065), math.sqrt(2.0)])


def value(row: FDivergence, p: GaussianMixture, q: GaussianMixture) -> float:
    exact = exact_divergence(row, p, q)
    assert exact is not None
    return exact


@pytest.mark.parametrize(
    ("name", "at_one", "at_two"),
    [
        ("kl", 0.5, 2.0),
        ("reverse_kl", 0.5, 2.0),
        ("jensen_shannon", 0.11142, 0.33683),
        ("total_variation", 0.38292, 0.68269),
        ("squared_hellinger", 0.23501, 0.78694),
        ("pearson_chi2", 1.71828, 53.59815),
    ],
)
def test_printed_values_at_equal_covariance(name: str, at_one: float, at_two: float) -> None:
    root = np.array([[1.0, 0.0, 0.0], [0.9, 0.5, 0.0], [-0.3, 0.2, 2.0]])
    for distance, printed in ((1.0, at_one), (2.0, at_two)):
        shift = root @ np.array([0.6, 0.0, 0.8]) * distance
        p, q = (gaussian(mean, covariance=root @ root.T) for mean in (shift, np.zeros(3)))
        assert value(CATALOG[name], p, q) == pytest.approx(printed, abs=6e-6)


@pytest.mark.parametrize(
    ("name", "mean", "std", "printed"),
    [
        ("kl", 1.0100, 1.8307, 0.28305),
        ("reverse_kl", 1.5781, 1.6312, 0.24821),
        ("jensen_shannon", 1.3069, 1.7540, 0.12808 / 2),
        ("jeffreys", 1.3216, 1.7029, 0.57081),
        ("pearson_chi2", 0.5737, 1.9273, 0.64578),
        ("neyman_chi2", 1.8248, 1.5186, 0.40518),
        ("squared_hellinger", 1.3129, 1.7327, 0.13468),
        ("total_variation", 1.3386, 1.8787, 0.23962),
    ],
)
def test_optima_of_the_f_gan_mixture(name: str, mean: float, std: float, printed: float) -> None:
    assert value(CATALOG[name], PAPER, gaussian(mean, std)) == pytest.approx(printed, abs=6e-6)


@pytest.mark.parametrize(
    "name",
    [
        "kl",
        "reverse_kl",
        "jeffreys",
        "pearson_chi2",
        "neyman_chi2",
        "alpha",
        "squared_hellinger",
        "total_variation",
    ],
)
@pytest.mark.parametrize(("shift", "ratio"), [(0.0, 1.2), (1.0, 1.0), (3.0, 0.9), (0.01, 1.001)])
def test_closed_form_equals_quadrature(name: str, shift: float, ratio: float) -> None:
    row, p, q = CATALOG[name], gaussian(shift - 1.0, 0.5 * ratio), gaussian(-1.0, 0.5)
    integral = quadrature(row, p, q)
    assert value(row, p, q) == pytest.approx(integral, rel=1e-9, abs=1e-14)


@every_row
def test_one_dimension_agrees_with_a_plain_rule(row: FDivergence) -> None:
    """An integration that shares nothing with ours: q f(p/q) itself, by one fixed rule."""
    p, q = mixture([-1.0, 2.0], weights=[1.0, 3.0], stds=[0.6, 1.0]), mixture([0.0, 2.5], stds=[0.9, 0.9])

    edges = np.array([-7.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 9.0])
    exact = value(row, p, q)
    if math.isinf(exact):
        pytest.skip("infinite")
    points, weights = np.polynomial.legendre.leggauss(200)
    x = (0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * points).ravel()
    shares = (0.5 * np.diff(edges)[:, None] * weights).ravel()
    log_p, log_q = p.log_density(x[:, None]), q.log_density(x[:, None])
    with double_precision():
        total = float(np.sum(shares * np.exp(log_q) * np.asarray(row.f(jnp.exp(jnp.asarray(log_p - log_q))))))
    assert exact == pytest.approx(total, rel=2e-4)


@every_row
def test_quadrature_agrees_with_monte_carlo(row: FDivergence) -> None:
    """Within 5 SE of E_Q of the integrand over q, from the law's own samples."""
    p = mixture([[0.0, 0.0], [1.0, 0.5]], covariances=[[[0.5, 0.2], [0.2, 0.5]], [[0.5, 0.0], [0.0, 0.5]]])
    q = gaussian([0.3, 0.1], std=0.8)
    draws = np.asarray(q.sample(jax.random.key(3), 40_000), np.float64)
    log_q = q.log_density(draws)
    terms = perspective(row, p.log_density(draws), log_q) / np.exp(log_q) + row.at_equality
    error = terms.std() / math.sqrt(len(terms))
    assert abs(terms.mean() - value(row, p, q)) < 5.0 * error


@pytest.mark.parametrize("name", ["kl", "jensen_shannon", "total_variation", "jeffreys"])
def test_two_dimensions_agree_with_one(name: str) -> None:
    """A second coordinate with the same law under P and Q changes nothing."""
    row = CATALOG[name]
    p1, q1 = mixture([-1.0, 2.0], stds=[0.5, 1.0]), mixture([0.0, 3.0], weights=[1.0, 2.0], stds=[0.9, 0.7])

    def with_noise(law: GaussianMixture) -> GaussianMixture:
        turn = np.array([[0.8, -0.6], [0.6, 0.8]])
        covariances = [turn @ np.diag([scale[0, 0] ** 2, 0.01]) @ turn.T for scale in law.scales]
        return mixture(
            np.hstack([law.means, np.zeros_like(law.means)]) @ turn.T, law.weights, None, covariances
        )

    assert value(row, with_noise(p1), with_noise(q1)) == pytest.approx(value(row, p1, q1), rel=1e-6)


def test_ring_against_a_wide_gaussian() -> None:
    """The modes do not overlap, so KL is an average of one mode's: cross entropy less entropy."""
    ring, wide = GaussianMixture.ring(8, 1.0, 0.01), gaussian([0.0, 0.0], 1.0)
    entropy = math.log(8) + 1.0 + math.log(2.0 * math.pi * 1e-4)
    cross = math.log(2.0 * math.pi) + 0.5 * (1.0 + 2e-4)
    assert value(CATALOG["kl"], ring, wide) == pytest.approx(cross - entropy, rel=1e-6)
    # E_wide[(p/q)^2] = 1/8 of one mode's, by the product of Gaussians at distance 1 from the center
    square = 1.0 / (1e-4 * (2.0 - 1e-4)) * math.exp(1.0 / (2.0 - 1e-4)) / 8.0
    assert value(CATALOG["pearson_chi2"], ring, wide) == pytest.approx(square - 1.0, rel=1e-6)
    assert value(CATALOG["neyman_chi2"], ring, wide) == math.inf


@pytest.mark.parametrize(
    ("row", "p_std", "q_std", "finite"),
    [
        (CATALOG["pearson_chi2"], 1.40, 1.0, True),
        (CATALOG["pearson_chi2"], 1.42, 1.0, False),
        (CATALOG["neyman_chi2"], 1.0, 1.40, True),
        (CATALOG["neyman_chi2"], 1.0, 1.42, False),
        (alpha_divergence(3.0), 1.21, 1.0, True),
        (alpha_divergence(3.0), 1.23, 1.0, False),
        (CATALOG["kl"], 5.0, 1.0, True),
        (CATALOG["jensen_shannon"], 50.0, 1.0, True),
    ],
    ids=lambda item: getattr(item, "label", str(item)),
)
def test_divergence_is_infinite_where_the_tails_are_too_heavy(
    row: FDivergence, p_std: float, q_std: float, finite: bool
) -> None:
    """P's variance reaches k/(k-1) times Q's.  The condition is on the widest components alone."""
    p, q = mixture([0.0, 1.0], stds=[0.3, p_std]), mixture([0.0, 1.0], stds=[0.3, q_std])
    assert math.isfinite(value(row, p, q)) == finite
    assert math.isfinite(value(row, gaussian(0.0, p_std), gaussian(0.0, q_std))) == finite
    p2, q2 = (mixture([[0.0, 0.0], [1.0, 0.0]], stds=[0.3, std]) for std in (p_std, q_std))
    if not finite:
        assert value(row, p2, q2) == math.inf


@every_row
def test_equal_laws_and_distant_laws(row: FDivergence) -> None:
    """f(1) at P = Q, the supremum (or a large value) far apart; no overflow on the way."""
    p = mixture([0.0, 1.0], stds=[0.5, 0.7])
    assert value(row, p, p) == pytest.approx(row.at_equality, abs=1e-13)
    far = value(row, gaussian(0.0, 0.01), gaussian(20.0, 0.01))
    if row.bounded:
        assert far == pytest.approx(row.supremum, rel=1e-9, abs=1e-9)
    else:
        assert far > 1e6


def test_far_kl_of_mixtures_is_accurate() -> None:
    """Log-ratios of thousands: KL between separated pairs of equal shape is half the squared distance."""
    p, q = mixture([0.0, 1000.0]), mixture([60.0, 1060.0])
    assert value(CATALOG["kl"], p, q) == pytest.approx(1800.0, rel=1e-9)
    assert value(CATALOG["jeffreys"], p, q) == pytest.approx(3600.0, rel=1e-9)


def test_scaled_f_scales_the_divergence() -> None:
    """A row divided by f''(1), as `normalize` does, keeps its name and must not keep its value."""
    row, p, q = CATALOG["pearson_chi2"], gaussian(0.5), gaussian(0.0)
    half = dataclasses.replace(
        row,
        witness=lambda v: 0.5 * row.witness(v),
        witness_conjugate=lambda v: 0.5 * row.witness_conjugate(v),
        curvature=0.5 * row.curvature,
    )
    assert value(half, p, q) == pytest.approx(0.5 * value(row, p, q))
    assert quadrature(half, p, q) == pytest.approx(0.5 * value(row, p, q))


def test_growth_is_measured_where_it_is_not_known() -> None:
    """A user's f has no name in our tables: chi-square under another name is infinite for the same pairs."""
    for name in ("pearson_chi2", "neyman_chi2", "kl", "reverse_kl", "jeffreys"):
        row, anonymous = CATALOG[name], dataclasses.replace(CATALOG[name], name="expression")
        for ratio in (0.68, 0.72, 1.0, 1.38, 1.43):
            p, q = gaussian(0.3, ratio), gaussian(0.0, 1.0)
            assert value(anonymous, p, q) == pytest.approx(value(row, p, q), rel=1e-8)


def test_out_of_reach_is_none_and_other_dimensions_are_an_error() -> None:
    row = CATALOG["jensen_shannon"]
    assert exact_divergence(row, mixture(np.eye(3)), gaussian(np.zeros(3))) is None
    assert (
        exact_divergence(row, gaussian(np.zeros(3), std=[1.0, 2.0, 3.0]), gaussian(np.ones(3), 5.0)) is None
    )
    wide = exact_divergence(row, gaussian(np.zeros(5), std=[1, 1, 1, 2.0, 1]), gaussian(np.eye(5)[0]))
    assert wide is not None
    with pytest.raises(ValueError, match="2 dimensions and Q has 1"):
        exact_divergence(row, gaussian([0.0, 0.0]), gaussian(0.0))
