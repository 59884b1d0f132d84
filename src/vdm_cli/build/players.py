"""Networks, optimizers and objective from their configuration."""

from __future__ import annotations

import math
from typing import assert_never

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from vdm_cli.config import divergence as divergence_config
from vdm_cli.config import networks as network_config
from vdm_cli.config import optimizers as optimizer_config
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.objective import AnnealedWeight, ObjectiveConfig
from vdm_cli.divergences import catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.errors import UsageError
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.constant import Constant
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.mlp import Mlp
from vdm_cli.networks.network import Network, from_linen
from vdm_cli.objectives.generator_loss import minimax_loss, non_saturating_loss
from vdm_cli.objectives.objective import Objective, Schedule
from vdm_cli.training.schedules import annealed_weight, learning_rate
from vdm_cli.training.step import Players


def build_divergence(config: divergence_config.DivergenceConfig) -> FDivergence:
    """The divergence of the catalog that the configuration names."""
    match config:
        case divergence_config.PlainDivergence():
            return catalog.catalog()[config.kind]
        case divergence_config.SkewedJensenShannon():
            return catalog.skewed_jensen_shannon(config.pi)
        case divergence_config.AlphaDivergence():
            return catalog.alpha_divergence(config.alpha)
        case _:
            assert_never(config)


def build_players(
    config: ExperimentConfig,
    shape: tuple[int, ...],
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> Players:
    """Networks, optimizers and objective for rows of ``shape``; the configuration is already resolved."""
    training = config.training
    latent = Latent(config.latent.kind, config.latent.dim or math.prod(shape))
    if generator is not None:
        _require_rows(generator, (latent.dim,), shape, "generator")
    if critic is not None:
        _require_rows(critic, shape, (), "critic")
    return Players(
        generator=(
            build_generator(config.generator, shape, latent.dim)
            if generator is None
            else from_linen(generator, (latent.dim,))
        ),
        critic=build_critic(config.critic, shape) if critic is None else from_linen(critic, shape),
        generator_optimizer=build_optimizer(config.optimizers.generator, training.steps),
        critic_optimizer=build_optimizer(config.optimizers.critic, training.steps * training.critic_steps),
        latent=latent,
        objective=build_objective(config.objective, build_divergence(config.divergence), training.steps),
        score_bound=config.critic.score_bound,
        critic_steps=training.critic_steps,
        updates=training.updates,
        ema_decay=training.ema_decay,
    )


def _require_rows(module: nn.Module, takes: tuple[int, ...], gives: tuple[int, ...], name: str) -> None:
    """A module of the user's own must map (n, *takes) to (n, *gives)."""
    network = from_linen(module, takes)

    def rows() -> jax.Array:
        params, aux = network.init(jax.random.key(0))
        return network.apply(params, aux, jnp.zeros((2, *takes)), False)[0]

    found = jax.eval_shape(rows).shape
    if found != (2, *gives):
        raise UsageError(f"{name}= must map (n, {takes}) to rows of shape {gives}, and gives {found[1:]}")


def build_generator(
    config: network_config.GeneratorConfig, shape: tuple[int, ...], latent_dim: int
) -> Network:
    """z (n, latent_dim) to rows (n, *shape) in network units."""
    match config:
        case network_config.AffineGenerator():
            return from_linen(Affine(shape), (latent_dim,), is_affine=True)
        case network_config.MlpGenerator():
            module = Mlp(shape, config.hidden, config.activation, config.normalization, config.output)
            return from_linen(module, (latent_dim,))
        case _:
            assert_never(config)


def build_critic(config: network_config.CriticConfig, shape: tuple[int, ...]) -> Network:
    """Rows (n, *shape) in network units to raw scores (n,)."""
    match config:
        case network_config.ConstantCritic():
            return from_linen(Constant(), shape)
        case network_config.AffineCritic():
            return from_linen(Affine(()), shape)
        case network_config.MlpCritic():
            return from_linen(Mlp((), config.hidden, config.activation, config.normalization), shape)
        case _:
            assert_never(config)


def build_objective(config: ObjectiveConfig, divergence: FDivergence, steps: int) -> Objective:
    """The objective of both players; penalties of one kind add up."""
    losses = {"minimax": minimax_loss, "non_saturating": non_saturating_loss}

    def weight(kind: str) -> Schedule | None:
        parts = [_weight(penalty.weight, steps) for penalty in config.penalties if penalty.kind == kind]
        return (lambda step: sum(part(step) for part in parts)) if parts else None

    return Objective(divergence, losses[config.generator_loss], weight("r1"), weight("r2"))


def _weight(weight: float | AnnealedWeight, steps: int) -> Schedule:
    if isinstance(weight, AnnealedWeight):
        return annealed_weight(weight.initial, weight.final, weight.schedule, steps)
    return lambda step: weight


def build_optimizer(config: optimizer_config.OptimizerConfig, updates: int) -> optax.GradientTransformation:
    """The optimizer of one player, which makes ``updates`` updates in the whole run."""
    rate = learning_rate(
        config.learning_rate,
        config.schedule,
        updates=updates,
        warmup=config.warmup_steps,
        final_fraction=config.final_fraction,
    )
    match config:
        case optimizer_config.Adam():
            optimizer = optax.adam(rate, config.b1, config.b2, config.eps)
        case optimizer_config.AdamW():
            optimizer = optax.adamw(rate, config.b1, config.b2, config.eps, weight_decay=config.weight_decay)
        case optimizer_config.RmsProp():
            optimizer = optax.rmsprop(rate, config.decay, config.eps, momentum=config.momentum or None)
        case optimizer_config.Sgd():
            optimizer = optax.sgd(rate, config.momentum or None, config.nesterov)
        case _:
            assert_never(config)
    if config.clip_norm is not None:
        return optax.chain(optax.clip_by_global_norm(config.clip_norm), optimizer)
    return optimizer
