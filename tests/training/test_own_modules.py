from __future__ import annotations

from pathlib import Path

import flax.linen as nn
import jax
import pytest

import vdm_cli
from vdm_cli.build.own_modules import from_own, require_rows
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.errors import CheckpointError, UsageError

pytestmark = pytest.mark.unoptimized

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


class Convolving(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        y = nn.Conv(1, (3, 3))(x[..., None]).mean(axis=(1, 2, 3))
        return y if condition is None else y * condition.sum(axis=1)


def test_convolutions_in_a_module_of_ones_own_are_noticed() -> None:
    assert from_own(Convolving(), (8, 8), 0).convolves
    assert from_own(Convolving(), (8, 8), 3).convolves
    assert not from_own(Own(), (2,), 0).convolves


def test_a_module_of_ones_own_is_given_the_condition_or_refused() -> None:
    require_rows(Convolving(), (8, 8), (), 3, "critic")
    with pytest.raises(UsageError, match=r"critic= must take condition=, an array \(n, 3\)"):
        require_rows(Own(), (2,), (2,), 3, "critic")


def test_a_generator_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"generator= must map .* gives \(3,\)"):
        vdm_cli.train(CONFIG, run_dir=tmp_path / "run", generator=Own(3))
    assert not (tmp_path / "run").exists()
