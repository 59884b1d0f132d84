from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.training.schedules import annealed_weight, learning_rate

SCHEDULES = ("constant", "cosine", "linear")


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_without_warm_up_the_first_update_has_the_peak_rate(schedule: str) -> None:
    assert float(learning_rate(0.5, schedule, updates=100)(0)) == pytest.approx(0.5)


@pytest.mark.parametrize(("schedule", "end"), [("constant", 0.5), ("cosine", 0.1), ("linear", 0.1)])
@pytest.mark.parametrize("warmup", [0, 20])
def test_a_schedule_ends_at_its_final_fraction_and_stays_there(
    schedule: str, end: float, warmup: int
) -> None:
    rate = learning_rate(0.5, schedule, updates=100, warmup=warmup, final_fraction=0.2)
    np.testing.assert_allclose([rate(100), rate(150)], [end, end], rtol=1e-6)


@pytest.mark.parametrize(("schedule", "middle"), [("constant", 0.5), ("cosine", 0.3), ("linear", 0.3)])
def test_half_way_after_the_warm_up_a_schedule_is_half_way_down(schedule: str, middle: float) -> None:
    rate = learning_rate(0.5, schedule, updates=120, warmup=20, final_fraction=0.2)
    assert float(rate(70)) == pytest.approx(middle, rel=1e-6)


def test_the_cosine_is_flat_at_both_ends_and_the_line_is_not() -> None:
    cosine, linear = (learning_rate(1.0, kind, updates=100) for kind in ("cosine", "linear"))
    assert float(cosine(10)) == pytest.approx(0.5 * (1.0 + np.cos(0.1 * np.pi)), rel=1e-5)
    assert float(linear(10)) == pytest.approx(0.9, rel=1e-5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_warm_up_rises_in_a_line_from_zero_to_the_peak(schedule: str) -> None:
    rate = learning_rate(0.4, schedule, updates=100, warmup=10)
    np.testing.assert_allclose([rate(0), rate(5), rate(10)], [0.0, 0.2, 0.4], rtol=1e-6)


@pytest.mark.parametrize(("schedule", "middle"), [("linear", 4.25), ("exponential", 2.0)])
def test_a_weight_moves_from_its_initial_to_its_final_value(schedule: str, middle: float) -> None:
    weight = annealed_weight(8.0, 0.5, schedule, 100)
    values = [weight(jnp.int32(step)) for step in (0, 50, 100, 1000)]
    np.testing.assert_allclose(values, [8.0, middle, 0.5, 0.5], rtol=1e-6)


@pytest.mark.parametrize("schedule", ["linear", "exponential"])
def test_a_weight_can_also_rise(schedule: str) -> None:
    weight = annealed_weight(1e-3, 1e3, schedule, 10)
    values = [float(weight(jnp.int32(step))) for step in range(11)]
    assert values == sorted(values)
    np.testing.assert_allclose([values[0], values[-1]], [1e-3, 1e3], rtol=1e-5)
