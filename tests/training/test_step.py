from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vdm_cli.build.experiment import Experiment, initial_states
from vdm_cli.data.source import Batch
from vdm_cli.divergences.catalog import catalog
from vdm_cli.objectives.bound import variational_bound
from vdm_cli.training.state import Player, TrainState
from vdm_cli.training.step import (
    DATA_STREAM,
    LATENT_STREAM,
    Players,
    critic_scores,
    make_train_step,
    stream,
)

Build = Callable[..., Experiment]

pytestmark = pytest.mark.unoptimized

SMALL_SGD = {"kind": "sgd", "learning_rate": 1e-2, "schedule": "constant"}
UNIT_SGD = {"kind": "sgd", "learning_rate": 1.0, "schedule": "constant"}
NO_PENALTY = {"penalties": []}


def same(a: Any, b: Any) -> bool:
    return jax.tree.structure(a) == jax.tree.structure(b) and jax.tree.all(
        jax.tree.map(lambda x, y: bool(np.array_equal(x, y)), a, b)
    )


def assert_close(a: Any, b: Any, tolerance: float = 1e-5) -> None:
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance), a, b)


def single(players: Players, seed: int = 0) -> TrainState:
    """The state of one seed, without the axis of seeds."""
    states = initial_states(players, jax.random.split(jax.random.key(seed), 1))
    return jax.tree.map(lambda leaf: leaf[0], states)


def batch_of(experiment: Experiment, state: TrainState) -> Batch:
    source = experiment.program.source
    return source.take(source.data, stream(state.key, DATA_STREAM), state.step)


def latents(players: Players, state: TrainState, count: int) -> list[jax.Array]:
    """z of each ascent and, last, of the descent, from the documented key."""
    key = jax.random.fold_in(stream(state.key, LATENT_STREAM), state.step)
    return [players.latent.sample(own, count) for own in jax.random.split(key, players.critic_steps + 1)]


def fakes(players: Players, params: Any, aux: Any, z: jax.Array) -> jax.Array:
    return players.generator.apply(params, aux, z, True)[0]


def bound(
    players: Players, critic_params: Any, critic_aux: Any, real: jax.Array, fake: jax.Array
) -> jax.Array:
    v_real, critic_aux = critic_scores(players, critic_params, critic_aux, real, True)
    v_fake, _ = critic_scores(players, critic_params, critic_aux, fake, True)
    return variational_bound(players.objective.divergence, v_real, v_fake, smooth=True)


def gradient_step(params: Any, gradients: Any, rate: float) -> Any:
    return jax.tree.map(lambda p, g: p + rate * g, params, gradients)


def run_once(players: Players, state: TrainState, batch: Batch) -> tuple[TrainState, dict[str, jax.Array]]:
    return jax.jit(make_train_step(players))(state, batch)


def test_critic_ascents_leave_a_frozen_generator_bitwise_unchanged(build: Build) -> None:
    experiment = build(training={"critic_steps": 3})
    players = dataclasses.replace(experiment.players, generator_optimizer=optax.set_to_zero())
    state = single(players)
    after, _ = run_once(players, state, batch_of(experiment, state))
    assert same(state.generator, after.generator)
    assert not same(state.critic.params, after.critic.params)


def test_the_generator_descent_leaves_a_frozen_critic_bitwise_unchanged(build: Build) -> None:
    experiment = build()
    players = dataclasses.replace(experiment.players, critic_optimizer=optax.set_to_zero())
    state = single(players)
    after, _ = run_once(players, state, batch_of(experiment, state))
    assert same(state.critic, after.critic)
    assert not same(state.generator.params, after.generator.params)


def test_each_player_updates_its_own_statistics_and_only_those(build: Build) -> None:
    """Batch statistics of the generator see the descent alone, the critic's vectors the ascents."""
    experiment = build(
        generator={"hidden": [8], "normalization": "batch"},
        critic={"hidden": [8], "normalization": "spectral"},
        optimizers={"critic": SMALL_SGD, "generator": SMALL_SGD},
        objective=NO_PENALTY,
    )
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    ascent, descent = latents(players, state, 16)
    after, _ = run_once(players, state, batch)

    _, generator_aux = players.generator.apply(state.generator.params, state.generator.aux, descent, True)
    assert_close(after.generator.aux, generator_aux)
    fake = fakes(players, state.generator.params, state.generator.aux, ascent)
    _, critic_aux = players.critic.apply(state.critic.params, state.critic.aux, batch.x[0], True)
    _, critic_aux = players.critic.apply(state.critic.params, critic_aux, fake, True)
    assert_close(after.critic.aux, critic_aux)


def test_an_ascent_raises_the_bound_on_its_batch(build: Build) -> None:
    experiment = build(optimizers={"critic": SMALL_SGD, "generator": SMALL_SGD}, objective=NO_PENALTY)
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    fake = fakes(players, state.generator.params, {}, latents(players, state, 16)[0])
    after, metrics = run_once(players, state, batch)
    before = bound(players, state.critic.params, {}, batch.x[0], fake)
    np.testing.assert_allclose(metrics["bound"], before, rtol=1e-5)
    gain = float(bound(players, after.critic.params, {}, batch.x[0], fake) - before)
    # first order: the rate times the squared norm of the gradient
    assert gain == pytest.approx(1e-2 * float(metrics["critic_gradient_norm"]) ** 2, rel=0.1)


@pytest.mark.parametrize("name", ["kl", "jensen_shannon", "total_variation"])
def test_the_minimax_generator_descends_the_gradient_of_the_bound(build: Build, name: str) -> None:
    experiment = build(
        divergence={"kind": name},
        optimizers={"critic": UNIT_SGD, "generator": UNIT_SGD},
        objective=NO_PENALTY,
    )
    players = dataclasses.replace(experiment.players, critic_optimizer=optax.set_to_zero())
    state = single(players)
    batch = batch_of(experiment, state)
    z = latents(players, state, 16)[-1]
    gradients = jax.grad(
        lambda params: bound(players, state.critic.params, {}, batch.x[0], fakes(players, params, {}, z))
    )(state.generator.params)
    after, metrics = run_once(players, state, batch)
    assert_close(after.generator.params, gradient_step(state.generator.params, gradients, -1.0))
    np.testing.assert_allclose(metrics["generator_gradient_norm"], optax.tree.norm(gradients), rtol=1e-4)


def test_the_non_saturating_generator_ascends_the_witness(build: Build) -> None:
    experiment = build(
        optimizers={"critic": UNIT_SGD, "generator": UNIT_SGD},
        objective={"generator_loss": "non_saturating", "penalties": []},
    )
    players = dataclasses.replace(experiment.players, critic_optimizer=optax.set_to_zero())
    state = single(players)
    z = latents(players, state, 16)[-1]

    def witness(params: Any) -> jax.Array:
        scores, _ = critic_scores(players, state.critic.params, {}, fakes(players, params, {}, z), True)
        return jnp.mean(players.objective.divergence.witness(scores))

    after, _ = run_once(players, state, batch_of(experiment, state))
    expected = gradient_step(state.generator.params, jax.grad(witness)(state.generator.params), 1.0)
    assert_close(after.generator.params, expected)


def test_simultaneous_updates_take_both_gradients_at_the_same_point_and_rows(build: Build) -> None:
    """f-GAN, Algorithm 1; the alternating generator sees the critic that has already moved."""
    sections = {
        "optimizers": {"critic": UNIT_SGD, "generator": UNIT_SGD},
        "objective": NO_PENALTY,
    }
    experiment = build(training={"updates": "simultaneous"}, **sections)
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    key = jax.random.fold_in(stream(state.key, LATENT_STREAM), state.step)
    z = players.latent.sample(jax.random.split(key, 1)[0], 16)

    def both(generator: Any, critic: Any) -> jax.Array:
        return bound(players, critic, {}, batch.x[0], fakes(players, generator, {}, z))

    descent, ascent = jax.grad(both, argnums=(0, 1))(state.generator.params, state.critic.params)
    after, _ = run_once(players, state, batch)
    assert_close(after.generator.params, gradient_step(state.generator.params, descent, -1.0))
    assert_close(after.critic.params, gradient_step(state.critic.params, ascent, 1.0))

    alternating, _ = run_once(dataclasses.replace(players, updates="alternating"), state, batch)
    moved = optax.tree.norm(jax.tree.map(jnp.subtract, alternating.generator.params, after.generator.params))
    assert float(moved) > 1e-2 * float(optax.tree.norm(descent))


def test_a_step_is_its_ascents_on_different_rows_and_latents_and_then_its_descent(build: Build) -> None:
    experiment = build(
        optimizers={"critic": UNIT_SGD, "generator": UNIT_SGD},
        objective=NO_PENALTY,
        training={"critic_steps": 3},
    )
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    assert batch.x.shape == (3, 16, 2)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(batch.x[first], batch.x[second])
    *ascents, descent = latents(players, state, 16)

    critic = state.critic.params
    for x, z in zip(batch.x, ascents, strict=True):
        fake = fakes(players, state.generator.params, {}, z)
        critic = gradient_step(critic, jax.grad(lambda own: bound(players, own, {}, x, fake))(critic), 1.0)  # noqa: B023
    gradients = jax.grad(
        lambda params: bound(players, critic, {}, batch.x[0], fakes(players, params, {}, descent))
    )(state.generator.params)

    after, _ = run_once(players, state, batch)
    assert_close(after.critic.params, critic)
    assert_close(after.generator.params, gradient_step(state.generator.params, gradients, -1.0))
    assert int(after.step) == 1
    assert same(jax.random.key_data(after.key), jax.random.key_data(state.key))


@pytest.mark.parametrize("decay", [0.0, 0.15, 0.999])
def test_the_average_warms_up_to_its_decay(build: Build, decay: float) -> None:
    experiment = build(training={"ema_decay": decay})
    players = experiment.players
    state, step = single(players), jax.jit(make_train_step(players))
    expected = state.average
    for t in range(4):
        state, _ = step(state, batch_of(experiment, state))
        kept = min(decay, (1 + t) / (4 + t))
        expected = jax.tree.map(
            lambda old, new: kept * old + (1 - kept) * new,  # noqa: B023
            expected,
            state.generator.params,
        )
        assert_close(state.average, expected, 1e-6)
    assert same(state.average, state.generator.params) == (decay == 0.0)


def squared_slopes(players: Players, critic: Player, x: jax.Array) -> np.ndarray:
    """||grad v(x_i)||^2 row by row: another way than the step's single backward pass."""
    slope = jax.grad(lambda row: critic_scores(players, critic.params, critic.aux, row[None], True)[0][0])
    return np.sum(np.square(jax.jit(jax.vmap(slope))(x)), axis=1)


def test_penalties_enter_the_critic_loss_with_half_their_weight_each_on_its_rows(build: Build) -> None:
    experiment = build(
        objective={"penalties": [{"kind": "r1", "weight": 3.0}, {"kind": "r2", "weight": 50.0}]}
    )
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    fake = fakes(players, state.generator.params, {}, latents(players, state, 16)[0])
    _, metrics = run_once(players, state, batch)
    expected = 0.5 * 3.0 * squared_slopes(players, state.critic, batch.x[0]).mean()
    expected += 0.5 * 50.0 * squared_slopes(players, state.critic, fake).mean()
    np.testing.assert_allclose(metrics["penalty"], expected, rtol=1e-4)
    np.testing.assert_allclose(metrics["critic_loss"], metrics["penalty"] - metrics["bound"], rtol=1e-6)


def test_the_critic_descends_its_penalties(build: Build) -> None:
    experiment = build(
        optimizers={"critic": {**SMALL_SGD, "learning_rate": 1e-3}},
        objective={"penalties": [{"kind": "r1", "weight": 100.0}]},
    )
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    after, _ = run_once(players, state, batch)
    before = squared_slopes(players, state.critic, batch.x[0]).mean()
    assert squared_slopes(players, after.critic, batch.x[0]).mean() < before


@pytest.mark.parametrize("schedule", ["linear", "exponential"])
def test_an_annealed_weight_follows_the_step(build: Build, schedule: str) -> None:
    annealed = {"kind": "r1", "weight": {"initial": 8.0, "final": 0.5, "schedule": schedule}}
    experiment = build(objective={"penalties": [annealed, {"kind": "r1", "weight": 1.0}]})
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    half_norm = 0.5 * squared_slopes(players, state.critic, batch.x[0]).mean()
    middle = {"linear": 4.25, "exponential": 2.0}[schedule]
    step = jax.jit(make_train_step(players))
    for at, weight in ((0, 8.0), (50, middle), (100, 0.5), (150, 0.5)):
        _, metrics = step(state.replace(step=jnp.int32(at)), batch)
        np.testing.assert_allclose(metrics["penalty"], (weight + 1.0) * half_norm, rtol=1e-4)


Trained = dict[str, tuple[TrainState, dict[str, np.ndarray]]]


def trained_by_all(build: Build, **sections: Any) -> Trained:
    """20 steps on every row of the catalog, by one program that chooses among their T and f* after T.

    They are all that differs; to compile a program for each row takes half a minute.
    """
    critic = sections.get("critic", {"hidden": [8], "activation": "tanh"})
    sections["critic"] = {**critic, "score_bound": 5.0}  # that of the steepest, for all
    experiments = {name: build(divergence={"kind": name}, **sections) for name in catalog()}
    (score_bound,) = {each.players.score_bound for each in experiments.values()}
    pairs = [each.players.objective.divergence.training_pair for each in experiments.values()]
    players, source = experiments["kl"].players, experiments["kl"].program.source
    assert players.score_bound == score_bound

    @jax.jit
    def run(row: jax.Array, state: TrainState) -> tuple[TrainState, dict[str, jax.Array]]:
        def chosen(side: int) -> Callable[[jax.Array], jax.Array]:
            return lambda v: jax.lax.switch(row, [pair[side] for pair in pairs], v)

        link = (chosen(0), chosen(1))
        divergence = dataclasses.replace(players.objective.divergence, training_link=link)
        objective = dataclasses.replace(players.objective, divergence=divergence)
        step = make_train_step(dataclasses.replace(players, objective=objective))

        def advance(state: TrainState, _: None) -> tuple[TrainState, dict[str, jax.Array]]:
            return step(state, source.take(source.data, stream(state.key, DATA_STREAM), state.step))

        return jax.lax.scan(advance, state, None, length=20)

    state = single(players)
    return {name: jax.device_get(run(jnp.int32(row), state)) for row, name in enumerate(experiments)}


@pytest.fixture(scope="module")
def constant_critics(build: Build) -> Trained:
    return trained_by_all(build, critic={"kind": "constant"}, objective=NO_PENALTY)


@pytest.mark.parametrize("name", catalog())
def test_the_bound_of_a_constant_critic_stays_f_of_one(constant_critics: Trained, name: str) -> None:
    _, metrics = constant_critics[name]
    # Adam turns the rounding error of a zero gradient into moves up to its rate, 1e-3, hence the square of it
    np.testing.assert_allclose(metrics["bound"], np.full(20, catalog()[name].at_equality), atol=1e-4)
    np.testing.assert_array_equal(metrics["generator_gradient_norm"], np.zeros(20))


@pytest.fixture(scope="module")
def trained(build: Build) -> Trained:
    return trained_by_all(build)


@pytest.mark.parametrize("name", catalog())
def test_every_divergence_trains_on_finite_scalars(trained: Trained, name: str) -> None:
    state, metrics = trained[name]
    assert set(metrics) == {
        "bound",
        "penalty",
        "clipped_share",
        "critic_loss",
        "critic_gradient_norm",
        "generator_loss",
        "generator_gradient_norm",
    }
    for quantity, values in metrics.items():
        assert values.shape == (20,), quantity
        assert np.isfinite(values).all(), quantity
    assert (metrics["critic_gradient_norm"] > 0.0).all()
    assert (metrics["generator_gradient_norm"] > 0.0).all()
    assert np.isfinite(jax.flatten_util.ravel_pytree((state.generator, state.critic, state.average))[0]).all()


def test_every_divergence_trains_in_its_own_way(trained: Trained) -> None:
    paths = {tuple(metrics["bound"]) for _, metrics in trained.values()}
    assert len(paths) == len(catalog())


def test_normalized_networks_keep_the_structure_of_the_state(build: Build) -> None:
    experiment = build(
        generator={"hidden": [8], "normalization": "batch"},
        critic={"hidden": [8], "normalization": "spectral"},
        training={"critic_steps": 2},
    )
    state = experiment.initial_state()
    shapes = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state)
    aux = jax.device_get((state.generator.aux, state.critic.aux))
    after, metrics = experiment.program.advance(state, 20)
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), after) == shapes
    assert np.isfinite(metrics["bound"]).all()
    for old, new in zip(
        jax.tree.leaves(aux), jax.tree.leaves((after.generator.aux, after.critic.aux)), strict=True
    ):
        assert not np.array_equal(old, new)


def test_the_clipped_share_counts_scores_near_their_bound(build: Build) -> None:
    experiment = build(critic={"kind": "constant", "score_bound": 2.0})
    players = experiment.players
    state = single(players)
    batch = batch_of(experiment, state)
    step = jax.jit(make_train_step(players))
    for value, share in ((2.0, 0.0), (4.0, 1.0)):  # 2 tanh(1) = 1.52 < 1.8 < 2 tanh(2) = 1.93
        critic = state.critic.replace(params={"value": jnp.full((1,), value)})
        _, metrics = step(state.replace(critic=critic), batch)
        assert float(metrics["clipped_share"]) == share
