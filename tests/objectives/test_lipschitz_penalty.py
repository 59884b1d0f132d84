"""WGAN-GP's penalty: on which rows, and of which gradients."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.objectives.penalties import interpolates, lipschitz_penalty, squared_gradient_norms


@pytest.mark.parametrize(
    ("sided", "target", "expected"),
    [
        ("two", 1.0, (1 + 0 + 4) / 3),
        ("one", 1.0, 4 / 3),
        ("two", 0.0, (0 + 1 + 9) / 3),
        ("one", 2.5, 0.25 / 3),
    ],
)
def test_it_is_the_mean_square_of_what_the_norm_lacks_or_exceeds(
    sided: Literal["two", "one"], target: float, expected: float
) -> None:
    squared_norms = jnp.array([0.0, 1.0, 9.0])
    found = lipschitz_penalty(squared_norms, 10.0, target, sided)
    assert float(found) == pytest.approx(10.0 * expected)


@pytest.mark.parametrize("sided", ["two", "one"])
def test_a_flat_critic_has_a_finite_gradient(sided: Literal["two", "one"]) -> None:
    x = jax.random.normal(jax.random.key(0), (5, 3))

    def penalty(weights: jax.Array) -> jax.Array:
        norms, _, _ = squared_gradient_norms(lambda rows: (rows @ weights, None), x)
        return lipschitz_penalty(norms, 10.0, 1.0, sided)

    value, gradient = jax.value_and_grad(penalty)(jnp.zeros(3))
    assert float(value) == (10.0 if sided == "two" else 0.0)
    np.testing.assert_array_equal(gradient, np.zeros(3))


def test_descending_it_makes_a_linear_critic_lipschitz_with_the_target() -> None:
    x = jnp.ones((4, 2))

    def penalty(weights: jax.Array) -> jax.Array:
        norms, _, _ = squared_gradient_norms(lambda rows: (rows @ weights, None), x)
        return lipschitz_penalty(norms, 1.0, 2.0)

    weights = jnp.array([0.3, -0.4])
    for _ in range(50):
        weights = weights - 0.25 * jax.grad(penalty)(weights)
    assert float(jnp.linalg.norm(weights)) == pytest.approx(2.0, abs=1e-4)


def test_interpolates_lie_between_their_own_two_rows() -> None:
    data, model = jnp.zeros((2000, 2, 3)), jnp.ones((2000, 2, 3)) * jnp.arange(1, 2001)[:, None, None]
    between = interpolates(jax.random.key(1), data, model)
    share = 1.0 - np.asarray(between) / np.arange(1, 2001)[:, None, None]
    np.testing.assert_allclose(share, np.broadcast_to(share[:, :1, :1], share.shape), atol=1e-6)  # one a row
    shares = share[:, 0, 0]
    assert shares.min() >= 0.0
    assert shares.max() <= 1.0
    assert shares.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / 2000))
