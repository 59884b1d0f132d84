"""What `vdm train` tells of a run beside its bound: modes, early stopping, findings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_harness import CONFIG, Tree, Vdm

STILL = [f"--set=optimizers.{player}.learning_rate=1.0e-30" for player in ("critic", "generator")]


def records(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of eight known modes."""
    path = tmp_path_factory.mktemp("ring") / "tiny.yaml"
    path.write_text(CONFIG.replace("{path: %s}", "{kind: ring, size: 400, std: 0.05}"))
    return path


def test_known_modes_are_scored_at_every_line_and_told_beside_a_perfect_sampler(
    vdm: Vdm, ring: Path, tmp_path: Path
) -> None:
    done = vdm("train", "--config", ring, "--run-dir", tmp_path / "run", "--set", "training.num_seeds=2")
    assert done.code == 0, done.err
    lines = records(tmp_path / "run")
    scores = {"modes_covered", "modes_high_quality", "modes_reverse_kl", "modes_sd_ratio"}
    assert all(scores <= set(line) for line in lines)
    assert all(len(line["seeds"][name]) == 2 for line in lines for name in scores)
    assert all(0.0 <= line["modes_high_quality"] <= 1.0 for line in lines)
    assert "least to most of 2 seeds [a perfect sampler]" in done.out
    assert "of 8" in done.out
    assert re.search(r"within 3 sd of a mode: .* \[98\.\d\]", done.out)
    assert "modes " in done.err


def test_rows_without_known_modes_have_no_such_scores(reference: Path) -> None:
    assert not any(name.startswith("modes_") for line in records(reference) for name in line)


def test_checkpoints_compare_the_live_critic_with_a_fresh_one_and_count_what_samples_reach(
    reference: Path,
) -> None:
    checks = [line for line in records(reference) if "validation_divergence" in line]
    assert len(checks) == 3
    for line in checks:
        assert -1.0 < line["live_divergence"] < 0.7
        assert 0.0 <= line["validation_recall"] <= 1.0


def test_patience_ends_a_run_that_does_not_improve_and_resuming_it_changes_nothing(
    vdm: Vdm, config: Path, tmp_path: Path, tree: Tree
) -> None:
    """Weights that cannot move: whatever a checkpoint finds beyond the first is chance."""
    run = tmp_path / "run"
    call = ["train", "--config", config, "--run-dir", run, *STILL, "--set", "training.steps=400"]
    done = vdm(*call, "--patience", 2)
    assert done.code == 0, done.err
    lines = records(run)
    assert lines[-1]["step"] < 400
    values = {
        line["step"]: line["validation_divergence"] for line in lines if "validation_divergence" in line
    }
    best = min(values, key=lambda step: values[step])
    assert lines[-1]["step"] == best + 2 * 20
    assert f"{lines[-1]['step']:.0f} steps done, stopped early" in done.out
    before = tree(run)
    again = vdm(*call, "--patience", 2, "--resume")
    assert again.code == 0
    assert "stopped early" in again.out
    assert tree(run) == before
    longer = vdm(*call, "--patience", 3, "--resume")
    assert longer.code == 0, longer.err
    assert records(run)[-1]["step"] > lines[-1]["step"]


@pytest.mark.parametrize("patience", ["0", "-1", "many"])
def test_an_impossible_patience_is_refused(vdm: Vdm, config: Path, tmp_path: Path, patience: str) -> None:
    refused = vdm("train", "--config", config, "--run-dir", tmp_path / "run", "--patience", patience)
    assert refused.code == 2
    assert "--patience" in refused.err
    assert not (tmp_path / "run").exists()


def test_a_critic_that_cannot_learn_is_named_while_the_run_goes_and_at_its_end(
    vdm: Vdm, ring: Path, tmp_path: Path
) -> None:
    call = ("train", "--config", ring, "--run-dir", tmp_path / "run", "--set", "critic={kind: constant}")
    done = vdm(*call)
    assert done.code == 0, done.err
    assert "step 20: the critic has collapsed" in done.err
    assert "findings:\n  - the critic has collapsed" in done.out
