"""A user's f is a divergence like any other: equal to its built-in twin, stable, and always a lower bound."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.divergences.precision import double_precision

ALPHA = "(u**a - 1 - a*(u-1))/(a*(a-1))"
SKEWED = "p*u*log(u) - (1-p+p*u)*log(1-p+p*u)"
TWINS: list[tuple[FDivergence, str, dict[str, float]]] = [
    (catalog()["kl"], "u*log(u)", {}),
    (catalog()["reverse_kl"], "-log(u)", {}),
    (catalog()["jensen_shannon"], "0.5*(u*log(u) - (u+1)*log((u+1)/2))", {}),
    (catalog()["gan"], "u*log(u) - (u+1)*log(u+1)", {}),
    (catalog()["squared_hellinger"], "(sqrt(u) - 1)**2", {}),
    (catalog()["pearson_chi2"], "(u-1)**2", {}),
    (catalog()["neyman_chi2"], "(1-u)**2/u", {}),
    (catalog()["jeffreys"], "(u-1)*log(u)", {}),
    (catalog()["le_cam"], "(u-1)**2/(u+1)", {}),
    (skewed_jensen_shannon(0.3), SKEWED, {"p": 0.3}),
    (skewed_jensen_shannon(0.9), SKEWED, {"p": 0.9}),
    *((alpha_divergence(a), ALPHA, {"a": a}) for a in (-3.0, -0.5, 0.5, 0.7, 1.5, 2.0, 4.0)),
]
IDS = [row.label for row, _, _ in TWINS]
OWN = [
    "maximum(u - 2.7, 0)",
    "abs(u-1)**1.5",
    "maximum((u-1)**2, abs(u-1))",
    "exp(u)",
    "sqrt(1 + 100*(u-1)**2)",
]


def slopes(function: Elementwise, v: jax.Array) -> np.ndarray:
    return np.asarray(jax.vmap(jax.grad(function))(v), np.float64)


@pytest.mark.parametrize(("row", "text", "parameters"), TWINS, ids=IDS)
def test_twin_equals_its_built_in_in_float32(
    row: FDivergence, text: str, parameters: dict[str, float]
) -> None:
    """Value and gradient to 1e-6, relative above 1, for |v| <= 10; `gan` is shifted by f(1) = -log 4."""
    twin = expression_divergence(text, parameters)
    # where e^(k v) is taken of a rounded k v, the built-in itself is right to |k v| / 2^24 only
    fastest = (
        1.0 if row.name != "alpha" else max(abs(row.parameter or 0.0), abs((row.parameter or 0.0) - 1.0))
    )
    reach = min(10.0, 12.0 / fastest)
    v = jnp.linspace(-reach, reach, 2001, dtype=jnp.float32)
    for own, built_in, shift in (
        (twin.witness, row.witness, 0.0),
        (twin.witness_conjugate, row.witness_conjugate, row.at_equality),
    ):
        found, expected = np.asarray(own(v), np.float64), np.asarray(built_in(v), np.float64) + shift
        assert np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected))) < 1e-6
        found, expected = slopes(own, v), slopes(built_in, v)
        assert np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected))) < 1e-6
    assert twin.curvature == pytest.approx(row.curvature, rel=1e-12)
    assert twin.supremum == pytest.approx(row.supremum - row.at_equality, rel=1e-12)


@pytest.mark.parametrize(("row", "text", "parameters"), TWINS, ids=IDS)
def test_twin_equals_its_built_in_in_float64(
    row: FDivergence, text: str, parameters: dict[str, float]
) -> None:
    twin = expression_divergence(text, parameters)
    reach = min(row.score_limit, twin.score_limit)
    with double_precision():
        v = jnp.asarray(np.linspace(-reach, reach, 2001))
        u = jnp.asarray(np.geomspace(1e-3, 1e3, 51))
        np.testing.assert_allclose(twin.witness(v), row.witness(v), rtol=1e-11, atol=1e-11)
        conjugates = row.witness_conjugate(v) + row.at_equality
        np.testing.assert_allclose(twin.witness_conjugate(v), conjugates, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(twin.f(u), row.f(u) - row.at_equality, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("text", [text for _, text, parameters in TWINS if not parameters] + OWN)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_value_and_gradient_are_finite_up_to_the_score_limit(text: str, dtype: jnp.dtype) -> None:
    row = expression_divergence(text)
    v = jnp.asarray(np.linspace(-row.score_limit, row.score_limit, 2001), dtype)
    v = jnp.clip(v, -row.score_limit, row.score_limit)
    for function in (row.witness, row.witness_conjugate):
        assert function(v).dtype == dtype
        assert np.isfinite(np.asarray(function(v), np.float64)).all()
        assert np.isfinite(slopes(function, v)).all()


@pytest.mark.parametrize("text", OWN)
def test_witness_is_monotone_and_both_slopes_belong_together(text: str) -> None:
    """(f* after T)' = e^v T', away from the kinks."""
    row = expression_divergence(text)
    with double_precision():
        v = jnp.asarray(np.random.default_rng(0).uniform(-3.0, 3.0, 2001))
        steps = np.diff(np.asarray(row.witness(jnp.sort(v))))
        assert steps.min() >= -1e-12
        rises, falls = slopes(row.witness, v), slopes(row.witness_conjugate, v)
        np.testing.assert_allclose(falls, np.exp(v) * rises, rtol=1e-6, atol=1e-6)


@given(u=st.floats(1e-3, 1e3), v=st.floats(-6.9, 6.9), text=st.sampled_from(OWN[:3] + OWN[4:]))
def test_fenchel_young_holds_for_every_score(u: float, v: float, text: str) -> None:
    """u T(v) - f*(T(v)) <= f(u), with equality at v = log u: any critic gives a lower bound."""
    row = expression_divergence(text)
    with double_precision():
        point = jnp.asarray([v, math.log(u)], jnp.float64)
        bounds = u * np.asarray(row.witness(point)) - np.asarray(row.witness_conjugate(point))
        value = float(row.f(jnp.asarray([u], jnp.float64))[0])
    # beside a singular derivative the polynomials are good to 1e-3 of T, over a width of 1e-4
    slack = 1e-3 if "1.5" in text and min(abs(v), abs(math.log(u))) < 1e-2 else 1e-9
    assert bounds[0] <= value + slack * (1.0 + abs(value))
    assert bounds[1] == pytest.approx(value, rel=1e-7, abs=slack)


def test_dtype_shape_jit_and_vmap() -> None:
    row = expression_divergence("(u**a - 1 - a*(u-1))/(a*(a-1))", {"a": 0.7})
    v = jnp.linspace(-3.0, 3.0, 12).reshape(3, 4)
    for function in (row.witness, row.witness_conjugate, row.f):
        shaped = jnp.abs(v) + 0.1
        assert function(shaped).shape == (3, 4)
        assert function(shaped).dtype == jnp.float32
        np.testing.assert_allclose(jax.jit(function)(shaped), function(shaped), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(jax.vmap(function)(shaped), function(shaped), rtol=1e-6, atol=1e-7)
    assert jnp.isnan(row.witness(jnp.float32(math.nan)))


def test_beyond_the_table_logarithms_go_on_and_exponentials_overflow() -> None:
    kl = expression_divergence("u*log(u)")
    with double_precision():
        v = jnp.asarray([-500.0, 200.0])
        np.testing.assert_allclose(kl.witness(v), [-499.0, 201.0])
        assert kl.witness_conjugate(v).tolist() == [pytest.approx(0.0, abs=1e-20), math.inf]


def test_the_same_text_is_compiled_once() -> None:
    assert expression_divergence("u*log(u)") is expression_divergence("u*log(u)")
    assert expression_divergence("u**a", {"a": 2}) is expression_divergence("u**a", {"a": 2.0})
    assert expression_divergence("u**a", {"a": 2}) is not expression_divergence("u**a", {"a": 3})


@pytest.mark.parametrize(("row", "text", "parameters"), TWINS, ids=IDS)
def test_exact_value_equals_the_built_in_one(
    row: FDivergence, text: str, parameters: dict[str, float]
) -> None:
    twin = expression_divergence(text, parameters)
    p = GaussianMixture.mixture([-1.0, 2.0], [0.33, 0.67], [0.25, 1.4])
    for q in (GaussianMixture.gaussian(1.0, 1.8), GaussianMixture.gaussian(0.5, 1.41)):
        expected = exact_divergence(row, p, q)
        assert expected is not None
        assert exact_divergence(twin, p, q) == pytest.approx(expected - row.at_equality, rel=1e-7)
