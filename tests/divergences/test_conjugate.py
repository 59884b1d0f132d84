"""Numeric conjugates against closed ones, f** against f, and what is said where f* is infinite or unknown."""

from __future__ import annotations

import math
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.divergences.catalog import KL, TOTAL_VARIATION, alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.conjugate import biconjugate, numeric_conjugate
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.divergences.precision import double_precision

ROWS = (
    *catalog().values(),
    *(alpha_divergence(a) for a in (-1.0, 1.5, 20.0)),
    skewed_jensen_shannon(0.8),
)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)


def numeric(row: FDivergence) -> Elementwise:
    return numeric_conjugate(row.witness, row.witness_conjugate, row.score_limit)


@lru_cache(maxsize=len(ROWS))
def evaluated(row: FDivergence) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """v, t, f*(t), f*'(t): t = T(v) on 97 scores, then two t below T's range, one above it, and nan."""
    v = np.linspace(-1.0, 1.0, 97) * min(12.0, row.score_limit)
    with double_precision():
        low, high = np.asarray(row.witness(jnp.array([-1.0, 1.0]) * row.score_limit))
        outside = [*(low - (1.0 + abs(low)) * np.array([0.1, 10.0])), 2.0 * abs(high) + 0.1, math.nan]
        t = jnp.concatenate([row.witness(jnp.asarray(v)), jnp.array(outside)])
        values, slopes = jax.jit(lambda t: jax.jvp(numeric(row), (t,), (jnp.ones_like(t),)))(t)
    return v, np.asarray(t), np.asarray(values), np.asarray(slopes)


@every_row
def test_closed_conjugate_is_the_numeric_one(row: FDivergence, float64: None) -> None:
    """From near one edge of the domain to near the other, on the flat part, and with f*'(t) = u."""
    v, t, values, slopes = (each[:97] for each in evaluated(row))
    np.testing.assert_allclose(values, row.conjugate(jnp.asarray(t)), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(values, row.witness_conjugate(jnp.asarray(v)), rtol=1e-6, atol=1e-9)
    if row is TOTAL_VARIATION:
        np.testing.assert_allclose(slopes[49:], 1.0)  # the kink at u = 1 holds every t in (-1/2, 1/2]
    elif row.label != "alpha:20":  # its t is -1/19 to every digit where v is not positive
        np.testing.assert_allclose(slopes, np.exp(v), rtol=1e-3 if row.name in ("le_cam", "alpha") else 1e-4)


@every_row
def test_outside_the_slopes_of_f_it_is_its_limit_or_infinite_or_unknown(
    row: FDivergence, float64: None
) -> None:
    _, t, values, slopes = (each[97:] for each in evaluated(row))
    low, high, unknown = values[:2], values[2], values[3]
    at_zero = float(row.f(jnp.array(1e-300)))  # -log u is 691 there; the finite ones are at most 1
    if at_zero > 100.0:
        assert np.isnan(low).all()
    else:
        np.testing.assert_allclose(low, -at_zero, atol=1e-9)
        np.testing.assert_allclose(row.conjugate(jnp.asarray(t[:2])), low, atol=1e-9)
        np.testing.assert_array_equal(slopes[:2], 0.0)
    slope = float(row.f(jnp.array(1e150))) / 1e150  # f(u)/u is log u, 345, or more, or at most 2
    assert math.isnan(high) if slope > 100.0 or math.isnan(slope) else high == math.inf
    assert math.isnan(unknown)


@every_row
def test_biconjugate_is_f(row: FDivergence, float64: None) -> None:
    u = jnp.exp(jnp.linspace(-1.0, 1.0, 41) * min(8.0, 0.9 * row.score_limit))
    np.testing.assert_allclose(jax.jit(biconjugate(row))(u), row.f(u), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("row", [catalog()["jensen_shannon"], expression_divergence("sqrt(1 + u**2)")])
def test_biconjugate_of_a_numeric_conjugate_is_f_and_nan_out_of_reach(
    row: FDivergence, float64: None
) -> None:
    u = jnp.array([-1.0, 0.0, 1e-3, 1.0, 7.0])
    values = jax.jit(biconjugate(row, numeric(row)))(u)
    np.testing.assert_allclose(values[2:], row.f(u[2:]), rtol=1e-6, atol=1e-9)
    assert np.isnan(values[:2]).all()


@pytest.mark.parametrize("name", ["kl", "jensen_shannon", "neyman_chi2"])
def test_second_derivative_is_that_of_the_closed_form(name: str, float64: None) -> None:
    row = catalog()[name]
    t = row.witness(jnp.linspace(-5.0, 5.0, 21))
    curvatures = (jax.jit(jax.vmap(jax.grad(jax.grad(f)))) for f in (numeric(row), row.conjugate))
    found, expected = (curvature(t) for curvature in curvatures)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_second_derivative_is_zero_where_the_slope_of_f_jumps(float64: None) -> None:
    t = jnp.array([-0.4, 0.0, 0.3])
    star = jax.jit(jax.vmap(jax.value_and_grad(jax.grad(numeric(TOTAL_VARIATION)))))
    np.testing.assert_allclose(star(t), np.array([np.ones(3), np.zeros(3)]), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "t", "expected"),
    [
        ("maximum(u - 2.7, 0)", (-1.0, 0.0, 0.4, 1.0, 1.1), (0.0, 0.0, 1.08, 2.7, math.inf)),
        ("exp(u)", (1.5, 3.0, 50.0), tuple(t * math.log(t) - t + math.e for t in (1.5, 3.0, 50.0))),
        (
            "sqrt(1 + u**2)",  # its f* is -sqrt(1 - t^2), and f(1) is subtracted
            (-1.0, 0.3, 0.999, 1.1),
            (math.sqrt(2) - 1, *(math.sqrt(2) - math.sqrt(1 - t**2) for t in (0.3, 0.999)), math.inf),
        ),
    ],
)
def test_conjugates_of_users_expressions(
    text: str, t: tuple[float, ...], expected: tuple[float, ...], float64: None
) -> None:
    row = expression_divergence(text)
    np.testing.assert_allclose(jax.jit(row.conjugate)(jnp.asarray(t)), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [(jnp.float32, 3e-6), (jnp.bfloat16, 0.05)])
def test_it_keeps_shape_and_dtype(dtype: jnp.dtype, tolerance: float) -> None:
    t = jnp.linspace(-2.0, 3.0, 12).astype(dtype).reshape(3, 4)
    star = numeric(KL)
    values, (mapped, slopes) = jax.jit(lambda t: (star(t), jax.vmap(jax.vmap(jax.value_and_grad(star)))(t)))(
        t
    )
    assert values.shape == slopes.shape == t.shape
    assert values.dtype == slopes.dtype == dtype
    np.testing.assert_array_equal(values, mapped)
    with double_precision():
        exact = KL.conjugate(jnp.asarray(t, jnp.float64))
    np.testing.assert_allclose(values.astype(jnp.float32), exact, rtol=tolerance)
