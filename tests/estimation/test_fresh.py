from __future__ import annotations

import math

import numpy as np
import pytest

from vdm_cli.estimation.fresh import fresh_critic_bound

FIT, EVAL = 1500, 500


def _ring(rng: np.random.Generator, rows: int, std: float) -> np.ndarray:
    angle = rng.integers(0, 8, rows) * (np.pi / 4)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + std * rng.normal(size=(rows, 2))


@pytest.fixture(scope="module")
def bounds() -> dict[str, float]:
    """Ring data against models of growing quality."""
    rng = np.random.default_rng(0)
    data = _ring(rng, FIT + EVAL, 0.05)
    models = {
        "disjoint": rng.normal(size=(FIT + EVAL, 2)) + 50.0,
        "untrained": 0.1 * rng.normal(size=(FIT + EVAL, 2)),
        "half-trained": _ring(rng, FIT + EVAL, 0.25),
        "nearly": _ring(rng, FIT + EVAL, 0.08),
        "truth": _ring(rng, FIT + EVAL, 0.05),
    }
    return {
        name: fresh_critic_bound(data[:FIT], model[:FIT], data[FIT:], model[FIT:])
        for name, model in models.items()
    }


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
    p = rng.normal(size=(FIT + EVAL, 2))
    q = rng.normal(size=(4, FIT + EVAL, 2)) + shifts[:, None, None] * [1.0, 0.0]
    found = np.array([fresh_critic_bound(p[:FIT], rows[:FIT], p[FIT:], rows[FIT:]) for rows in q])
    assert (np.diff(found) > 0).all()
    # Known at shift 0, 1, 2; 4 standard errors of 500 rows a side, about .015 each.
    np.testing.assert_allclose(found[:3], [0.0, 0.11142, 0.33683], atol=0.06)


def test_narrow_differences_are_seen() -> None:
    """Modes half as wide as the data's, a two-hundredth of the ring: a small network finds nothing there."""
    rng = np.random.default_rng(2)
    data, model = _ring(rng, 12_000, 0.01), _ring(rng, 12_000, 0.005)
    assert fresh_critic_bound(data[:8000], model[:8000], data[8000:], model[8000:]) > 0.05


def test_the_same_rows_and_seed_give_the_same_bits() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.normal(size=(2000, 5)), rng.normal(0.3, 1.0, size=(2000, 5))
    found = {fresh_critic_bound(p[:1000], q[:1000], p[1000:], q[1000:], seed=4) for _ in range(3)}
    assert len(found) == 1
