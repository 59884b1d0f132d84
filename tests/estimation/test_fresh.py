from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.estimation.fresh import fresh_critic_bound

FIT, EVAL = 1500, 500


def _ring(rng: np.random.Generator, rows: int, std: float) -> np.ndarray:
    angle = rng.integers(0, 8, rows) * (np.pi / 4)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + std * rng.normal(size=(rows, 2))


@pytest.fixture(scope="module")
def bounds() -> dict[str, float]:
    """Ring data against models of growing quality, all in one call, as the trainer maps it over seeds."""
    rng = np.random.default_rng(0)
    data = jnp.asarray(_ring(rng, FIT + EVAL, 0.05), jnp.float32)
    models = {
        "disjoint": rng.normal(size=(FIT + EVAL, 2)) + 50.0,
        "untrained": 0.1 * rng.normal(size=(FIT + EVAL, 2)),
        "half-trained": _ring(rng, FIT + EVAL, 0.25),
        "nearly": _ring(rng, FIT + EVAL, 0.08),
        "truth": _ring(rng, FIT + EVAL, 0.05),
    }
    stacked = jnp.asarray(np.stack(list(models.values())), jnp.float32)
    keys = jax.random.split(jax.random.key(0), len(models))
    call = jax.jit(jax.vmap(fresh_critic_bound, in_axes=(0, None, 0, None, 0)))
    found = call(keys, data[:FIT], stacked[:, :FIT], data[FIT:], stacked[:, FIT:])
    return dict(zip(models, map(float, found), strict=True))


def test_better_models_get_smaller_bounds(bounds: dict[str, float]) -> None:
    # Standard error of a JS bound over 500 rows a side is at most about .02.
    assert bounds["untrained"] > bounds["half-trained"] + 0.1
    assert bounds["half-trained"] > bounds["nearly"] + 0.1
    assert bounds["nearly"] > bounds["truth"] + 0.03


def test_the_truth_is_near_zero_and_disjoint_supports_near_log_2(bounds: dict[str, float]) -> None:
    assert abs(bounds["truth"]) < 0.02
    assert 0.98 * math.log(2) < bounds["disjoint"] <= math.log(2)
    assert bounds["untrained"] > 0.9 * math.log(2)


def test_the_bound_rises_with_the_shift_towards_the_true_divergence() -> None:
    rng = np.random.default_rng(1)
    shifts = np.array([0.0, 1.0, 2.0, 4.0])
    p = jnp.asarray(rng.normal(size=(FIT + EVAL, 2)), jnp.float32)
    q = jnp.asarray(rng.normal(size=(4, FIT + EVAL, 2)) + shifts[:, None, None] * [1.0, 0.0], jnp.float32)
    keys = jax.random.split(jax.random.key(1), 4)
    call = jax.jit(jax.vmap(fresh_critic_bound, in_axes=(0, None, 0, None, 0)))
    found = np.asarray(call(keys, p[:FIT], q[:, :FIT], p[FIT:], q[:, FIT:]))
    assert (np.diff(found) > 0).all()
    # Known at shift 0, 1, 2; 4 standard errors of 500 rows a side, about .015 each.
    np.testing.assert_allclose(found[:3], [0.0, 0.11142, 0.33683], atol=0.06)
