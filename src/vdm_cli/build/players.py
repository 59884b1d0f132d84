"""Networks and optimizers from their configuration, and the game as a whole."""

from __future__ import annotations

import math
from typing import assert_never

import flax.linen as nn
import optax

from vdm_cli.build.objective import build_objective, score_bound
from vdm_cli.build.own_modules import from_own, require_rows
from vdm_cli.config import networks as network_config
from vdm_cli.config import optimizers as optimizer_config
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.block import Block
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.categories import noise_dim, with_categories
from vdm_cli.networks.constant import Constant
from vdm_cli.networks.conv import ConvCritic, ConvGenerator
from vdm_cli.networks.image import require_image
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.mlp import Mlp
from vdm_cli.networks.network import Network, from_linen, in_bfloat16
from vdm_cli.networks.residual import ResidualCritic, ResidualGenerator
from vdm_cli.objectives.packing import packed_shape
from vdm_cli.training.schedules import learning_rate
from vdm_cli.training.step import Players


def build_players(
    config: ExperimentConfig,
    shape: tuple[int, ...],
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
    *,
    condition_dim: int = 0,
    blocks: tuple[Block, ...] = (),
) -> Players:
    """Networks, optimizers and objective; the configuration is already resolved.

    Args:
        config: Of the experiment.
        shape: Of one row in network units.
        generator: The user's own, in place of the configured one.
        critic: The same.
        condition_dim: Numbers that both are given beside a row; 0 for none.
        blocks: Which elements of a row are one-hot vectors.
    """
    training = config.training
    noise = noise_dim(blocks, config.generator.categories)
    latent = Latent(config.latent.kind, config.latent.dim or math.prod(shape), noise, config.latent.draws)
    if generator is not None:
        require_rows(generator, (latent.dim,), shape, condition_dim, "generator")
    judged = packed_shape(shape, config.objective.packing)
    judged_condition = config.objective.packing * condition_dim
    if critic is not None:
        require_rows(critic, judged, (), judged_condition, "critic")
    generating = (
        build_generator(config.generator, shape, latent.dim, condition_dim)
        if generator is None
        else from_own(generator, (latent.dim,), condition_dim)
    )
    judging = (
        build_critic(config.critic, judged, judged_condition)
        if critic is None
        else from_own(critic, judged, judged_condition)
    )
    if training.precision == "bfloat16":
        generating, judging = in_bfloat16(generating), in_bfloat16(judging)
    if blocks:
        generating = with_categories(generating, latent.dim, blocks, config.generator.categories)
    return Players(
        generator=generating,
        critic=judging,
        generator_optimizer=build_optimizer(config.optimizers.generator, training.steps),
        critic_optimizer=build_optimizer(config.optimizers.critic, training.steps * training.critic_steps),
        latent=latent,
        objective=build_objective(config),
        score_bound=score_bound(config),
        critic_steps=training.critic_steps,
        updates=training.updates,
        ema_decay=training.ema_decay,
    )


def build_generator(
    config: network_config.GeneratorConfig, shape: tuple[int, ...], latent_dim: int, condition_dim: int = 0
) -> Network:
    """z (n, latent_dim), given a condition (n, condition_dim), to rows (n, *shape) in network units.

    Raises:
        UsageError: If a generator of images is asked for rows that are none.
    """
    takes = (latent_dim,)
    match config:
        case network_config.AffineGenerator():
            return from_linen(Affine(shape), takes, condition_dim, is_affine=condition_dim == 0)
        case network_config.MlpGenerator():
            module = Mlp(shape, config.hidden, config.activation, config.normalization, config.output)
            return from_linen(module, takes, condition_dim)
        case network_config.ConvGenerator() | network_config.ResidualGenerator():
            require_image(shape, f"generator.kind: {config.kind}")
            kind = ConvGenerator if config.kind == "conv" else ResidualGenerator
            images = kind(shape, config.channels, config.activation, config.normalization, config.output)
            return from_linen(images, takes, condition_dim, convolves=True)
        case _:
            assert_never(config)


def build_critic(
    config: network_config.CriticConfig, shape: tuple[int, ...], condition_dim: int = 0
) -> Network:
    """Rows (n, *shape) in network units, given a condition (n, condition_dim), to raw scores (n,).

    Raises:
        UsageError: If a critic of images is asked for rows that are none.
    """
    match config:
        case network_config.ConstantCritic():
            return from_linen(Constant(), shape, condition_dim)
        case network_config.AffineCritic():
            return from_linen(Affine(()), shape, condition_dim)
        case network_config.MlpCritic():
            some = config.fourier
            fourier = None if some is None else (some.features, some.finest)
            module = Mlp((), config.hidden, config.activation, config.normalization, fourier=fourier)
            return from_linen(module, shape, condition_dim)
        case network_config.ConvCritic() | network_config.ResidualCritic():
            require_image(shape, f"critic.kind: {config.kind}")
            kind = ConvCritic if config.kind == "conv" else ResidualCritic
            images = kind(config.channels, config.activation, config.normalization)
            return from_linen(images, shape, condition_dim, convolves=True)
        case _:
            assert_never(config)


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
