from __future__ import annotations

from pathlib import Path

import flax.linen as nn
import jax
import pytest

import vdm_cli
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.errors import CheckpointError, UsageError

CONFIG = ExperimentConfig.model_validate(
    {
        "data": {"kind": "gaussian", "mean": [0.0, 1.0], "size": 200},
        "critic": {"kind": "mlp", "hidden": [8]},
        "training": {"steps": 20, "batch_size": 16, "log_every": 10},
        "checkpoints": {"every": 20},
    }
)


class Own(nn.Module):
    width: int = 2

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        return nn.Dense(self.width)(nn.tanh(nn.Dense(4)(z)))


def test_a_run_with_a_module_of_ones_own_is_trained_and_sampled(tmp_path: Path) -> None:
    vdm_cli.train(CONFIG, run_dir=tmp_path / "run", generator=Own())
    result = vdm_cli.sample(tmp_path / "run", num_samples=7, output=tmp_path / "a.npy", generator=Own())
    assert (result.count, result.shape) == (7, (2,))
    with pytest.raises(CheckpointError, match="needs them again"):
        vdm_cli.sample(tmp_path / "run", output=tmp_path / "b.npy")


def test_a_generator_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"generator= must map .* gives \(3,\)"):
        vdm_cli.train(CONFIG, run_dir=tmp_path / "run", generator=Own(3))
    assert not (tmp_path / "run").exists()
