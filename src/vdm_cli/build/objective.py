"""What the players optimize, from its configuration."""

from __future__ import annotations

import dataclasses
import math
from typing import assert_never

import jax.numpy as jnp
import numpy as np

from vdm_cli.config import divergence as divergence_config
from vdm_cli.config import objective as objective_config
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.divergences import catalog
from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.links import paper_link
from vdm_cli.errors import ConfigError, UsageError
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.spelling import told
from vdm_cli.objectives.generator_loss import GeneratorLoss, minimax_loss, non_saturating_loss
from vdm_cli.objectives.objective import LipschitzPenalty, Objective, Schedule
from vdm_cli.objectives.relativistic import relativistic_non_saturating_loss, relativistic_objective
from vdm_cli.objectives.wasserstein import Trained, Wasserstein
from vdm_cli.training.schedules import annealed_weight

USUAL_BOUND = 10.0  # of scores
MILD = math.exp(6.0)  # the largest |T| and |f*(T)| within a score bound that is not given
GENERATOR_LOSSES: dict[tuple[str, str], GeneratorLoss] = {
    ("none", "minimax"): minimax_loss,
    ("none", "non_saturating"): non_saturating_loss,
    ("relativistic", "minimax"): relativistic_objective,
    ("relativistic", "non_saturating"): relativistic_non_saturating_loss,
}


def build_divergence(config: divergence_config.DivergenceConfig) -> Trained:
    """The divergence that the configuration names or writes out, or the baseline."""
    match config:
        case divergence_config.PlainDivergence():
            return catalog.catalog()[config.kind]
        case divergence_config.SkewedJensenShannon():
            return catalog.skewed_jensen_shannon(config.pi)
        case divergence_config.AlphaDivergence():
            return catalog.alpha_divergence(config.alpha)
        case divergence_config.ExpressionDivergence():
            return _written_out(config)
        case divergence_config.WassersteinBaseline():
            return Wasserstein()
        case _:
            assert_never(config)


def _written_out(config: divergence_config.ExpressionDivergence) -> FDivergence:
    """The divergence of a user's f; what no configuration can see is whether f fits a table."""
    from vdm_cli.divergences.expression import expression_divergence  # flint, for those who need it

    try:
        return expression_divergence(config.f, config.parameters)
    except ExpressionError as error:
        raise ConfigError([f"divergence.f: {told(config.f, error)}"]) from error


def build_objective(config: ExperimentConfig) -> Objective:
    """The objective of both players; penalties of one kind add up.

    Raises:
        UsageError: If the divergence has no link of the kind asked for, or no f''(1) to divide by.
    """
    section, steps = config.objective, config.training.steps
    divergence = build_divergence(config.divergence)

    def weight(kind: str) -> Schedule | None:
        parts = [_weight(each.weight, steps) for each in section.penalties if each.kind == kind]
        return (lambda step: sum(part(step) for part in parts)) if parts else None

    return Objective(
        divergence=_with_paper_link(divergence) if section.link == "paper" else divergence,
        generator_loss=GENERATOR_LOSSES[section.pairing, section.generator_loss],
        r1=weight("r1"),
        r2=weight("r2"),
        roth=weight("roth"),
        lipschitz=tuple(
            LipschitzPenalty(_weight(each.weight, steps), each.target, each.sided)
            for each in section.penalties
            if isinstance(each, objective_config.LipschitzPenalty)
        ),
        packing=section.packing,
        pairing=section.pairing,
        link=section.link,
        scale=_scale(divergence, section.normalize),
    )


def score_bound(config: ExperimentConfig) -> float:
    """C of v = C tanh(s / C): none for the baseline, whose score is no log-ratio.

    Where not given it is 10, or keeps T and f*(T) within e^6: a few rows with large scores would decide a
    steeper bound, and late steps with it.  At most half of where f is finite, so that squared gradients,
    which optimizers and norms take, are finite too, and so is T of the difference of two scores, which
    pairing takes.
    """
    divergence = build_divergence(config.divergence)
    if isinstance(divergence, Wasserstein):
        return math.inf
    limit, pair = divergence.score_limit, divergence.training_pair
    if config.objective.link == "paper":
        link = paper_link(divergence)
        limit, pair = link.score_limit, (link.witness, link.witness_conjugate)
    asked = config.critic.score_bound
    return min(_mild_scores(pair, 0.5 * limit) if asked is None else asked, 0.5 * limit)


def _mild_scores(pair: tuple[Elementwise, Elementwise], most: float) -> float:
    """The largest of some bounds up to `USUAL_BOUND` within which T and f* after T stay mild."""
    bounds = np.arange(1, 101) * (min(USUAL_BOUND, most) / 100)
    scores = jnp.asarray(np.stack([-bounds, bounds]), jnp.float32)
    largest = np.max([np.abs(np.asarray(function(scores))).max(axis=0) for function in pair], axis=0)
    mild = bounds[largest <= MILD * 1.02]  # Jeffreys has v beside e^v
    return float(mild[-1]) if len(mild) else float(bounds[0])


def _with_paper_link(divergence: Trained) -> FDivergence:
    if isinstance(divergence, Wasserstein):
        raise UsageError(
            "objective.link: paper: 'wasserstein' is no f-divergence and T(v) = v its only link; leave "
            "objective.link at log_ratio"
        )
    link = paper_link(divergence)
    return dataclasses.replace(divergence, training_link=(link.witness, link.witness_conjugate))


def _scale(divergence: Trained, normalize: bool | None) -> float:
    """What losses are multiplied by: 1 / f''(1), so that near P = Q all f are alike, or 1.

    Left to the divergence (None), an f without a positive f''(1) takes in its place what it is for a smooth
    one, the slope of T in the score, measured over |v| <= 1/2; the baseline takes 1.
    """
    if normalize is False:
        return 1.0
    curvature = math.nan if isinstance(divergence, Wasserstein) else divergence.curvature
    if 0.0 < curvature < math.inf:
        return 1.0 / curvature
    if normalize:
        found = "is 0" if curvature == 0.0 else "does not exist"
        raise UsageError(
            f"objective.normalize: f''(1), by which it divides the losses, {found} for {divergence.label}; "
            "leave it out"
        )
    witness, _ = divergence.training_pair
    low, high = np.asarray(witness(jnp.array([-0.5, 0.5])))
    return 1.0 / float(high - low) if high > low else 1.0


def _weight(weight: float | objective_config.AnnealedWeight, steps: int) -> Schedule:
    if isinstance(weight, objective_config.AnnealedWeight):
        return annealed_weight(weight.initial, weight.final, weight.schedule, steps)
    return lambda step: weight
