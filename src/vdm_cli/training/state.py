"""What a run carries from step to step."""

from __future__ import annotations

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

from vdm_cli.networks.network import Aux, Network, Params


@flax.struct.dataclass
class Player:
    """One network and its optimizer.

    Attributes:
        params: What the optimizer moves.
        aux: Batch statistics, spectral-norm vectors; an empty mapping for most networks.
        opt_state: Of the optimizer.
    """

    params: Params
    aux: Aux
    opt_state: Any


@flax.struct.dataclass
class TrainState:
    """The whole state of one run; of several at once with a leading axis of seeds on every leaf.

    Attributes:
        generator: Descends.
        critic: Ascends.
        average: Exponential moving average of the generator's params: what samples, with the live aux.
        key: The run's key. All randomness is a function of (key, step), so it never changes.
        step: Generator steps done, int32.
    """

    generator: Player
    critic: Player
    average: Params
    key: jax.Array
    step: jax.Array


def init_state(
    generator: Network,
    critic: Network,
    generator_optimizer: optax.GradientTransformation,
    critic_optimizer: optax.GradientTransformation,
    key: jax.Array,
) -> TrainState:
    """The state at step 0 from the run's key."""
    generator_key, critic_key, run_key = jax.random.split(key, 3)

    def player(network: Network, optimizer: optax.GradientTransformation, key: jax.Array) -> Player:
        params, aux = network.init(key)
        return Player(params, aux, optimizer.init(params))

    generating = player(generator, generator_optimizer, generator_key)
    return TrainState(
        generator=generating,
        critic=player(critic, critic_optimizer, critic_key),
        average=jax.tree.map(jnp.copy, generating.params),
        key=run_key,
        step=jnp.zeros((), jnp.int32),
    )
