"""Tiny experiments, built once for all tests of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import Experiment, build_experiment
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.dataset import Dataset

Build = Callable[..., Experiment]

RING = {"kind": "ring", "std": 0.05, "size": 512}


@pytest.fixture(scope="session")
def ring() -> Dataset:
    return load_dataset(tiny().data, 0)


@pytest.fixture(scope="session")
def build(ring: Dataset) -> Build:
    """An experiment on the ring; sections given replace those of `tiny`."""

    def build(**sections: Any) -> Experiment:
        return build_experiment(tiny(**sections), ring)

    return build


def tiny(**sections: Any) -> ExperimentConfig:
    """Losses as the formulas have them, unless normalizing them is asked for."""
    training = {"steps": 100, "batch_size": 16, **sections.pop("training", {})}
    objective = {"normalize": False, **sections.pop("objective", {})}
    return ExperimentConfig.model_validate(
        {
            "data": RING,
            "generator": {"hidden": [8]},
            "critic": {"hidden": [8], "activation": "tanh"},
            "training": training,
            "objective": objective,
            **sections,
        }
    )
