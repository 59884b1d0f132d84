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
from vdm_cli.objectives.bound import bound_score
from vdm_cli.objectives.critic_loss import critic_loss
from vdm_cli.objectives.objective import Objective
from vdm_cli.objectives.packing import pack
from vdm_cli.training.state import Player, TrainState

Metrics = dict[str, jax.Array]
TrainStep = Callable[[TrainState, Batch], tuple[TrainState, Metrics]]

LATENT_STREAM, DATA_STREAM = 0, 1  # what `stream` keys are for; 2 and 3 are validation's
INTERPOLATION_STREAM = 4


@dataclass(frozen=True)
class Players:
    """The game: both networks with their optimizers, the latent and the rule of play.

    Attributes:
        generator: z (n, latent) to x (n, *shape) in network units.
        critic: x (n, *shape), or packs of x, to the raw score s (n,).
        generator_optimizer: Of the generator.
        critic_optimizer: Of the critic.
        latent: Law of z.
        objective: What they optimize.
        score_bound: C of v = C tanh(s / C); ``inf`` for v = s.
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
    """Bounded scores v (n,) of rows x (n, *shape), already packed, and the critic's updated aux."""
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
            z = players.latent.batch(keys[ascent], count)
            real = _rows(batch, ascent)
            fake = Batch(_fake(players, state, z, real.condition), real.condition)
            gradients, (aux, metrics) = jax.grad(_critic_loss, argnums=1, has_aux=True)(
                players, critic.params, critic.aux, real, fake, state, ascent
            )
            critic = _update(players.critic_optimizer, critic, gradients, aux)
            metrics["critic_gradient_norm"] = optax.tree.norm(gradients)
        z = players.latent.batch(keys[-1], count)
        gradients, (aux, generator_loss) = jax.grad(_generator_loss, argnums=1, has_aux=True)(
            players, state.generator.params, state.generator.aux, critic, z, _rows(batch, -1)
        )
        generator = _update(players.generator_optimizer, state.generator, gradients, aux)
        metrics |= {"generator_loss": generator_loss, "generator_gradient_norm": optax.tree.norm(gradients)}
        return _advance(players, state, generator, critic), metrics

    return train_step


def _simultaneous_step(players: Players) -> TrainStep:
    def train_step(state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        (key,) = _step_keys(state, 1)
        real = _rows(batch, 0)
        z = players.latent.batch(key, real.x.shape[0])
        fake = Batch(_fake(players, state, z, real.condition), real.condition)
        ascent, (critic_aux, metrics) = jax.grad(_critic_loss, argnums=1, has_aux=True)(
            players, state.critic.params, state.critic.aux, real, fake, state, 0
        )
        descent, (generator_aux, generator_loss) = jax.grad(_generator_loss, argnums=1, has_aux=True)(
            players, state.generator.params, state.generator.aux, state.critic, z, real
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
    players: Players, params: Params, aux: Aux, real: Batch, fake: Batch, state: TrainState, ascent: int
) -> tuple[jax.Array, tuple[Aux, Metrics]]:
    """What the critic descends; real and generated rows have the same conditions."""
    objective = players.objective
    real, fake = pack((real, fake), objective.packing)
    key = jax.random.fold_in(jax.random.fold_in(stream(state.key, INTERPOLATION_STREAM), state.step), ascent)

    def score(aux: Aux, x: jax.Array) -> tuple[jax.Array, Aux]:
        return critic_scores(players, params, aux, x, True, real.condition)

    found = critic_loss(objective, score, aux, real.x, fake.x, state.step, key)
    metrics = {
        objective.value_name: found.value,
        "critic_loss": found.loss,
        "penalty": found.penalty,
        "clipped_share": jnp.mean(jnp.abs(found.scores) > 0.9 * players.score_bound),
    }
    return found.loss, (found.aux, metrics)


def _generator_loss(
    players: Players, params: Params, aux: Aux, critic: Player, z: jax.Array, real: Batch
) -> tuple[jax.Array, tuple[Aux, jax.Array]]:
    """What the generator descends; only pairing looks at the real rows beside their conditions."""
    objective = players.objective
    x, aux = players.generator.apply(params, aux, z, True, real.condition)
    real, fake = pack((real, Batch(x, real.condition)), objective.packing)

    def score(rows: Batch) -> jax.Array:
        return critic_scores(players, critic.params, critic.aux, rows.x, True, rows.condition)[0]

    loss = objective.descended(score(fake), score(real) if objective.pairing == "relativistic" else None)
    return loss, (aux, loss)


def _update(optimizer: optax.GradientTransformation, player: Player, gradients: Params, aux: Aux) -> Player:
    updates, opt_state = optimizer.update(gradients, player.opt_state, player.params)
    return Player(optax.apply_updates(player.params, updates), aux, opt_state)


def _advance(players: Players, state: TrainState, generator: Player, critic: Player) -> TrainState:
    """The next state; the average warms up so that early steps do not weigh it down."""
    step = state.step.astype(jnp.float32)
    decay = jnp.minimum(players.ema_decay, (1.0 + step) / (4.0 + step)) if players.ema_decay > 0 else 0.0
    average = optax.incremental_update(generator.params, state.average, 1.0 - decay)
    return TrainState(generator, critic, average, state.key, state.step + 1)
