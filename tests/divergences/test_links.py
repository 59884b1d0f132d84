"""f-GAN's activations: in the domain of f*, increasing, composed right, finite, and refused where none is."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.divergences.catalog import LE_CAM, alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.divergences.links import paper_link
from vdm_cli.divergences.precision import double_precision
from vdm_cli.errors import UsageError

ROWS = (
    *(row for row in catalog().values() if row.formulas and row.formulas.paper_link),
    *(alpha_divergence(a) for a in (-20.0, -1.0, 0.85, 1.05, 3.0, 20.0)),
    *(skewed_jensen_shannon(pi) for pi in (0.01, 0.99)),
)
OWN = tuple(
    row for row in ROWS if row.name not in ("reverse_kl", "jensen_shannon", "gan")
)  # same as log-ratio
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
every_own_row = pytest.mark.parametrize("row", OWN, ids=lambda row: row.label)


def scores(row: FDivergence, limit: float, count: int = 96) -> np.ndarray:
    return np.linspace(-1.0, 1.0, count) * min(limit, paper_link(row).score_limit)


@every_row
def test_composed_form_is_the_conjugate_of_the_activation(row: FDivergence, float64: None) -> None:
    link, v = paper_link(row), jnp.asarray(scores(row, 12.0))
    t = link.witness(v)
    np.testing.assert_allclose(link.witness_conjugate(v), row.conjugate(t), rtol=1e-6, atol=1e-9)
    assert np.all(np.diff(t) > 0.0)


@pytest.mark.parametrize(
    "row", [row for row in OWN if row.name != "total_variation"], ids=lambda row: row.label
)
def test_its_values_are_those_of_the_other_link_elsewhere(row: FDivergence, float64: None) -> None:
    """(T, f* after T) is one curve, which the log-ratio link runs through at another speed."""
    link = paper_link(row)
    u = jnp.exp(jnp.linspace(-2.0, 2.0, 21))
    t = row.witness(jnp.log(u))
    low, high = (jnp.full_like(t, sign * min(link.score_limit, 100.0)) for sign in (-1.0, 1.0))
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = link.witness(middle) < t
        low, high = jnp.where(short, middle, low), jnp.where(short, high, middle)
    inside = (high < 99.0) & (low > -99.0) & (jnp.abs(high) < link.score_limit)
    assert inside.sum() >= 11  # u = 1 and more
    np.testing.assert_allclose(
        link.witness_conjugate(high)[inside],
        row.witness_conjugate(jnp.log(u))[inside],
        rtol=1e-6,
        atol=1e-9,
    )


@every_own_row
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_value_and_gradient_are_finite_up_to_its_own_limit(row: FDivergence, dtype: jnp.dtype) -> None:
    link = paper_link(row)
    v = jnp.asarray(scores(row, math.inf), dtype)
    v = jnp.where(jnp.abs(v.astype(jnp.float32)) <= link.score_limit, v, 0)  # bfloat16 rounds outwards too
    for function in (link.witness, link.witness_conjugate):
        value, gradient = jax.vmap(jax.value_and_grad(function))(v)
        assert value.dtype == gradient.dtype == dtype
        assert np.all(np.isfinite(value.astype(jnp.float32)))
        assert np.all(np.isfinite(gradient.astype(jnp.float32)))


@every_own_row
def test_float32_agrees_with_float64_in_value_and_gradient(row: FDivergence) -> None:
    link, v = paper_link(row), scores(row, 10.0).astype(np.float32)
    for function in (link.witness, link.witness_conjugate):
        single = jax.vmap(jax.value_and_grad(function))(jnp.asarray(v))
        with double_precision():
            double = jax.vmap(jax.value_and_grad(function))(jnp.asarray(v.astype(np.float64)))
        np.testing.assert_allclose(single[0], double[0], rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(single[1], double[1], rtol=2e-5, atol=1e-37)


@pytest.mark.parametrize(
    ("row", "witness", "conjugate"),
    [
        (catalog()["kl"], 2.0, math.e),
        (
            catalog()["jensen_shannon"],
            0.5 * (math.log(2) - math.log1p(math.exp(-2.0))),
            None,
        ),  # half the paper's
        (catalog()["neyman_chi2"], 1.0 - math.exp(-2.0), 2.0 - 2.0 / math.e),
        (catalog()["squared_hellinger"], 1.0 - math.exp(-2.0), math.exp(2.0) - 1.0),
        (catalog()["total_variation"], 0.5 * math.tanh(2.0), 0.5 * math.tanh(2.0)),
        (alpha_divergence(0.5), 2.0 - math.log1p(math.exp(-2.0)), 4.0 / math.log1p(math.exp(-2.0)) - 2.0),
        (alpha_divergence(3.0), 2.0, (5.0**1.5 - 1.0) / 3.0),
    ],
    ids=lambda item: getattr(item, "label", ""),
)
def test_values_at_the_score_2(
    row: FDivergence, witness: float, conjugate: float | None, float64: None
) -> None:
    link, v = paper_link(row), jnp.array(2.0)
    assert float(link.witness(v)) == pytest.approx(witness, rel=1e-12)
    if conjugate is not None:
        assert float(link.witness_conjugate(v)) == pytest.approx(conjugate, rel=1e-12)


@every_row
def test_the_score_of_equal_laws_is_within_the_limit(row: FDivergence, float64: None) -> None:
    """T = f'(1) must be in reach with room on both sides, or no run could end at P = Q."""
    link = paper_link(row)
    if row.name == "total_variation":
        reached = np.array([-0.45, 0.45])
    else:
        reached = np.asarray(row.witness(jnp.array([-0.1, 0.1])))
    ends = np.asarray(link.witness(jnp.array([-1.0, 1.0]) * min(link.score_limit, 10.0)))
    assert ends[0] < reached[0]
    assert reached[1] < ends[1]


@pytest.mark.parametrize("row", [LE_CAM, expression_divergence("u*log(u)")], ids=["le_cam", "expression"])
def test_a_divergence_without_a_row_is_told_which_have_one(row: FDivergence) -> None:
    with pytest.raises(UsageError, match=r"has no activation for .* it has one for kl, .* alpha. Leave"):
        paper_link(row)


def test_alpha_just_below_1_is_refused() -> None:
    with pytest.raises(UsageError, match=r"alpha:0.95 f.* overflows .* alpha <= 0.85 or > 1"):
        paper_link(alpha_divergence(0.95))
