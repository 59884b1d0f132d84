"""The synthetic law: draws against moments, the density against its integral, modes in their places."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from vdm_cli.data.mixture import GaussianMixture

CORRELATED = [[1.0, 0.6, 0.0], [0.6, 2.0, -0.3], [0.0, -0.3, 0.5]]
LAWS = {
    "gaussian": GaussianMixture.gaussian([1.0, -2.0, 0.5], covariance=CORRELATED),
    "diagonal": GaussianMixture.gaussian([1.0, -2.0], std=[0.1, 3.0]),
    "line": GaussianMixture.mixture([-1.0, 2.0], weights=[33, 67], stds=[0.255, 1.414]),
    "correlated": GaussianMixture.mixture(
        [[0.0, 0.0, 0.0], [3.0, 0.0, 1.0]], weights=[0.2, 0.8], covariances=[CORRELATED, np.eye(3).tolist()]
    ),
    "ring": GaussianMixture.ring(8, 1.0, 0.01),
    "grid": GaussianMixture.grid(5, 2.0, 0.05),
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


@every_law
def test_draws_have_the_moments_of_the_law(law: GaussianMixture) -> None:
    """Mean and covariance within 5 SE, the errors estimated from the draws."""
    n = 40_000
    x = np.asarray(law.sample(jax.random.key(0), n), np.float64)
    assert x.shape == (n, law.dim)
    centered = x - law.mean
    assert np.all(np.abs(centered.mean(axis=0)) < 5.0 * centered.std(axis=0) / math.sqrt(n))
    products = np.einsum("ni,nj->nij", centered, centered)
    error = products.std(axis=0) / math.sqrt(n)
    assert np.all(np.abs(products.mean(axis=0) - law.covariance) < 5.0 * error)


def test_components_are_drawn_in_proportion() -> None:
    """Shares within 5 SE, and each component has its own spread."""
    law, n = LAWS["line"], 40_000
    x = np.asarray(
        GaussianMixture.mixture([0.0, 100.0], weights=[33, 67], stds=[0.5, 2.0]).sample(jax.random.key(1), n)
    )
    low = x[x < 50.0]
    assert abs(len(low) / n - law.weights[0]) < 5.0 * math.sqrt(0.33 * 0.67 / n)
    assert abs(low.std() - 0.5) < 5.0 * 0.5 / math.sqrt(2 * len(low))
    assert abs(x[x > 50.0].std() - 2.0) < 5.0 * 2.0 / math.sqrt(2 * (n - len(low)))


def test_sampling_is_pure_jittable_and_single_precision() -> None:
    law = LAWS["correlated"]
    draw = jax.jit(law.sample, static_argnums=1)
    first, again = draw(jax.random.key(7), 16), draw(jax.random.key(7), 16)
    assert first.dtype == jnp.float32
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, draw(jax.random.key(8), 16))


def test_log_density_is_that_of_scipy() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)) * 3.0
    law = LAWS["correlated"]
    parts = [
        weight * stats.multivariate_normal(mean, scale @ scale.T).pdf(x)
        for weight, mean, scale in zip(law.weights, law.means, law.scales, strict=True)
    ]
    np.testing.assert_allclose(law.log_density(x), np.log(np.sum(parts, axis=0)), rtol=1e-10)
    np.testing.assert_allclose(law.log_density(np.tile(x, (2000, 1)))[-50:], law.log_density(x), rtol=1e-14)


def test_density_integrates_to_one() -> None:
    x = np.linspace(-12.0, 16.0, 20_001)[:, None]
    assert np.trapezoid(np.exp(LAWS["line"].log_density(x)), x[:, 0]) == pytest.approx(1.0, abs=1e-9)
    ticks = np.linspace(-1.1, 1.1, 1101)  # five to a standard deviation
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    total = np.exp(LAWS["ring"].log_density(points)).sum() * (ticks[1] - ticks[0]) ** 2
    assert total == pytest.approx(1.0, abs=1e-9)


def test_density_far_out_is_finite_and_keeps_float64() -> None:
    law = GaussianMixture.ring(8, 1.0, 0.01)
    value = law.log_density([[100.0, 0.0]])
    assert value.dtype == np.float64
    assert value[0] == pytest.approx(-0.5 * (99.0 / 0.01) ** 2 - math.log(8 * 2 * math.pi * 1e-4), rel=1e-12)


@pytest.mark.parametrize("modes", [1, 3, 8])
def test_ring_modes_stand_at_their_angles(modes: int) -> None:
    law = GaussianMixture.ring(modes, 2.0, 0.01)
    angles = np.arctan2(law.means[:, 1], law.means[:, 0]) % (2.0 * np.pi)
    np.testing.assert_allclose(angles, 2.0 * np.pi * np.arange(modes) / modes, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(law.means, axis=1), 2.0)
    np.testing.assert_allclose(law.scales, np.tile(0.01 * np.eye(2), (modes, 1, 1)))


def test_grid_is_centered() -> None:
    law = GaussianMixture.grid(5, 2.0, 0.05)
    assert {tuple(mean) for mean in law.means} == {(a, b) for a in range(-4, 5, 2) for b in range(-4, 5, 2)}
    np.testing.assert_allclose(law.mean, 0.0, atol=1e-15)
    np.testing.assert_allclose(law.covariance, (8.0 + 0.0025) * np.eye(2), atol=1e-12)
    assert GaussianMixture.grid(2, 1.0, 0.1).means.tolist() == [
        [-0.5, -0.5],
        [-0.5, 0.5],
        [0.5, -0.5],
        [0.5, 0.5],
    ]


def test_defaults_are_standard() -> None:
    assert GaussianMixture.gaussian(0.0).scales.tolist() == [[[1.0]]]
    assert GaussianMixture.gaussian([0.0, 1.0], std=2.0).covariance.tolist() == [[4.0, 0.0], [0.0, 4.0]]
    law = GaussianMixture.mixture([[0.0, 0.0], [2.0, 0.0]])
    assert law.weights.tolist() == [0.5, 0.5]
    assert law.covariance.tolist() == [[2.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"means": [[0.0, 0.0]], "stds": [1.0, 2.0]}, "stds must be 1 or 1 positive numbers"),
        ({"means": [0.0, 1.0], "stds": [1.0, -1.0]}, "stds must be 1 or 2 positive numbers"),
        ({"means": [0.0, 1.0], "weights": [1.0]}, "weights must be 2 positive numbers"),
        ({"means": [0.0, 1.0], "weights": [1.0, 0.0]}, "weights must be 2 positive numbers"),
        ({"means": [0.0], "stds": 1.0, "covariances": [[[1.0]]]}, "stds or covariances, not both"),
        ({"means": [0.0, 1.0], "covariances": [[[1.0]]]}, "1 covariances for 2 means"),
        ({"means": [[0.0, 0.0]], "covariances": [[[1.0]]]}, "symmetric 2 x 2"),
        ({"means": [[0.0, 0.0]], "covariances": [[[1.0, 2.0], [2.0, 1.0]]]}, "positive definite"),
        ({"means": [math.inf]}, "finite"),
        ({"means": 0.0}, r"means must have shape \(k, d\)"),
    ],
)
def test_impossible_laws_are_refused(arguments: dict[str, ArrayLike], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixture.mixture(**arguments)  # type: ignore[arg-type]


def test_rows_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\), got \(3, 1\)"):
        LAWS["ring"].log_density(np.zeros((3, 1)))
