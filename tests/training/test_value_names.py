"""A whole run says everywhere by the same name whether the critic's value is a bound on D_f."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vdm_cli
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.console import SilentReport

pytestmark = pytest.mark.unoptimized

PENALTY = {"kind": "gradient_penalty", "weight": 1.0}


class Listener(SilentReport):
    """Keeps the names of what a person would see."""

    names: tuple[str, ...] = ()

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        self.names = tuple(values)


def experiment(**sections: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {
            "data": {"kind": "ring", "modes": 3, "std": 0.05, "size": 400},
            "generator": {"hidden": [8]},
            "critic": {"hidden": [8]},
            "training": {"steps": 4, "batch_size": 12, "log_every": 2, **sections.pop("training", {})},
            "checkpoints": {"every": 4},
            **sections,
        }
    )


@pytest.mark.parametrize(
    ("sections", "name"),
    [
        ({"objective": {"packing": 3}}, "packed_bound"),
        (
            {
                "divergence": "wasserstein",
                "objective": {"pairing": "relativistic", "packing": 2, "penalties": [PENALTY]},
                "training": {"precision": "bfloat16", "num_seeds": 2},
            },
            "objective",
        ),
    ],
)
def test_metrics_and_console_use_the_objectives_own_name(
    tmp_path: Path, sections: dict[str, Any], name: str
) -> None:
    run, listener, config = tmp_path / "run", Listener(), experiment(**sections)
    vdm_cli.train(config, run_dir=run, report=listener)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    for line in lines:
        assert {name, f"validation_{name}"} <= set(line)
        assert not {"bound", "validation_bound"} & set(line)
        assert len(line.get("seeds", {}).get(name, [])) == (2 if "training" in sections else 0)
    assert listener.names[0] == name.replace("_", " ")
    assert (run / "samples" / "step-00000004.png").stat().st_size > 0
    loaded = vdm_cli.load(run)
    rows = loaded.generator.sample(50, 0)
    assert rows.shape == (50, 2)
    assert np.isfinite(rows).all()
