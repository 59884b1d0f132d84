"""What the players optimize, from its configuration."""

from __future__ import annotations

import math
from typing import assert_never

from vdm_cli.config import divergence as divergence_config
from vdm_cli.config import objective as objective_config
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.divergences import catalog
from vdm_cli.objectives.generator_loss import GeneratorLoss, minimax_loss, non_saturating_loss
from vdm_cli.objectives.objective import LipschitzPenalty, Objective, Schedule
from vdm_cli.objectives.relativistic import relativistic_non_saturating_loss, relativistic_objective
from vdm_cli.objectives.wasserstein import Trained, Wasserstein
from vdm_cli.training.schedules import annealed_weight

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
            from vdm_cli.divergences.expression import expression_divergence  # flint, for those who need it

            return expression_divergence(config.f, config.parameters)
        case divergence_config.WassersteinBaseline():
            return Wasserstein()
        case _:
            assert_never(config)


def build_objective(config: ExperimentConfig) -> Objective:
    """The objective of both players; penalties of one kind add up."""
    section, steps = config.objective, config.training.steps

    def weight(kind: str) -> Schedule | None:
        parts = [_weight(each.weight, steps) for each in section.penalties if each.kind == kind]
        return (lambda step: sum(part(step) for part in parts)) if parts else None

    return Objective(
        divergence=build_divergence(config.divergence),
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
    )


def score_bound(config: ExperimentConfig) -> float:
    """C of v = C tanh(s / C): none for the baseline, whose score is no log-ratio."""
    if isinstance(config.divergence, divergence_config.WassersteinBaseline):
        return math.inf
    return config.critic.score_bound


def _weight(weight: float | objective_config.AnnealedWeight, steps: int) -> Schedule:
    if isinstance(weight, objective_config.AnnealedWeight):
        return annealed_weight(weight.initial, weight.final, weight.schedule, steps)
    return lambda step: weight
