"""The paper's link and normalized losses in real steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vdm_cli.build.experiment import Experiment

Build = Callable[..., Experiment]


def test_papers_link_trains_with_normalized_losses_on_a_bound_in_nats(build: Build) -> None:
    """f''(1) of Pearson's chi^2 is 2."""
    experiment = build(
        divergence="pearson_chi2",
        objective={"link": "paper", "normalize": True, "penalties": [{"kind": "roth", "weight": 0.1}]},
    )
    _, metrics = experiment.program.advance(experiment.initial_state(), 10)
    for values in metrics.values():
        assert np.isfinite(values).all()
    assert (metrics["generator_gradient_norm"] > 0.0).all()
    np.testing.assert_allclose(
        metrics["critic_loss"], metrics["penalty"] - 0.5 * metrics["bound"], rtol=1e-5, atol=1e-7
    )
