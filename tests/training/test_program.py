from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from training.conftest import tiny
from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import Experiment, build_experiment
from vdm_cli.data.source import Batch, FreshSource
from vdm_cli.training.program import Program
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import DATA_STREAM, stream

Build = Callable[..., Experiment]


def words(tree: Any) -> list[np.ndarray]:
    """Every leaf on the host, keys as their words."""
    return [
        np.asarray(
            jax.random.key_data(leaf) if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf
        )
        for leaf in jax.tree.leaves(tree)
    ]


def identical(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(words(a), words(b), strict=True))


def through_the_host(state: TrainState) -> TrainState:
    """A copy that shares nothing with the device, as a checkpoint restores it."""
    key = jax.random.wrap_key_data(np.array(jax.random.key_data(state.key)))
    host = jax.tree.map(lambda leaf: np.array(leaf), state.replace(key=0))
    return jax.tree.map(jax.numpy.asarray, host).replace(key=key)


@pytest.fixture(scope="module", params=[True, False], ids=["scan", "loop"])
def experiment(build: Build, request: pytest.FixtureRequest) -> Experiment:
    """A chunk is one compiled scan, or a loop over one compiled step."""
    made = build(
        generator={"hidden": [8], "normalization": "batch"},
        critic={"hidden": [8], "normalization": "spectral"},
    )
    return dataclasses.replace(made, program=dataclasses.replace(made.program, scans=request.param))


@pytest.fixture(scope="module")
def unchunked(experiment: Experiment) -> tuple[TrainState, dict[str, np.ndarray]]:
    return experiment.program.advance(experiment.initial_state(), 12)


def test_chunks_do_not_change_a_bit(
    experiment: Experiment, unchunked: tuple[TrainState, dict[str, np.ndarray]]
) -> None:
    state, parts = experiment.initial_state(), []
    for _ in range(3):
        state, metrics = experiment.program.advance(state, 4)
        parts.append(metrics)
    assert identical(state, unchunked[0])
    for name, values in unchunked[1].items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_a_state_resumed_from_a_host_copy_does_not_change_a_bit(
    experiment: Experiment, unchunked: tuple[TrainState, dict[str, np.ndarray]]
) -> None:
    state, _ = experiment.program.advance(experiment.initial_state(), 4)
    state = through_the_host(state)
    for _ in range(2):
        state, _ = experiment.program.advance(through_the_host(state), 4)
    assert identical(state, unchunked[0])


def test_fresh_draws_and_interpolates_are_the_same_however_the_run_is_chunked(build: Build) -> None:
    """Both are a function of the run's key and the step: what resuming relies on."""
    penalty = {"kind": "gradient_penalty", "weight": 10.0}
    experiment = build(divergence="wasserstein", objective={"penalties": [penalty]})
    law, transform = experiment.dataset.law, experiment.dataset.transform
    assert law is not None
    program = dataclasses.replace(experiment.program, source=FreshSource(law, transform, (1, 16)))
    whole, _ = program.advance(experiment.initial_state(), 4)
    state = experiment.initial_state()
    for _ in range(2):
        state, _ = program.advance(state, 2)
    assert identical(state, whole)


def counting(state: TrainState, batch: Batch) -> tuple[TrainState, dict[str, jax.Array]]:
    """A step that hands its rows out instead of learning from them."""
    return state.replace(step=state.step + 1), {"x": batch.x}


def test_every_step_sees_the_rows_of_its_own_number(build: Build) -> None:
    source = build().program.source
    program = Program(counting, source)
    state = build().initial_state()
    key = stream(state.key[0], DATA_STREAM)
    expected = [np.asarray(source.take(source.data, key, jax.numpy.int32(step)).x) for step in range(4)]
    _, seen = program.advance(state, 4)
    np.testing.assert_array_equal(seen["x"][:, 0], expected)
    assert all(not np.array_equal(expected[0], other) for other in expected[1:])


def test_many_chunks_of_one_length_are_traced_once(build: Build) -> None:
    experiment = build()
    traces = []

    def counted(state: TrainState, batch: Batch) -> Any:
        traces.append(1)
        return counting(state, batch)

    program = Program(counted, experiment.program.source)
    state = experiment.initial_state()
    state, _ = program.advance(state, 4)
    first = len(traces)
    for _ in range(5):
        state, _ = program.advance(through_the_host(state), 4)
    assert len(traces) == first
    program.advance(state, 3)
    assert len(traces) > first


def test_a_loop_compiles_one_step_for_chunks_of_any_length(build: Build) -> None:
    experiment = build()
    traces = []

    def counted(state: TrainState, batch: Batch) -> Any:
        traces.append(1)
        return counting(state, batch)

    program = Program(counted, experiment.program.source, scans=False)
    state = experiment.initial_state()
    for steps in (1, 4, 3):
        state, metrics = program.advance(state, steps)
        assert metrics["x"].shape == (steps, 1, 1, 16, 2)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("generator", "critic", "convolves"),
    [("mlp", "mlp", False), ("conv", "mlp", True), ("mlp", "residual", True)],
)
@pytest.mark.unoptimized
def test_convolutions_are_not_scanned_on_a_cpu(generator: str, critic: str, convolves: bool) -> None:
    config = tiny(data={"kind": "digits"}, generator={"kind": generator}, critic={"kind": critic})
    experiment = build_experiment(config, load_dataset(config.data, 0))
    assert experiment.program.scans == (not (convolves and jax.default_backend() == "cpu"))


def test_the_state_is_donated(experiment: Experiment) -> None:
    state = experiment.initial_state()
    experiment.program.advance(state, 4)
    kept = [
        leaf
        for leaf in jax.tree.leaves((state.generator, state.critic, state.average))
        if leaf.size > 1 and not leaf.is_deleted()  # a spectral norm is overwritten unread
    ]
    assert not kept


@pytest.fixture(scope="module")
def three_seeds(build: Build) -> Experiment:
    return build(training={"num_seeds": 3})


@pytest.mark.unoptimized
def test_several_seeds_are_the_single_runs_up_to_rounding(three_seeds: Experiment) -> None:
    initial = through_the_host(three_seeds.initial_state())
    together, metrics = three_seeds.program.advance(three_seeds.initial_state(), 8)
    assert metrics["bound"].shape == (8, 3)
    for index in range(3):
        own = through_the_host(jax.tree.map(lambda leaf: leaf[index : index + 1], initial))  # noqa: B023
        alone, single = three_seeds.program.advance(own, 8)
        np.testing.assert_allclose(metrics["bound"][:, index], single["bound"][:, 0], rtol=1e-3, atol=1e-5)
        for x, y in zip(words(together), words(alone), strict=True):
            np.testing.assert_allclose(x[index], y[0], rtol=1e-3, atol=1e-4)


@pytest.mark.unoptimized
def test_seeds_start_and_train_apart(three_seeds: Experiment) -> None:
    start = through_the_host(three_seeds.initial_state())
    after, metrics = three_seeds.program.advance(three_seeds.initial_state(), 8)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        for state in (start, after):
            kernel = state.generator.params["Dense_0"]["kernel"]
            assert not np.array_equal(kernel[first], kernel[second])
        assert not np.array_equal(metrics["bound"][:, first], metrics["bound"][:, second])


@pytest.mark.unoptimized
def test_each_seed_draws_its_own_rows(three_seeds: Experiment) -> None:
    """Seeds with equal weights and different keys part ways; with equal keys they do not."""
    start = through_the_host(three_seeds.initial_state())
    equal = jax.tree.map(lambda leaf: jax.numpy.stack([leaf[0]] * 3), start.replace(key=None))
    keys = jax.random.wrap_key_data(np.array(jax.random.key_data(start.key)))[np.array([0, 0, 1])]
    _, metrics = three_seeds.program.advance(equal.replace(key=keys), 8)
    np.testing.assert_array_equal(metrics["bound"][:, 0], metrics["bound"][:, 1])
    assert not np.any(metrics["bound"][:, 0] == metrics["bound"][:, 2])
