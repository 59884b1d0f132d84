"""One training step as a pure function: critic ascents on the bound, then one generator descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import optax

from vdm_cli.data.source import Batch
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.network import Aux, Network, Params
from vdm_cli.objectives.bound import bound_score, variational_bound
from vdm_cli.objectives.objective import Objective, Schedule
from vdm_cli.objectives.penalties import gradient_penalty, squared_gradient_norms
from vdm_cli.training.state import Player, TrainState

Metrics = dict[str, jax.Array]
TrainStep = Callable[[TrainState, Batch], tuple[TrainState, Metrics]]

LATENT_STREAM, DATA_STREAM = 0, 1  # what `stream` keys are for


@dataclass(frozen=True)
class Players:
    """The game: both networks with their optimizers, the latent and the rule of play.

    Attributes:
        generator: z (n, latent) to x (n, *shape) in network units.
        critic: x (n, *shape) to the raw score s (n,).
        generator_optimizer: Of the generator.
        critic_optimizer: Of the critic.
        latent: Law of z.
        objective: What they optimize.
        score_bound: C of v = C tanh(s / C).
        critic_steps: Ascents for each descent.
        updates: ``alternating``, or ``simultaneous``: both gradients at the same point (f-GAN, Algorithm 1).
        ema_decay: Of the averaged generator.
    """

    generator: Network
    critic: Network
    generator_optimizer: optax.GradientTransformation
    critic_optimizer: optax.GradientTransformation
    latent: Latent
    objective: Objective
    score_bound: float = 10.0
    critic_steps: int = 1
    updates: Literal["alternating", "simultaneous"] = "alternating"
    ema_decay: float = 0.999


def stream(key: jax.Array, purpose: int) -> jax.Array:
    """The key of one purpose, from the run's key."""
    return jax.random.fold_in(key, purpose)


def critic_scores(
    players: Players,
    params: Params,
    aux: Aux,
    x: jax.Array,
    train: bool,
    condition: jax.Array | None = None,
) -> tuple[jax.Array, Aux]:
    """Bounded scores v (n,) of rows x (n, *shape), and the critic's updated aux."""
    raw, aux = players.critic.apply(params, aux, x, train, condition)
    return bound_score(raw, players.score_bound), aux


def make_train_step(players: Players) -> TrainStep:
    """Build the step of `players`.

    Returns:
        (state, batch) -> (state, metrics), pure; batch.x has shape (critic_steps, n, *shape) and metrics
        are scalars: those of the last ascent and of the descent, in nats where they are bounds or losses.
    """
    return _simultaneous_step(players) if players.updates == "simultaneous" else _alternating_step(players)


def _alternating_step(players: Players) -> TrainStep:
    def train_step(state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        count = batch.x.shape[1]
        keys = _step_keys(state, players.critic_steps + 1)
        critic, metrics = state.critic, {}
        for ascent in range(players.critic_steps):
            z = players.latent.sample(keys[ascent], count)
            real = _rows(batch, ascent)
            fake = Batch(_fake(players, state, z, real.condition), real.condition)
            gradients, (aux, metrics) = jax.grad(_critic_loss, argnums=1, has_aux=True)(
                players, critic.params, critic.aux, real, fake, state.step
            )
            critic = _update(players.critic_optimizer, critic, gradients, aux)
            metrics["critic_gradient_norm"] = optax.tree.norm(gradients)
        z = players.latent.sample(keys[-1], count)
        gradients, (aux, generator_loss) = jax.grad(_generator_loss, argnums=1, has_aux=True)(
            players, state.generator.params, state.generator.aux, critic, z, _rows(batch, -1).condition
        )
        generator = _update(players.generator_optimizer, state.generator, gradients, aux)
        metrics |= {"generator_loss": generator_loss, "generator_gradient_norm": optax.tree.norm(gradients)}
        return _advance(players, state, generator, critic), metrics

    return train_step


def _simultaneous_step(players: Players) -> TrainStep:
    def train_step(state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        (key,) = _step_keys(state, 1)
        real = _rows(batch, 0)
        z = players.latent.sample(key, real.x.shape[0])
        fake = Batch(_fake(players, state, z, real.condition), real.condition)
        ascent, (critic_aux, metrics) = jax.grad(_critic_loss, argnums=1, has_aux=True)(
            players, state.critic.params, state.critic.aux, real, fake, state.step
        )
        descent, (generator_aux, generator_loss) = jax.grad(_generator_loss, argnums=1, has_aux=True)(
            players, state.generator.params, state.generator.aux, state.critic, z, real.condition
        )
        metrics |= {
            "critic_gradient_norm": optax.tree.norm(ascent),
            "generator_loss": generator_loss,
            "generator_gradient_norm": optax.tree.norm(descent),
        }
        critic = _update(players.critic_optimizer, state.critic, ascent, critic_aux)
        generator = _update(players.generator_optimizer, state.generator, descent, generator_aux)
        return _advance(players, state, generator, critic), metrics

    return train_step


def _rows(batch: Batch, ascent: int) -> Batch:
    """The rows (n, *shape) of one ascent, with their conditions."""
    return jax.tree.map(lambda leaf: leaf[ascent], batch)


def _fake(players: Players, state: TrainState, z: jax.Array, condition: jax.Array | None) -> jax.Array:
    """What the generator as it stands makes of z."""
    generator = state.generator
    return players.generator.apply(generator.params, generator.aux, z, True, condition)[0]


def _step_keys(state: TrainState, count: int) -> jax.Array:
    return jax.random.split(jax.random.fold_in(stream(state.key, LATENT_STREAM), state.step), count)


def _critic_loss(
    players: Players, params: Params, aux: Aux, real: Batch, fake: Batch, step: jax.Array
) -> tuple[jax.Array, tuple[Aux, Metrics]]:
    """-bound + penalties; data and generated rows pass apart: batch statistics are each side's own."""
    objective = players.objective
    data_scores, data_penalty, aux = _score_and_penalty(players, params, aux, real, objective.r1, step)
    model_scores, model_penalty, aux = _score_and_penalty(players, params, aux, fake, objective.r2, step)
    bound = variational_bound(objective.divergence, data_scores, model_scores, smooth=True)
    penalty = data_penalty + model_penalty
    scores = jnp.concatenate([data_scores, model_scores])
    metrics = {
        "bound": bound,
        "critic_loss": penalty - bound,
        "penalty": penalty,
        "clipped_share": jnp.mean(jnp.abs(scores) > 0.9 * players.score_bound),
    }
    return penalty - bound, (aux, metrics)


def _score_and_penalty(
    players: Players, params: Params, aux: Aux, rows: Batch, weight: Schedule | None, step: jax.Array
) -> tuple[jax.Array, jax.Array, Aux]:
    if weight is None:
        scores, aux = critic_scores(players, params, aux, rows.x, True, rows.condition)
        return scores, jnp.zeros(()), aux

    squared_norms, scores, updated = squared_gradient_norms(
        lambda x: critic_scores(players, params, aux, x, True, rows.condition), rows.x
    )
    return scores, gradient_penalty(squared_norms, weight(step)), updated


def _generator_loss(
    players: Players, params: Params, aux: Aux, critic: Player, z: jax.Array, condition: jax.Array | None
) -> tuple[jax.Array, tuple[Aux, jax.Array]]:
    fake, aux = players.generator.apply(params, aux, z, True, condition)
    scores, _ = critic_scores(players, critic.params, critic.aux, fake, True, condition)
    loss = players.objective.generator_loss(players.objective.divergence, scores)
    return loss, (aux, loss)


def _update(optimizer: optax.GradientTransformation, player: Player, gradients: Params, aux: Aux) -> Player:
    updates, opt_state = optimizer.update(gradients, player.opt_state, player.params)
    return Player(optax.apply_updates(player.params, updates), aux, opt_state)


def _advance(players: Players, state: TrainState, generator: Player, critic: Player) -> TrainState:
    """The next state; the average warms up so that early steps do not weigh it down."""
    step = state.step.astype(jnp.float32)
    decay = jnp.minimum(players.ema_decay, (1.0 + step) / (10.0 + step)) if players.ema_decay > 0 else 0.0
    average = optax.incremental_update(generator.params, state.average, 1.0 - decay)
    return TrainState(generator, critic, average, state.key, state.step + 1)
