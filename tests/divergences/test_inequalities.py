"""What the divergences of one pair satisfy together, for random pairs; the limits of the alpha family."""

from __future__ import annotations

import math

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.laws import Exponential, Laplace, Law, Uniform
from vdm_cli.divergences.monte_carlo import monte_carlo

CATALOG = catalog()
NAMES = [
    "kl",
    "reverse_kl",
    "jensen_shannon",
    "total_variation",
    "squared_hellinger",
    "pearson_chi2",
    "le_cam",
]
ROWS = [CATALOG[name] for name in NAMES]
gaussian, mixture = GaussianMixture.gaussian, GaussianMixture.mixture

stds = st.floats(0.2, 4.0)
shifts = st.floats(-6.0, 6.0)


def assert_inequalities(values: dict[str, float], slack: float = 1e-9) -> None:
    kl, reverse, js, tv, hellinger, chi2, le_cam = (values[name] for name in NAMES)
    assert min(values.values()) >= 0.0
    assert tv**2 <= 0.5 * min(kl, reverse) + slack  # Pinsker
    assert hellinger / 2.0 - slack <= tv <= math.sqrt(hellinger * (1.0 - hellinger / 4.0)) + slack  # Le Cam
    assert js <= math.log(2.0) * tv + slack
    assert kl <= math.log1p(chi2) + slack
    assert min(kl, reverse) >= -2.0 * math.log1p(-min(hellinger / 2.0, 1.0 - 1e-16)) - slack
    assert hellinger - slack <= le_cam <= 2.0 * hellinger + slack


def exact(p: Law, q: Law) -> dict[str, float]:
    values = {row.name: exact_divergence(row, p, q) for row in ROWS}
    return {name: value for name, value in values.items() if value is not None}


@given(shift=shifts, p_std=stds, q_std=stds)
def test_gaussian_pairs_in_one_dimension(shift: float, p_std: float, q_std: float) -> None:
    assert_inequalities(exact(gaussian(shift, p_std), gaussian(0.0, q_std)))


@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.integers(2, 6),
    directions=st.integers(0, 1),
    size=st.floats(0.0, 3.0),
)
@hypothesis.settings(max_examples=15)
def test_gaussian_pairs_in_more_dimensions(seed: int, dim: int, directions: int, size: float) -> None:
    """Covariances A A' and A (I + c u u') A', so that the pair differs in two directions at most."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dim, dim)) + 2.0 * np.eye(dim)
    axis = rng.normal(size=dim)
    spread = np.eye(dim) + directions * rng.uniform(-0.7, 2.0) * np.outer(axis, axis) / (axis @ axis)
    shift = root @ (size * axis / np.linalg.norm(axis))
    values = exact(
        gaussian(shift, covariance=root @ spread @ root.T), gaussian(0 * shift, covariance=root @ root.T)
    )
    assert_inequalities(values, slack=1e-7)


@given(seed=st.integers(0, 2**32 - 1), dim=st.integers(3, 8))
@hypothesis.settings(max_examples=6)
def test_gaussian_pairs_that_differ_in_every_direction(seed: int, dim: int) -> None:
    """Total variation, JS and Le Cam are then sample means: 6 standard errors of slack."""
    rng = np.random.default_rng(seed)
    p, q = gaussian(rng.normal(size=dim), std=rng.uniform(0.5, 1.3, dim)), gaussian(np.zeros(dim))
    values = exact(p, q)
    rest = [row for row in ROWS if row.name not in values]
    assert {row.name for row in rest} == {"jensen_shannon", "total_variation", "le_cam"}
    means = [mean for mean in monte_carlo(rest, p, q, draws=20_000) if mean is not None]
    values |= {row.name: mean.value for row, mean in zip(rest, means, strict=True)}
    assert_inequalities(values, slack=6.0 * max(mean.standard_error for mean in means))


@given(shift=st.floats(0.0, 5.0), p_std=stds, q_std=stds, weight=st.floats(0.05, 0.95))
@hypothesis.settings(max_examples=15)
def test_mixtures(shift: float, p_std: float, q_std: float, weight: float) -> None:
    p, q = mixture([0.0, shift], [weight, 1.0 - weight], [p_std, 1.0]), gaussian(0.5, q_std)
    assert_inequalities(exact(p, q))


@given(location=shifts, scale=stds, rate=st.floats(0.2, 4.0))
@hypothesis.settings(max_examples=15)
def test_laws_of_other_kinds(location: float, scale: float, rate: float) -> None:
    laws: list[Law] = [Laplace(location, scale), Exponential(rate), Uniform(location, location + scale)]
    for p in laws:
        for q in laws:
            if p is not q:
                assert_inequalities(exact(p, q))


@pytest.mark.parametrize("shift", [1e-2, 1e-4, 1e-6, 1e-9, 1e-300])
def test_close_laws_have_half_of_curvature_times_chi_square(shift: float) -> None:
    """Up to a term of third order, and rounding at 1e-16 of a density."""
    for means in ([0.0, 2.0], [[0.0, 0.0], [1.0, 2.0]]):
        moved = np.array(means)
        moved[1:] += shift
        p, q = mixture(moved, stds=[0.8, 0.9]), mixture(means, stds=[0.8, 0.9])
        chi2 = exact_divergence(CATALOG["pearson_chi2"], p, q)
        assert chi2 is not None
        for row in CATALOG.values():
            if row.name != "total_variation":  # has no curvature
                value = exact_divergence(row, p, q)
                expected = row.at_equality + 0.5 * row.curvature * chi2
                assert value == pytest.approx(expected, abs=shift * chi2 * row.curvature + 3e-15)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (gaussian(0.7, 1.1), gaussian(0.0, 1.0)),
        (gaussian([0.5, 0.2, -0.4], std=[0.9, 1.2, 1.0]), gaussian(np.zeros(3))),
        (mixture([0.0, 2.0], stds=[0.8, 0.9]), gaussian(1.0, 1.4)),
        (Exponential(1.0), Exponential(1.4)),
        (Laplace(0.0, 1.0), Laplace(0.5, 1.2)),
        (Uniform(0.0, 1.0), Uniform(0.0, 1.5)),
    ],
    ids=["gaussian", "three dimensions", "mixture", "exponential", "laplace", "uniform"],
)
def test_alpha_passes_through_the_named_divergences(p: Law, q: Law) -> None:
    """a -> 0 reverse KL, a = 1/2 twice Hellinger, a -> 1 KL, a = 2 half of chi-square."""
    hellinger, chi2 = (
        exact_divergence(CATALOG[name], p, q) for name in ("squared_hellinger", "pearson_chi2")
    )
    assert hellinger is not None
    assert chi2 is not None
    assert exact_divergence(alpha_divergence(0.5), p, q) == pytest.approx(2.0 * hellinger, rel=1e-12)
    assert exact_divergence(alpha_divergence(2.0), p, q) == pytest.approx(0.5 * chi2, rel=1e-12)
    for limit, name in ((1.0, "kl"), (0.0, "reverse_kl")):
        target = exact_divergence(CATALOG[name], p, q)
        below, above = (exact_divergence(alpha_divergence(limit + step), p, q) for step in (-1e-4, 1e-4))
        assert target is not None
        assert below is not None
        assert above is not None
        if math.isinf(target):  # Q has mass outside P's support: 1/(a (1-a)) of it at a = step
            assert below == math.inf
            assert above > 1e3
        else:  # the two errors of first order cancel
            assert 0.5 * (below + above) == pytest.approx(target, rel=1e-6)
            assert below == pytest.approx(target, rel=1e-3)
