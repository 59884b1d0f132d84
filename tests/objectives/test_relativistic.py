"""Relativistic pairing against R3GAN's own losses."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import softplus

from vdm_cli.divergences.catalog import GAN, JENSEN_SHANNON, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.objectives.objective import Objective
from vdm_cli.objectives.relativistic import (
    margins,
    relativistic_non_saturating_loss,
    relativistic_objective,
)

DATA, MODEL = (3.0 * jax.random.normal(jax.random.key(seed), (50,)) for seed in (0, 1))


@pytest.mark.parametrize(
    ("row", "factor", "constant"), [(GAN, 1.0, 0.0), (JENSEN_SHANNON, 2.0, math.log(2.0))]
)
def test_both_losses_are_those_of_r3gan(row: FDivergence, factor: float, constant: float) -> None:
    """R3GAN: the critic descends E softplus(-(D(x) - D(y))), the generator E softplus(-(D(y) - D(x)))."""
    objective = Objective(row, relativistic_non_saturating_loss, pairing="relativistic")
    critic, generator = jnp.mean(softplus(MODEL - DATA)), jnp.mean(softplus(DATA - MODEL))
    assert factor * float(objective.value(DATA, MODEL)) == pytest.approx(constant - float(critic), rel=1e-5)
    found = float(objective.descended(MODEL, DATA))
    assert factor * found == pytest.approx(float(generator) - constant, rel=1e-5)


def test_the_minimax_generator_descends_what_the_critic_ascends() -> None:
    objective = Objective(GAN, relativistic_objective, pairing="relativistic")
    assert float(objective.descended(MODEL, DATA)) == float(objective.value(DATA, MODEL))


@pytest.mark.parametrize("row", catalog().values(), ids=lambda row: row.label)
@pytest.mark.parametrize("loss", [relativistic_objective, relativistic_non_saturating_loss])
def test_every_loss_pushes_scores_of_generated_rows_up(row: FDivergence, loss: object) -> None:
    objective = Objective(row, loss, pairing="relativistic")  # type: ignore[arg-type]
    assert np.all(np.asarray(jax.grad(lambda v: objective.descended(v, DATA))(MODEL)) < 0.0)


def test_a_shift_of_the_critic_changes_nothing() -> None:
    objective = Objective(GAN, relativistic_objective, pairing="relativistic")
    assert float(objective.value(DATA + 2.0, MODEL + 2.0)) == pytest.approx(
        float(objective.value(DATA, MODEL))
    )


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((3, 1), (3, 1)), ((3,), (3, 1))])
def test_scores_that_do_not_pair_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="must both have shape"):
        margins(*map(jnp.zeros, shapes))
