from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.build.experiment import Experiment
from vdm_cli.errors import NonFiniteError
from vdm_cli.training.loop import Boundary, Progress, boundaries, run
from vdm_cli.training.state import TrainState

Build = Callable[..., Experiment]

pytestmark = pytest.mark.unoptimized

periods = st.integers(1, 40)


def test_boundaries_are_the_multiples_of_both_periods_and_the_last_step() -> None:
    assert list(boundaries(0, 25, 10, 15)) == [
        Boundary(10, False),
        Boundary(15, True),
        Boundary(20, False),
        Boundary(25, True),
    ]


@given(steps=st.integers(1, 200), log_every=periods, checkpoint_every=periods)
def test_the_last_boundary_is_the_last_step_and_a_checkpoint(
    steps: int, log_every: int, checkpoint_every: int
) -> None:
    plan = list(boundaries(0, steps, log_every, checkpoint_every))
    expected = {step for step in range(1, steps) if step % log_every == 0 or step % checkpoint_every == 0}
    assert [boundary.step for boundary in plan] == sorted({*expected, steps})
    assert {boundary.step for boundary in plan if boundary.checkpoint} == {
        *range(checkpoint_every, steps + 1, checkpoint_every),
        steps,
    }


@given(start=st.integers(0, 200), log_every=periods, checkpoint_every=periods)
def test_boundaries_do_not_depend_on_where_a_run_was_interrupted(
    start: int, log_every: int, checkpoint_every: int
) -> None:
    whole = list(boundaries(0, 200, log_every, checkpoint_every))
    resumed = list(boundaries(start, 200, log_every, checkpoint_every))
    assert resumed == [boundary for boundary in whole if boundary.step > start]


@pytest.fixture(scope="module")
def experiment(build: Build) -> Experiment:
    return build()


def observed(experiment: Experiment, stop_at: int | None = None) -> tuple[list[Progress], TrainState]:
    seen: list[Progress] = []

    def observe(progress: Progress) -> bool:
        seen.append(progress)
        return progress.step != stop_at

    plan = boundaries(0, 12, 4, 8)
    return seen, run(experiment.program, experiment.initial_state(), plan, 0, observe)


def test_an_observer_sees_every_boundary_with_the_means_since_the_last_one(experiment: Experiment) -> None:
    seen, state = observed(experiment)
    assert [(progress.step, progress.checkpoint) for progress in seen] == [(4, False), (8, True), (12, True)]
    assert int(state.step[0]) == 12
    _, metrics = experiment.program.advance(experiment.initial_state(), 12)
    for name, values in metrics.items():
        expected = np.asarray(values, np.float64).reshape(3, 4, 1).mean(axis=1)
        np.testing.assert_array_equal([progress.metrics[name] for progress in seen], expected)


def test_an_observer_that_says_no_ends_the_run(experiment: Experiment) -> None:
    seen, state = observed(experiment, stop_at=8)
    assert [progress.step for progress in seen] == [4, 8]
    assert int(state.step[0]) == 8


def test_a_run_that_explodes_names_the_first_step_and_quantity(build: Build) -> None:
    """A penalty on slopes grows faster than any rate that a raw score bears."""
    experiment = build(
        divergence="wasserstein",
        critic={"hidden": [8], "activation": "relu"},
        optimizers={
            "critic": {"kind": "sgd", "learning_rate": 1e3, "clip_norm": None},
            "generator": {"kind": "sgd", "learning_rate": 1e-3, "clip_norm": None},
        },
        objective={"penalties": [{"kind": "gradient_penalty", "weight": 10.0}]},
    )
    _, metrics = experiment.program.advance(experiment.initial_state(), 12)
    order = (
        "objective",
        "penalty",
        "critic_loss",
        "critic_gradient_norm",
        "generator_loss",
        "generator_gradient_norm",
    )
    bad = {name: np.flatnonzero(~np.isfinite(metrics[name][:, 0])) for name in order}
    first = min(steps[0] for steps in bad.values() if len(steps))
    cause = next(name for name in order if len(bad[name]) and bad[name][0] == first)
    assert first > 0
    with pytest.raises(
        NonFiniteError, match=rf"^step {first + 1}: {cause.replace('_', ' ')} is -?(inf|nan)$"
    ):
        observed(experiment)


def test_nothing_is_observed_of_a_chunk_that_is_not_finite(experiment: Experiment) -> None:
    seen: list[int] = []
    state = experiment.initial_state()
    broken = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), state.critic.params)
    state = state.replace(critic=state.critic.replace(params=broken))
    with pytest.raises(NonFiniteError, match=r"^step 1: bound is nan$"):
        run(
            experiment.program,
            state,
            boundaries(0, 12, 4, 8),
            0,
            lambda progress: bool(seen.append(progress.step)) or True,
        )
    assert not seen


def test_the_steps_of_a_resumed_run_are_counted_from_its_start(experiment: Experiment) -> None:
    state = experiment.initial_state()
    broken = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), state.generator.params)
    state = state.replace(generator=state.generator.replace(params=broken), step=state.step + 8)
    with pytest.raises(NonFiniteError, match=r"^step 9: bound is nan$"):
        run(experiment.program, state, boundaries(8, 12, 4, 8), 8, lambda progress: True)


def test_the_seed_that_is_not_finite_is_named(build: Build) -> None:
    experiment = build(training={"num_seeds": 3})
    state = experiment.initial_state()
    broken = jax.tree.map(lambda leaf: leaf.at[2].set(jnp.nan), state.critic.params)
    state = state.replace(critic=state.critic.replace(params=broken))
    with pytest.raises(NonFiniteError, match=r"^step 1: bound of seed index 2 is nan$"):
        run(experiment.program, state, boundaries(0, 8, 8, 8), 0, lambda progress: True)


def test_a_parameter_that_no_metric_sees_is_checked_at_a_checkpoint(build: Build) -> None:
    """The generator moves last: weights that overflow in the last step leave its metrics finite."""
    overflowing = {"kind": "adamw", "learning_rate": 1e3, "weight_decay": 1e38}
    experiment = build(optimizers={"generator": overflowing})
    run(experiment.program, experiment.initial_state(), iter([Boundary(1, False)]), 0, lambda progress: True)
    with pytest.raises(
        NonFiniteError, match=r"^step 1: generator parameter \['Dense_0'\]\['kernel'\] is not"
    ):
        run(
            experiment.program,
            experiment.initial_state(),
            iter([Boundary(1, True)]),
            0,
            lambda progress: True,
        )
