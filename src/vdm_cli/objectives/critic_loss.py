"""What the critic descends: minus the value of the objective, plus its penalties."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.objectives.objective import Objective
from vdm_cli.objectives.penalties import (
    gradient_penalty,
    interpolates,
    lipschitz_penalty,
    roth_penalty,
    squared_gradient_norms,
)

Score = Callable[[Any, jax.Array], tuple[jax.Array, Any]]


class CriticLoss(NamedTuple):
    """One evaluation of the critic's objective.

    Attributes:
        value: The bound or objective, in nats and before any normalizing.
        penalty: The sum of its penalties.
        loss: What it descends: penalty - value, the value scaled as `Objective.scaled` does.
        scores: v on all rows, shape (2 n,).
        aux: The critic's updated aux.
    """

    value: jax.Array
    penalty: jax.Array
    loss: jax.Array
    scores: jax.Array
    aux: Any


def critic_loss(
    objective: Objective,
    score: Score,
    aux: Any,
    data: jax.Array,
    model: jax.Array,
    step: jax.Array,
    key: jax.Array,
) -> CriticLoss:
    """Evaluate value, penalties and the loss that they make.

    Data and generated rows pass apart: batch statistics are each side's own.  Interpolates pass last and
    leave no trace in them.

    Args:
        objective: What is ascended.
        score: (aux, rows (n, ...)) -> (scores v (n,), updated aux), differentiable in the rows.
        aux: The critic's.
        data: (Packs of) data rows.
        model: (Packs of) generated rows, as many.
        step: Generator steps done, which sets the weights.
        key: Of the interpolation.
    """
    penalty = jnp.zeros(())
    data_scores, data_norms, aux = _scored(score, aux, data, objective.r1 is not None)
    on_model = objective.r2 is not None or objective.roth is not None
    model_scores, model_norms, aux = _scored(score, aux, model, on_model)
    if objective.r1 is not None:
        penalty += gradient_penalty(data_norms, objective.r1(step))
    if objective.r2 is not None:
        penalty += gradient_penalty(model_norms, objective.r2(step))
    if objective.roth is not None:
        penalty += objective.scaled(_roth(objective, model_norms, model_scores, objective.roth(step)))
    if objective.lipschitz:
        between = interpolates(key, data, model)
        norms, _, _ = squared_gradient_norms(lambda rows: score(aux, rows), between)
        for each in objective.lipschitz:
            penalty += lipschitz_penalty(norms, each.weight(step), each.target, each.sided)
    value = objective.value(data_scores, model_scores)
    scores = jnp.concatenate([data_scores, model_scores])
    return CriticLoss(value, penalty, penalty - objective.scaled(value), scores, aux)


def _roth(
    objective: Objective, squared_norms: jax.Array, scores: jax.Array, weight: jax.Array | float
) -> jax.Array:
    """Roth's penalty under the objective's link; a kinked f keeps the form that has no f*'', which is 0."""
    divergence = objective.divergence
    witness, conjugate = divergence.training_pair
    assert isinstance(divergence, FDivergence), "the Wasserstein baseline has no f*''"
    linked = objective.link == "paper" and not math.isnan(divergence.curvature)
    return roth_penalty(squared_norms, scores, conjugate, weight, witness if linked else None)


def _scored(
    score: Score, aux: Any, rows: jax.Array, with_gradients: bool
) -> tuple[jax.Array, jax.Array, Any]:
    """Scores, squared norms of their gradients (0 where nobody asks for them), and the updated aux."""
    if with_gradients:
        norms, scores, updated = squared_gradient_norms(lambda x: score(aux, x), rows)
        return scores, norms, updated
    scores, updated = score(aux, rows)
    return scores, jnp.zeros(()), updated
