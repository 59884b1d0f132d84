"""Gradient penalties against critics whose gradients are known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.objectives.penalties import gradient_penalty, squared_gradient_norms


def test_linear_critic_has_the_squared_norm_of_its_weights() -> None:
    weights = jnp.array([1.0, -2.0, 0.5])
    x = jax.random.normal(jax.random.key(0), (7, 3))
    norms, scores, extra = squared_gradient_norms(lambda rows: (rows @ weights + 3.0, "state"), x)
    assert norms.shape == (7,)
    np.testing.assert_allclose(norms, np.full(7, 5.25), rtol=1e-6)
    np.testing.assert_allclose(scores, x @ weights + 3.0, rtol=1e-6)
    assert extra == "state"
    assert float(gradient_penalty(norms, 0.4)) == pytest.approx(0.5 * 0.4 * 5.25)


def test_quadratic_critic_has_four_times_its_squares() -> None:
    x = jax.random.normal(jax.random.key(1), (5, 2))
    norms, _, _ = squared_gradient_norms(lambda rows: (jnp.sum(jnp.square(rows), axis=1), None), x)
    np.testing.assert_allclose(norms, 4.0 * jnp.sum(jnp.square(x), axis=1), rtol=1e-6)
    assert float(gradient_penalty(norms, 2.0)) == pytest.approx(float(jnp.mean(norms)))


def test_images_are_summed_over_every_axis() -> None:
    x = jnp.ones((4, 3, 3, 2))
    norms, _, _ = squared_gradient_norms(
        lambda rows: (0.5 * jnp.sum(jnp.square(rows), axis=(1, 2, 3)), None), x
    )
    np.testing.assert_allclose(norms, np.full(4, 18.0), rtol=1e-6)


def test_penalty_is_differentiable_in_the_critic() -> None:
    """d/dw of gamma/2 w^2 is gamma w."""
    x = jnp.ones((6, 1))

    def penalty(w: jax.Array) -> jax.Array:
        norms, _, _ = squared_gradient_norms(lambda rows: (w * rows[:, 0], None), x)
        return gradient_penalty(norms, 0.3)

    assert float(jax.grad(penalty)(jnp.float32(2.0))) == pytest.approx(0.6)


def test_weight_may_be_traced() -> None:
    norms = jnp.array([1.0, 3.0])
    assert float(jax.jit(gradient_penalty)(norms, jnp.float32(0.5))) == pytest.approx(0.5)
