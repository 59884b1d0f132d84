"""Every knob of the objective in real steps: what the step adds to the pure functions of `objectives`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vdm_cli.build.experiment import Experiment, initial_states
from vdm_cli.data.source import Batch
from vdm_cli.objectives.packing import pack
from vdm_cli.objectives.penalties import interpolates, lipschitz_penalty, roth_penalty
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import (
    DATA_STREAM,
    INTERPOLATION_STREAM,
    LATENT_STREAM,
    Players,
    critic_scores,
    make_train_step,
    stream,
)

Build = Callable[..., Experiment]

pytestmark = pytest.mark.unoptimized

SGD = {"kind": "sgd", "learning_rate": 1.0, "schedule": "constant"}
LIPSCHITZ = {"kind": "gradient_penalty", "weight": 10.0}
WGAN = {"divergence": "wasserstein", "objective": {"penalties": [LIPSCHITZ]}}
KNOBS: dict[str, dict[str, Any]] = {
    "lipschitz": {"objective": {"penalties": [{**LIPSCHITZ, "sided": "one", "target": 0.5}]}},
    "roth": {"objective": {"penalties": [{"kind": "roth", "weight": {"initial": 1.0, "final": 0.1}}]}},
    "wasserstein": {**WGAN, "training": {"critic_steps": 2}},
    "spectral wasserstein": {
        "divergence": "wasserstein",
        "critic": {"hidden": [8], "normalization": "spectral"},
        "objective": {"penalties": []},
    },
    "packing": {"objective": {"packing": 4}},
    "relativistic": {"objective": {"pairing": "relativistic", "generator_loss": "non_saturating"}},
    "relativistic packs, together": {
        "divergence": "gan",
        "objective": {"pairing": "relativistic", "packing": 2},
        "training": {"updates": "simultaneous"},
    },
}
NAMES = {"packing": "packed_bound", "lipschitz": "bound", "roth": "bound"}


def single(players: Players) -> TrainState:
    states = initial_states(players, jax.random.split(jax.random.key(0), 1))
    return jax.tree.map(lambda leaf: leaf[0], states)


def first_step(experiment: Experiment) -> tuple[Players, TrainState, Batch, jax.Array, jax.Array]:
    """Players with a state, its batch, the generated rows of the ascent and z of the descent."""
    players = experiment.players
    state, source = single(players), experiment.program.source
    batch = source.take(source.data, stream(state.key, DATA_STREAM), state.step)
    key = jax.random.fold_in(stream(state.key, LATENT_STREAM), state.step)
    ascent, descent = (players.latent.sample(own, batch.x.shape[1]) for own in jax.random.split(key, 2))
    return players, state, batch, generated(players, state.generator.params, ascent), descent


def generated(players: Players, params: Any, z: jax.Array) -> jax.Array:
    return players.generator.apply(params, {}, z, True)[0]


def scores(players: Players, state: TrainState, x: jax.Array) -> jax.Array:
    packed = pack(x, players.objective.packing)
    return critic_scores(players, state.critic.params, state.critic.aux, packed, True)[0]


def squared_slopes(players: Players, state: TrainState, x: jax.Array) -> jax.Array:
    """||grad v(x_i)||^2 row by row: another way than the step's single backward pass."""
    slope = jax.grad(lambda row: scores(players, state, row[None])[0])
    return jnp.sum(jnp.square(jax.vmap(slope)(x)), axis=1)


@pytest.mark.parametrize("knob", KNOBS)
def test_every_knob_trains_on_finite_scalars_under_its_own_name(build: Build, knob: str) -> None:
    experiment = build(**KNOBS[knob])
    _, metrics = experiment.program.advance(experiment.initial_state(), 10)
    name = NAMES.get(knob, "objective")
    assert experiment.players.objective.value_name == name
    assert {"bound", "packed_bound", "objective"} & set(metrics) == {name}
    for values in metrics.values():
        assert np.isfinite(values).all()
    assert (metrics["generator_gradient_norm"] > 0.0).all()
    assert (metrics["critic_gradient_norm"] > 0.0).all()
    np.testing.assert_allclose(metrics["critic_loss"], metrics["penalty"] - metrics[name], rtol=1e-5)


def test_the_penalty_is_on_interpolates_of_the_documented_key(build: Build) -> None:
    players, state, batch, fake, _ = first_step(build(**WGAN))
    _, metrics = jax.jit(make_train_step(players))(state, batch)
    own = jax.random.fold_in(stream(state.key, INTERPOLATION_STREAM), state.step)
    between = interpolates(jax.random.fold_in(own, 0), batch.x[0], fake)
    expected = lipschitz_penalty(squared_slopes(players, state, between), 10.0)
    np.testing.assert_allclose(metrics["penalty"], expected, rtol=1e-4)
    data, model = scores(players, state, batch.x[0]), scores(players, state, fake)
    np.testing.assert_allclose(metrics["objective"], data.mean() - model.mean(), rtol=1e-4)


def test_the_wasserstein_score_is_the_networks_own(build: Build) -> None:
    """No tanh: a score far beyond score_bound stays as it is, and nothing counts as clipped."""
    players, state, batch, _, _ = first_step(
        build(**{**WGAN, "critic": {"hidden": [8], "score_bound": 0.01}})
    )
    raw, _ = players.critic.apply(state.critic.params, state.critic.aux, batch.x[0], True)
    np.testing.assert_array_equal(scores(players, state, batch.x[0]), raw)
    assert float(jnp.abs(raw).max()) > 0.01
    _, metrics = jax.jit(make_train_step(players))(state, batch)
    assert float(metrics["clipped_share"]) == 0.0


def test_roth_adds_to_r1_on_its_own_rows(build: Build) -> None:
    penalties = [{"kind": "roth", "weight": 3.0}, {"kind": "r1", "weight": 2.0}]
    players, state, batch, fake, _ = first_step(build(divergence="kl", objective={"penalties": penalties}))
    _, metrics = jax.jit(make_train_step(players))(state, batch)
    expected = 0.5 * 2.0 * squared_slopes(players, state, batch.x[0]).mean()
    slopes, model = squared_slopes(players, state, fake), scores(players, state, fake)
    expected += roth_penalty(slopes, model, jnp.exp, 3.0)  # of KL, f*(T(v)) = e^v
    np.testing.assert_allclose(metrics["penalty"], expected, rtol=1e-4)


def test_a_packed_critic_judges_neighbors_together(build: Build) -> None:
    players, state, batch, fake, z = first_step(
        build(objective={"packing": 4, "penalties": []}, optimizers={"critic": SGD, "generator": SGD})
    )
    players = dataclasses.replace(players, critic_optimizer=optax.set_to_zero())
    assert (8, 8) in {
        leaf.shape for leaf in jax.tree.leaves(state.critic.params)
    }  # of 4 rows with 2 features
    after, metrics = jax.jit(make_train_step(players))(state, batch)
    data = scores(players, state, batch.x[0])
    assert data.shape == (4,)
    value = players.objective.value(data, scores(players, state, fake))
    np.testing.assert_allclose(metrics["packed_bound"], value, rtol=1e-5)

    def descended(params: Any) -> jax.Array:
        model = scores(players, state, generated(players, params, z))
        return players.objective.value(data, model)

    gradients = jax.grad(descended)(state.generator.params)
    expected = jax.tree.map(jnp.subtract, state.generator.params, gradients)
    for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(after.generator.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
def test_a_relativistic_generator_sees_the_rows_of_the_last_ascent(build: Build, loss: str) -> None:
    experiment = build(
        divergence="gan",
        objective={"pairing": "relativistic", "generator_loss": loss, "penalties": []},
        optimizers={"critic": SGD, "generator": SGD},
        training={"critic_steps": 1},
    )
    players, state, batch, fake, z = first_step(experiment)
    players = dataclasses.replace(players, critic_optimizer=optax.set_to_zero())
    after, metrics = jax.jit(make_train_step(players))(state, batch)
    data = scores(players, state, batch.x[0])
    margin = data - scores(players, state, fake)
    np.testing.assert_allclose(metrics["objective"], -jnp.mean(jax.nn.softplus(-margin)), rtol=1e-4)

    def descended(params: Any) -> jax.Array:
        margin = data - scores(players, state, generated(players, params, z))
        return -jnp.mean(jax.nn.softplus(-margin)) if loss == "minimax" else jnp.mean(jax.nn.softplus(margin))

    value, gradients = jax.value_and_grad(descended)(state.generator.params)
    np.testing.assert_allclose(metrics["generator_loss"], value, rtol=1e-4)
    expected = jax.tree.map(jnp.subtract, state.generator.params, gradients)
    for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(after.generator.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_conditions_of_a_batch_are_those_of_all_its_rows(build: Build) -> None:
    """Generated rows and interpolates keep the condition of the row they are compared with."""
    players, state, batch, _, _ = first_step(build(**WGAN))
    told: list[Any] = []

    def listening(params: Any, aux: Any, x: Any, train: bool, condition: Any = None) -> Any:
        told.append((x.shape, condition.shape))
        return critic.apply(params, aux, x + condition, train)

    critic = players.critic
    objective = dataclasses.replace(players.objective, pairing="relativistic")
    own = dataclasses.replace(critic, apply=listening)
    generator = dataclasses.replace(
        players.generator,
        apply=lambda params, aux, z, train, condition=None: players.generator.apply(params, aux, z, train),
    )
    heard = dataclasses.replace(players, critic=own, generator=generator, objective=objective)
    condition = jnp.ones((1, 16, 2))
    step = jax.jit(make_train_step(heard))
    shifted = step(state, batch.replace(condition=condition))[1]
    assert told == [((16, 2), (16, 2))] * 5  # data, generated, between; and both sides of the descent
    plain = step(state, batch.replace(condition=jnp.zeros((1, 16, 2))))[1]
    assert float(shifted["penalty"]) != float(plain["penalty"])
