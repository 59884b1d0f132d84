"""Both links and normalized losses in real steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from vdm_cli.build.experiment import Experiment

Build = Callable[..., Experiment]

SGD = {"kind": "sgd", "learning_rate": 0.1, "schedule": "constant"}
ROTH = [{"kind": "roth", "weight": 0.1}]


@pytest.mark.parametrize("divergence", ["neyman_chi2", {"kind": "alpha", "alpha": 20.0}])
def test_papers_link_trains_on_a_bound(build: Build, divergence: Any) -> None:
    experiment = build(divergence=divergence, objective={"link": "paper", "penalties": ROTH})
    _, metrics = experiment.program.advance(experiment.initial_state(), 10)
    assert experiment.players.objective.link == "paper"
    for values in metrics.values():
        assert np.isfinite(values).all()
    assert (metrics["generator_gradient_norm"] > 0.0).all()
    np.testing.assert_allclose(metrics["critic_loss"], metrics["penalty"] - metrics["bound"], rtol=1e-5)


def test_normalized_losses_with_a_bound_in_nats(build: Build) -> None:
    """2 H^2 is alpha = 1/2: where both are divided by f''(1) the runs are one, and their bounds 1 to 2."""
    runs = []
    for divergence in ("squared_hellinger", "alpha"):
        experiment = build(
            divergence=divergence,
            objective={"normalize": True, "penalties": ROTH},
            optimizers={"critic": SGD, "generator": SGD},
        )
        runs.append(experiment.program.advance(experiment.initial_state(), 5))
    (hellinger, ours), (alpha, theirs) = runs
    for one, other in zip(
        jax.tree.leaves(hellinger.generator), jax.tree.leaves(alpha.generator), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(2.0 * ours["bound"], theirs["bound"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours["critic_loss"], theirs["critic_loss"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        ours["critic_loss"], ours["penalty"] - 2.0 * ours["bound"], rtol=1e-4, atol=1e-6
    )
