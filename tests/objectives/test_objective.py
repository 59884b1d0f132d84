"""What the value that a critic ascends is called, and the Wasserstein baseline."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
import pytest

from vdm_cli.divergences.catalog import KL, catalog
from vdm_cli.objectives.generator_loss import minimax_loss, non_saturating_loss
from vdm_cli.objectives.objective import VALUE_NAMES, Objective
from vdm_cli.objectives.wasserstein import Trained, Wasserstein


@pytest.mark.parametrize(
    ("divergence", "packing", "pairing", "name", "label"),
    [
        (KL, 1, "none", "bound", "kl"),
        (KL, 2, "none", "packed_bound", "kl on packs of 2"),
        (KL, 1, "relativistic", "objective", "relativistic kl"),
        (KL, 2, "relativistic", "objective", "relativistic kl on packs of 2"),
        (Wasserstein(), 1, "none", "objective", "wasserstein"),
        (Wasserstein(), 2, "none", "objective", "wasserstein on packs of 2"),
    ],
)
def test_only_a_bound_on_the_divergence_is_called_one(
    divergence: Trained, packing: int, pairing: Literal["none", "relativistic"], name: str, label: str
) -> None:
    objective = Objective(divergence, minimax_loss, packing=packing, pairing=pairing)
    assert objective.value_name == name
    assert name in VALUE_NAMES
    assert objective.label == label
    assert objective.judges_single_rows == (packing == 1 and pairing == "none")


def test_wasserstein_is_the_difference_of_mean_scores() -> None:
    data, model = jnp.array([1.0, 4.0]), jnp.array([0.0, 1.0])
    for loss in (minimax_loss, non_saturating_loss):
        objective = Objective(Wasserstein(), loss)
        assert float(objective.value(data, model)) == pytest.approx(2.0)
        assert float(objective.descended(model)) == pytest.approx(-0.5)


def test_wasserstein_is_no_f_divergence() -> None:
    assert Wasserstein().label not in catalog()
