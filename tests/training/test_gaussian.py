"""An affine generator against a Gaussian: the answer is known, and so is the density of what was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.commands.load import sampler
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog

ONE = {"mean": [3.0], "std": [2.0]}
TWO = {"mean": [1.0, -2.0], "covariance": [[1.0, 0.6], [0.6, 2.0]]}


def trained(divergence: str, law: dict[str, Any], steps: int) -> tuple[GaussianMixture, GaussianMixture]:
    """The law of the data and that of the averaged generator."""
    rate = {"learning_rate": 1e-2, "final_fraction": 0.0}
    config = ExperimentConfig.model_validate(
        {
            "divergence": {"kind": divergence},
            "data": {"kind": "gaussian", **law, "size": None, "transform": "none"},
            "latent": {"dim": len(law["mean"])},
            "generator": {"kind": "affine"},
            "critic": {"hidden": [32], "activation": "tanh"},
            "optimizers": {"critic": rate, "generator": rate},
            "training": {"steps": steps, "batch_size": 512, "ema_decay": 0.995},
        }
    )
    dataset = load_dataset(config.data, config.seed)
    experiment = build_experiment(config, dataset)
    state, _ = experiment.program.advance(experiment.initial_state(), steps)
    generator = sampler(experiment.players, state, 0, dataset.transform, dataset.layout, experiment.config)
    model = generator.density()
    assert model is not None
    assert dataset.law is not None
    return dataset.law, model


def assert_recovers_one_dimension(divergence: str) -> None:
    law, model = trained(divergence, ONE, 2000)
    assert abs(model.mean[0] - law.mean[0]) < 0.03 * 2.0
    assert np.sqrt(model.covariance[0, 0]) == pytest.approx(2.0, rel=0.03)


def assert_recovers_two_dimensions(divergence: str) -> None:
    """Means within 3 % of a deviation; deviations within 3 %, the correlation of 0.42 within 0.03."""
    law, model = trained(divergence, TWO, 3000)
    true, found = (np.sqrt(np.diag(own.covariance)) for own in (law, model))
    assert np.abs((model.mean - law.mean) / true).max() < 0.03
    np.testing.assert_allclose(found, true, rtol=0.03)
    correlation = model.covariance[0, 1] / found.prod()
    assert abs(correlation - 0.6 / np.sqrt(2.0)) < 0.03


@pytest.mark.parametrize("divergence", ["kl", "neyman_chi2"])
def test_an_affine_generator_recovers_a_gaussian(divergence: str) -> None:
    assert_recovers_one_dimension(divergence)


def test_an_affine_generator_recovers_a_correlated_gaussian() -> None:
    assert_recovers_two_dimensions("jensen_shannon")


@pytest.mark.slow
@pytest.mark.parametrize("divergence", catalog())
def test_every_divergence_recovers_a_gaussian(divergence: str) -> None:
    assert_recovers_one_dimension(divergence)


@pytest.mark.slow
@pytest.mark.parametrize("divergence", catalog())
def test_every_divergence_recovers_a_correlated_gaussian(divergence: str) -> None:
    assert_recovers_two_dimensions(divergence)
