"""Every row of the catalog against the definitions T = f'(e^v), f*(T) = e^v f'(e^v) - f(e^v)."""

from __future__ import annotations

import math
from functools import partial
from typing import get_args

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.config.divergence import AlphaDivergence, PlainName, SkewedJensenShannon
from vdm_cli.divergences.catalog import (
    KL,
    PEARSON_CHI2,
    REVERSE_KL,
    SQUARED_HELLINGER,
    TOTAL_VARIATION,
    alpha_divergence,
    catalog,
    skewed_jensen_shannon,
)
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.precision import double_precision

ROWS = (
    *catalog().values(),
    *(alpha_divergence(a) for a in (-1.0, 0.3, 1.5, 2.0, 3.0)),
    skewed_jensen_shannon(0.8),
)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
SMOOTH = tuple(row for row in ROWS if row.training_link is None)
every_smooth_row = pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.label)


def scores(limit: float, count: int = 401) -> jax.Array:
    """A grid of log-ratios that avoids 0, where total variation has its kink."""
    return jnp.linspace(-limit, limit, count + 1 - count % 2)


def test_names_are_the_keys_and_those_of_the_schema() -> None:
    families = [section.model_fields["kind"].annotation for section in (SkewedJensenShannon, AlphaDivergence)]
    schema = [*get_args(PlainName), *(name for kind in families for name in get_args(kind))]
    assert list(catalog()) == schema
    assert all(name == row.name for name, row in catalog().items())


@every_row
def test_f_at_one(row: FDivergence, float64: None) -> None:
    assert float(row.f(jnp.array(1.0))) == pytest.approx(row.at_equality, abs=1e-15)
    assert (row.at_equality == 0.0) == (row.name != "gan")


@every_row
def test_pair_equals_its_definition_in_terms_of_f(row: FDivergence, float64: None) -> None:
    v = scores(10.0)
    u = jnp.exp(v)
    slope = jax.vmap(jax.grad(row.f))(u)
    composed = u * slope - row.f(u)
    np.testing.assert_allclose(row.witness(v), slope, rtol=1e-6, atol=1e-9)
    # at large u the composed form itself cancels: its own rounding is eps |f|
    rounding = 1e-14 * np.abs(np.asarray(row.f(u)))
    excess = np.abs(np.asarray(row.witness_conjugate(v) - composed)) - rounding
    assert np.all(excess <= 1e-6 * np.abs(np.asarray(composed)) + 1e-9)


@every_row
def test_conjugate_of_the_witness_is_the_fused_pair(row: FDivergence, float64: None) -> None:
    v = scores(8.0)
    np.testing.assert_allclose(row.conjugate(row.witness(v)), row.witness_conjugate(v), rtol=1e-6, atol=1e-9)


@every_row
def test_closed_conjugate_equals_the_numeric_supremum(row: FDivergence, float64: None) -> None:
    t = row.witness(scores(4.0, 20))
    u = jnp.exp(jnp.linspace(-12.0, 12.0, 24001))[:, None]
    values = u * t[None] - row.f(u)
    np.testing.assert_allclose(jnp.max(values, axis=0), row.conjugate(t), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    ("row", "below", "value"),
    [
        (PEARSON_CHI2, -5.0, -1.0),
        (TOTAL_VARIATION, -0.9, -0.5),
        (catalog()["le_cam"], -4.0, -1.0),
        (alpha_divergence(3.0), -2.0, -1.0 / 3.0),
    ],
    ids=lambda item: getattr(item, "label", str(item)),
)
def test_conjugate_is_constant_below_the_range_of_the_witness(
    row: FDivergence, below: float, value: float, float64: None
) -> None:
    assert float(row.conjugate(jnp.array(below))) == pytest.approx(value)


@every_row
@given(seed=st.integers(0, 10**6), spread=st.floats(0.01, 8.0))
@hypothesis.settings(max_examples=8)
def test_fenchel_young(row: FDivergence, seed: int, spread: float) -> None:
    log_u, v = np.random.default_rng(seed).uniform(-spread, spread, (2, 256))
    with double_precision():
        u, score = jnp.exp(jnp.asarray(log_u)), jnp.asarray(v)
        for witness, conjugate in ((row.witness, row.witness_conjugate), row.training_pair):
            product, right = np.asarray(u * witness(score)), np.asarray(row.f(u))
            rounding = 1e-12 * (1.0 + np.abs(product) + np.abs(right))
            assert np.all(product - conjugate(score) <= right + rounding)


@every_row
def test_witness_never_decreases(row: FDivergence, float64: None) -> None:
    for witness in (row.witness, row.training_pair[0]):
        values = np.asarray(witness(scores(row.score_limit)))
        assert np.all(np.diff(values) >= -1e-15 * np.abs(values[1:]))  # rounding where T is flat


@every_row
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_value_and_gradient_are_finite_up_to_the_score_limit(row: FDivergence, dtype: jnp.dtype) -> None:
    v = jnp.linspace(-row.score_limit, row.score_limit, 241).astype(dtype).reshape(241, 1)
    v = v[jnp.abs(v[:, 0].astype(jnp.float32)) <= row.score_limit]  # bfloat16 rounds outwards too
    for function in (row.witness, row.witness_conjugate, *row.training_pair):
        value = function(v)
        gradient = jax.grad(lambda x, g=function: jnp.sum(g(x).astype(jnp.float32)))(v)
        assert value.shape == v.shape
        assert value.dtype == gradient.dtype == dtype
        assert np.all(np.isfinite(value.astype(jnp.float32)))
        assert np.all(np.isfinite(gradient.astype(jnp.float32)))


@every_row
def test_float32_agrees_with_float64(row: FDivergence) -> None:
    v = np.linspace(-20.0, 20.0, 4001)
    for function in row.training_pair:
        single = np.asarray(function(jnp.asarray(v, jnp.float32)), np.float64)
        with double_precision():
            double = np.asarray(function(jnp.asarray(v.astype(np.float32).astype(np.float64))))
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=1e-6)


@every_smooth_row
def test_gradients_satisfy_the_first_order_condition(row: FDivergence, float64: None) -> None:
    """(f* after T)'(v) = e^v T'(v): the bound is stationary at the true log-ratio, and only there."""
    v = scores(10.0)
    witness, conjugate = (jax.vmap(jax.grad(g)) for g in (row.witness, row.witness_conjugate))
    np.testing.assert_allclose(conjugate(v), jnp.exp(v) * witness(v), rtol=1e-6, atol=1e-12)


@every_smooth_row
def test_curvature_is_the_second_derivative_at_one(row: FDivergence, float64: None) -> None:
    assert float(jax.grad(jax.grad(row.f))(jnp.array(1.0))) == pytest.approx(row.curvature, rel=1e-9)


def test_a_kink_has_no_curvature() -> None:
    assert math.isnan(TOTAL_VARIATION.curvature)


@every_row
def test_supremum_is_the_limit_of_separated_laws(row: FDivergence, float64: None) -> None:
    """sup D_f = f(0) + lim f(u)/u (Liese and Vajda 2006, theorem 5)."""
    limit = row.score_limit
    total = float(row.witness(jnp.array(limit)) - row.witness_conjugate(jnp.array(-limit)))
    if row.bounded:
        assert total == pytest.approx(row.supremum, rel=1e-6, abs=1e-12)
    else:
        assert total > 20.0


@every_row
def test_smooth_pair_stays_in_the_domain_of_the_conjugate(row: FDivergence, float64: None) -> None:
    v = scores(row.score_limit)
    witness, conjugate = row.training_pair
    if row.training_link is None:
        assert (witness, conjugate) == (row.witness, row.witness_conjugate)
    else:
        np.testing.assert_allclose(row.conjugate(witness(v)), conjugate(v), rtol=1e-12)
        edge = np.asarray(row.witness(jnp.array([-1.0, 1.0])))
        assert edge[0] <= float(jnp.min(witness(v)))
        assert float(jnp.max(witness(v))) <= edge[1]


@pytest.mark.parametrize(
    ("alpha", "target", "factor", "tolerance"),
    [
        (1.0 + 1e-7, KL, 1.0, 1e-5),
        (1e-7, REVERSE_KL, 1.0, 1e-5),
        (2.0, PEARSON_CHI2, 0.5, 1e-12),
        (0.5, SQUARED_HELLINGER, 2.0, 1e-12),
        (-1.0, catalog()["neyman_chi2"], 0.5, 1e-12),
    ],
    ids=lambda item: getattr(item, "label", str(item)),
)
def test_alpha_family_contains_the_named_rows(
    alpha: float, target: FDivergence, factor: float, tolerance: float, float64: None
) -> None:
    """Up to the gauge c (u - 1), which moves T and f* by constants and leaves D_f alone."""
    v = scores(3.0)
    zero = jnp.zeros(())
    row = alpha_divergence(alpha)
    for ours, theirs in ((row.witness, target.witness), (row.witness_conjugate, target.witness_conjugate)):
        np.testing.assert_allclose(
            ours(v) - ours(zero), factor * (theirs(v) - theirs(zero)), rtol=tolerance, atol=tolerance
        )


def test_half_is_the_symmetric_skew(float64: None) -> None:
    row, usual = skewed_jensen_shannon(0.5), catalog()["jensen_shannon"]
    v = scores(20.0)
    np.testing.assert_allclose(row.witness(v), usual.witness(v), rtol=1e-12, atol=1e-14)
    assert row.supremum == pytest.approx(usual.supremum)


@pytest.mark.parametrize(
    "make",
    [
        partial(alpha_divergence, 0.0),
        partial(alpha_divergence, 1.0),
        partial(alpha_divergence, math.inf),
        partial(skewed_jensen_shannon, 0.0),
        partial(skewed_jensen_shannon, 1.0),
    ],
)
def test_parameters_outside_the_family_are_refused(make: partial[FDivergence]) -> None:
    with pytest.raises(ValueError, match="must"):
        make()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_gradients_keep_their_digits_in_float32_where_the_critic_is_sure(row):
    """Adam rescales small gradients, so their relative error counts; v up to the default score bound."""
    v = np.linspace(-10.0, 10.0, 81)
    for function in row.training_pair:
        single = jax.vmap(jax.grad(function))(jnp.asarray(v, jnp.float32))
        with double_precision():
            exact = np.asarray(jax.vmap(jax.grad(function))(jnp.asarray(v)))
        np.testing.assert_allclose(single, exact, rtol=2e-5)
