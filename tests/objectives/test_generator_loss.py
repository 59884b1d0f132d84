"""Generator losses: which way they push, and that the minimax one is the bound's own gradient."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.objectives.bound import variational_bound
from vdm_cli.objectives.generator_loss import GeneratorLoss, minimax_loss, non_saturating_loss

ROWS = (*catalog().values(), alpha_divergence(-1.0), alpha_divergence(2.0))
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
SCORES = jnp.linspace(-4.0, 4.0, 9)


@every_row
def test_minimax_gradient_is_that_of_the_bound(row: FDivergence) -> None:
    ours = jax.grad(lambda v: minimax_loss(row, v))(SCORES)
    bound = jax.grad(lambda v: variational_bound(row, SCORES, v, smooth=True))(SCORES)
    np.testing.assert_allclose(ours, bound, rtol=1e-6)


@every_row
@pytest.mark.parametrize("loss", [minimax_loss, non_saturating_loss])
def test_every_loss_pushes_scores_up(row: FDivergence, loss: GeneratorLoss) -> None:
    """More like data means a higher score, so the descent direction of every row's score is up."""
    value, gradient = jax.value_and_grad(lambda v: loss(row, v))(SCORES)
    assert value.shape == ()
    assert np.all(np.asarray(gradient) < 0.0)


@every_row
def test_losses_have_equal_gradients_at_the_fixed_point(row: FDivergence, float64: None) -> None:
    """At v = 0, (f* after T)' = T': both losses agree where P = Q, and differ by e^v elsewhere."""
    scores = jnp.linspace(-4.0, 4.0, 9)
    minimax, other = (jax.grad(lambda v, g=g: g(row, v))(scores) for g in (minimax_loss, non_saturating_loss))
    assert float(minimax[4]) == pytest.approx(float(other[4]), rel=1e-6)
    if row.training_link is None:
        np.testing.assert_allclose(minimax, jnp.exp(scores) * other, rtol=1e-9)


def test_non_saturating_loss_pushes_harder_where_the_critic_is_sure() -> None:
    row, sure = catalog()["gan"], jnp.array([-8.0])
    minimax, other = (
        abs(float(jax.grad(lambda v, g=g: g(row, v))(sure)[0])) for g in (minimax_loss, non_saturating_loss)
    )
    assert minimax < 1e-3
    assert other > 0.99
