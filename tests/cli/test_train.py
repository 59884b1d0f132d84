"""`vdm train`: the run directory, and every way to start, refuse and continue a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cli_harness import Outcome, Tree, Vdm

from vdm_cli.config.load import load_experiment

METRIC_KEYS = {
    "step",
    "bound",
    "validation_bound",
    "critic_loss",
    "generator_loss",
    "critic_gradient_norm",
    "generator_gradient_norm",
}


def lines(file: Path) -> list[dict[str, object]]:
    text = file.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def set_values(config: Path, **changes: object) -> list[object]:
    return ["train", "--config", config, *(f"--set={key}={value}" for key, value in changes.items())]


def weights(run: Path, step: int) -> dict[str, str]:
    """Digests of the networks' arrays of a checkpoint."""
    about = json.loads((run / "checkpoints" / str(step) / "about" / "metadata").read_text())
    return {
        name: digest for name, digest in about["digests"].items() if "params" in name or "average" in name
    }


def test_a_run_directory_holds_what_the_design_says_and_nothing_else(reference: Path) -> None:
    entries = {entry.name for entry in reference.iterdir()}
    assert entries == {
        "config.yaml",
        "environment.json",
        "metrics.jsonl",
        "timings.jsonl",
        "checkpoints",
        "samples",
        ".lock",
    }
    pictures = {entry.name for entry in (reference / "samples").iterdir()}
    frames = {f"step-{step:08d}.png" for step in range(0, 70, 10)}
    assert pictures == frames | {"training.gif"}


def test_config_yaml_repeats_the_run(reference: Path, config: Path) -> None:
    assert load_experiment(str(reference / "config.yaml")).model_dump(exclude={"latent"}) == load_experiment(
        str(config)
    ).model_dump(exclude={"latent"})
    assert yaml.safe_load((reference / "config.yaml").read_text())["latent"] == {
        "kind": "normal",
        "dim": 2,
        "draws": "independent",
    }


def test_environment_json_names_versions_devices_seed_and_command(reference: Path) -> None:
    document = json.loads((reference / "environment.json").read_text())
    assert {"command", "seed", "started", "python", "platform", "versions", "devices", "git_commit"} <= set(
        document
    )
    assert document["command"].startswith("vdm")
    assert {"vdm-cli", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy"} <= set(
        document["versions"]
    )


def test_metrics_have_one_line_a_period_and_a_fresh_critic_at_checkpoints(reference: Path) -> None:
    records = lines(reference / "metrics.jsonl")
    assert [record["step"] for record in records] == [10, 20, 30, 40, 50, 60]
    assert all(set(record) >= METRIC_KEYS for record in records)
    assert [record["step"] for record in records if "validation_divergence" in record] == [20, 40, 60]


def test_speed_is_kept_apart_from_metrics_which_must_be_the_same_bytes_after_a_resume(
    reference: Path,
) -> None:
    assert "second" not in (reference / "metrics.jsonl").read_text()
    speeds = lines(reference / "timings.jsonl")
    assert [record["step"] for record in speeds] == [10, 20, 30, 40, 50, 60]
    assert all(float(str(record["steps_per_second"])) > 0 for record in speeds)


def test_the_latest_two_checkpoints_and_the_best_are_kept(reference: Path) -> None:
    measured = {
        record["step"]: record["validation_divergence"]
        for record in lines(reference / "metrics.jsonl")
        if "validation_divergence" in record
    }
    best = min(measured, key=lambda step: float(str(measured[step])))
    kept = {int(entry.name) for entry in (reference / "checkpoints").iterdir()}
    assert kept == {40, 60, best}


def test_an_existing_run_is_refused_and_untouched(vdm: Vdm, config: Path, run: Path, tree: Tree) -> None:
    before = tree(run)
    refused = vdm("train", "--config", config, "--run-dir", run)
    assert refused.code == 2
    assert "--resume" in refused.err
    assert "--overwrite" in refused.err
    assert tree(run) == before


def test_overwrite_replaces_the_run_and_leaves_other_files(vdm: Vdm, config: Path, run: Path) -> None:
    (run / "notes.txt").write_text("mine")
    (run / "samples" / "step-00000999.png").write_text("stale")
    old = (run / "metrics.jsonl").read_bytes()
    assert vdm(*set_values(config, seed=1), "--run-dir", run, "--overwrite").code == 0
    assert (run / "metrics.jsonl").read_bytes() != old
    assert not (run / "samples" / "step-00000999.png").exists()
    assert (run / "notes.txt").read_text() == "mine"
    assert load_experiment(str(run / "config.yaml")).seed == 1


def test_resume_starts_where_there_is_nothing_and_repeats_the_run(
    vdm: Vdm, config: Path, reference: Path, tmp_path: Path
) -> None:
    done = vdm("train", "--config", config, "--run-dir", tmp_path / "new", "--resume")
    assert done.code == 0
    assert (tmp_path / "new" / "metrics.jsonl").read_bytes() == (reference / "metrics.jsonl").read_bytes()
    assert weights(tmp_path / "new", 60) == weights(reference, 60)


def test_resuming_a_finished_run_changes_nothing(vdm: Vdm, config: Path, run: Path, tree: Tree) -> None:
    before = tree(run)
    done = vdm("train", "--config", config, "--run-dir", run, "--resume")
    assert done.code == 0
    assert "60 steps done" in done.out
    assert tree(run) == before


def test_a_picture_that_was_not_drawn_before_the_kill_is_drawn_on_resume(
    vdm: Vdm, config: Path, run: Path, reference: Path
) -> None:
    picture = Path("samples") / "step-00000060.png"
    (run / picture).unlink()
    assert vdm("train", "--config", config, "--run-dir", run, "--resume").code == 0
    assert (run / picture).read_bytes() == (reference / picture).read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 3}, "seed: 0 there, 3 here"),
        ({"critic.hidden": "[9]"}, "critic.hidden"),
        ({"training.steps": 40}, "training.steps: 60 there, 40 here"),
    ],
)
def test_resume_with_another_experiment_is_refused_with_the_key_that_differs(
    vdm: Vdm, config: Path, run: Path, tree: Tree, change: dict[str, object], named: str
) -> None:
    before = tree(run)
    refused = vdm(*set_values(config, **change), "--run-dir", run, "--resume")
    assert refused.code == 2
    assert named in refused.err
    assert tree(run) == before


def test_a_finished_run_is_continued_by_more_steps(vdm: Vdm, config: Path, run: Path) -> None:
    old = (run / "metrics.jsonl").read_text()
    done = vdm(*set_values(config, **{"training.steps": 80}), "--run-dir", run, "--resume")
    assert done.code == 0, done.err
    assert (run / "metrics.jsonl").read_text().startswith(old)
    assert [record["step"] for record in lines(run / "metrics.jsonl")][-3:] == [60, 70, 80]
    assert load_experiment(str(run / "config.yaml")).training.steps == 80


def test_runs_are_named_by_their_changes_so_that_variants_do_not_collide(
    vdm: Vdm, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in (1, 2):
        assert vdm(*set_values(config, **{"seed": seed, "checkpoints.keep": 1})).code == 0
    names = {entry.name for entry in (tmp_path / "runs").iterdir()}
    assert names == {"tiny+seed=1+keep=1", "tiny+seed=2+keep=1"}
    first, second = ((tmp_path / "runs" / name / "metrics.jsonl").read_bytes() for name in sorted(names))
    assert first != second


def test_dry_run_prints_a_loadable_config_with_sizes_and_writes_nothing(
    vdm: Vdm, config: Path, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = vdm("train", "--config", config, "--dry-run")
    assert done.code == 0
    assert tree(tmp_path) == {}
    assert "generator 42, critic 33; training rows: 160" in done.out  # 2*8+8+8*2+2, 2*8+8+8+1
    (tmp_path / "printed.yaml").write_text(done.out)
    assert load_experiment("printed.yaml").training == load_experiment(str(config)).training


def test_init_from_copies_the_weights_at_step_0(
    vdm: Vdm, config: Path, reference: Path, tmp_path: Path
) -> None:
    """With learning rates too small to move a float32 weight the copy stays what it was."""
    still = {f"optimizers.{player}.learning_rate": 1e-30 for player in ("critic", "generator")}
    done = vdm(
        *set_values(config, **still, **{"training.steps": 10}),
        "--run-dir",
        tmp_path / "new",
        "--init-from",
        reference,
    )
    assert done.code == 0, done.err
    copied, original = weights(tmp_path / "new", 10), weights(reference, 60)
    players = [name for name in original if ".params" in name and "opt_state" not in name]
    assert len(players) == 8
    assert {name: copied[name] for name in players} == {name: original[name] for name in players}
    assert [record["step"] for record in lines(tmp_path / "new" / "metrics.jsonl")] == [10]


def test_init_from_refuses_networks_of_other_shapes(
    vdm: Vdm, config: Path, reference: Path, tmp_path: Path, tree: Tree
) -> None:
    changed = set_values(config, **{"critic.hidden": "[9]"})
    refused = vdm(*changed, "--run-dir", tmp_path / "new", "--init-from", reference)
    assert refused.code == 2
    assert "--init-from" in refused.err
    assert tree(tmp_path) == {}


def test_two_seeds_write_their_own_metrics_and_the_mean(two_seeds: Path) -> None:
    for record in lines(two_seeds / "metrics.jsonl"):
        seeds = record["seeds"]
        assert isinstance(seeds, dict)
        assert set(seeds) == set(record) - {"step", "seeds"}
        for name, values in seeds.items():
            assert len(values) == 2
            assert record[name] == pytest.approx(sum(values) / 2)
        assert seeds["bound"][0] != seeds["bound"][1]


def test_resume_falls_back_from_a_damaged_checkpoint_and_ends_with_the_same_bytes(
    vdm: Vdm, config: Path, run: Path, reference: Path, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    damage(run / "checkpoints" / "60" / "state")
    for command in ("sample", "eval-divergence"):
        refused = vdm(command, "--checkpoint", run, "--output", tmp_path / "out.npy")
        assert refused.code == 1
        assert "checkpoints/60: damaged checkpoint" in refused.err
    done = vdm("train", "--config", config, "--run-dir", run, "--resume")
    assert done.code == 0
    assert "damaged" in done.err
    assert "resuming" in done.err
    assert "at step 40" in done.err
    assert (run / "metrics.jsonl").read_bytes() == (reference / "metrics.jsonl").read_bytes()
    assert weights(run, 60) == weights(reference, 60)


@pytest.mark.parametrize("file", ["_METADATA", "metadata"])
def test_resume_falls_back_from_a_checkpoint_with_an_empty_file(
    vdm: Vdm, config: Path, run: Path, reference: Path, file: str
) -> None:
    """As a power failure leaves it."""
    next((run / "checkpoints" / "60").rglob(file)).write_bytes(b"")
    assert vdm("sample", "--checkpoint", run, "--output", run / "out.npy").code == 1
    done = vdm("train", "--config", config, "--run-dir", run, "--resume")
    assert done.code == 0, done.err
    assert "at step 40" in done.err
    assert (run / "metrics.jsonl").read_bytes() == (reference / "metrics.jsonl").read_bytes()


def test_lines_after_the_checkpoint_and_torn_lines_are_written_again(
    vdm: Vdm, config: Path, run: Path, reference: Path
) -> None:
    shutil.rmtree(run / "checkpoints" / "60")
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 70, "bou')
    assert vdm("train", "--config", config, "--run-dir", run, "--resume").code == 0
    assert (run / "metrics.jsonl").read_bytes() == (reference / "metrics.jsonl").read_bytes()


def test_changed_data_are_refused_by_resume_and_by_eval(
    vdm: Vdm, table: Path, tmp_path: Path, run: Path, tree: Tree
) -> None:
    original = table.read_bytes()
    row = original.splitlines(keepends=True)[5]
    try:
        table.write_bytes(original.replace(row, b"99.99,1\n"))
        before = tree(run)
        outcomes: list[Outcome] = [
            vdm("train", "--config", run / "config.yaml", "--run-dir", run, "--resume"),
            vdm("eval-divergence", "--checkpoint", run),
        ]
    finally:
        table.write_bytes(original)
    for refused in outcomes:
        assert refused.code == 1
        assert "the data have changed" in refused.err
    assert tree(run) == before


def test_an_exploding_learning_rate_names_step_and_quantity(vdm: Vdm, config: Path, tmp_path: Path) -> None:
    changes = {"optimizers.critic.learning_rate": 1e38, "training.steps": 20}
    stopped = vdm(*set_values(config, **changes), "--run-dir", tmp_path / "run")
    assert stopped.code == 1
    assert "step 2: critic gradient norm is nan; no checkpoint was reached" in stopped.err
    assert "Lower the learning rates" in stopped.err


def test_a_run_that_diverges_late_names_the_last_good_checkpoint(
    vdm: Vdm, config: Path, tmp_path: Path
) -> None:
    """The penalty's weight passes the largest float32 between steps 20 and 60."""
    penalty = "[{kind: r1, weight: {initial: 1.0, final: 1.0e+38}}]"
    stopped = vdm(*set_values(config, **{"objective.penalties": penalty}), "--run-dir", tmp_path / "run")
    assert stopped.code == 1
    assert "the last good checkpoint is step 20" in stopped.err
    assert vdm("sample", "--checkpoint", tmp_path / "run", "--output", tmp_path / "a.npy").code == 0
    assert [record["step"] for record in lines(tmp_path / "run" / "metrics.jsonl")][:2] == [10, 20]
