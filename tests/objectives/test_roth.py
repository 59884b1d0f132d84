"""Roth's penalty: the forms that are computed, for either link, against the paper's own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.links import paper_link
from vdm_cli.objectives.penalties import roth_penalty, squared_gradient_norms

ROWS = (*catalog().values(), alpha_divergence(-1.0), alpha_divergence(1.5), skewed_jensen_shannon(0.8))
CURVED = [row for row in ROWS if row.training_link is None]  # f* of total variation is piecewise linear
LINKED = [row for row in CURVED if row.formulas and row.formulas.paper_link]


def critic(x: jax.Array) -> jax.Array:
    """A smooth score of rows (n, 2), between -3 and 3."""
    return jnp.tanh(x[:, 0]) + jnp.sin(2.0 * x[:, 1]) + jnp.tanh(x[:, 0] * x[:, 1])


@pytest.mark.parametrize("row", CURVED, ids=lambda row: row.label)
def test_the_fused_form_is_the_unfused_one(row: FDivergence, float64: None) -> None:
    norms, scores = squared_norms_and_scores()
    found = float(roth_penalty(norms, scores, row.training_pair[1], 0.7))
    assert found == pytest.approx(unfused(row, row.witness), rel=1e-7)
    assert found > 0.0


@pytest.mark.parametrize("row", LINKED, ids=lambda row: row.label)
def test_the_general_form_is_the_unfused_one(row: FDivergence, float64: None) -> None:
    norms, scores = squared_norms_and_scores()
    link = paper_link(row)
    found = float(
        jax.jit(lambda v: roth_penalty(norms, v, link.witness_conjugate, 0.7, link.witness))(scores)
    )
    assert found == pytest.approx(unfused(row, link.witness), rel=1e-7)
    assert found > 0.0


def squared_norms_and_scores() -> tuple[jax.Array, jax.Array]:
    x = jax.random.normal(jax.random.key(0), (64, 2))
    norms, scores, _ = squared_gradient_norms(lambda rows: (critic(rows), None), x)
    return norms, scores


def unfused(row: FDivergence, witness: Elementwise) -> float:
    """gamma/2 E f*''(T) ||grad T||^2, with f* differentiated twice in t and T differentiated in x."""
    x = jax.random.normal(jax.random.key(0), (64, 2))
    curvature = jax.vmap(jax.grad(jax.grad(row.conjugate)))(witness(critic(x)))
    squared, _, _ = squared_gradient_norms(lambda rows: (witness(critic(rows)), None), x)
    return float(0.5 * 0.7 * jnp.mean(curvature * squared))


def test_total_variation_weighs_by_the_slope_of_its_surrogate(float64: None) -> None:
    """d/dv tanh(v/2)/2 = 1 / (4 cosh^2(v/2))."""
    scores = jnp.linspace(-6.0, 6.0, 13)
    found = roth_penalty(jnp.ones(13), scores, catalog()["total_variation"].training_pair[1], 2.0)
    assert float(found) == pytest.approx(float(jnp.mean(0.25 / jnp.cosh(0.5 * scores) ** 2)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_it_is_finite_with_its_gradient_at_the_largest_scores(row: FDivergence) -> None:
    scores = jnp.array([-10.0, 0.0, 10.0])
    penalty = lambda v: roth_penalty(jnp.ones(3), v, row.training_pair[1], 1.0)  # noqa: E731
    assert np.isfinite(penalty(scores))
    assert np.isfinite(jax.grad(penalty)(scores)).all()


@pytest.mark.parametrize("row", LINKED, ids=lambda row: row.label)
def test_the_general_form_is_finite_with_its_gradient_at_the_largest_scores(row: FDivergence) -> None:
    link = paper_link(row)
    scores = jnp.array([-1.0, -0.5, 0.0, 0.5, 1.0]) * min(link.score_limit, 60.0)
    penalty = lambda v: roth_penalty(jnp.ones(5), v, link.witness_conjugate, 1.0, link.witness)  # noqa: E731
    value, gradient = jax.jit(jax.value_and_grad(penalty))(scores)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_the_general_form_is_finite_where_the_slope_of_the_witness_underflows() -> None:
    """At v = 200, T = -e^-v has no slope in float32; there S'' alone is left, which is 0."""
    row = catalog()["reverse_kl"]
    penalty = lambda v: roth_penalty(jnp.ones(1), v, row.witness_conjugate, 1.0, row.witness)  # noqa: E731
    value, gradient = jax.jit(jax.value_and_grad(penalty))(jnp.array([200.0]))
    assert float(value) == float(gradient[0]) == 0.0
