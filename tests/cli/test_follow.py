"""`vdm eval-divergence --step all`, `--seed-index all` and `--budget`: several evaluations of one run."""

from __future__ import annotations

import io
import json
import math
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_harness import CONFIG, Outcome, Tree, Vdm
from PIL import Image
from rich.console import Console

from vdm_cli.commands.eval_divergence import eval_checkpoint
from vdm_cli.commands.follow import follow_run
from vdm_cli.commands.run_sides import default_count, sides_of_run
from vdm_cli.console import EstimationReport
from vdm_cli.data.dataset import Part
from vdm_cli.estimation.budget import BUDGETS
from vdm_cli.follow_table import followed_document, followed_table

FEW = ("--num-samples", 60)
PAIR = ("--divergence", "kl", "--divergence", "gan")


@pytest.fixture(scope="module")
def data(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of these tests alone."""
    return Path(shutil.copy(table, tmp_path_factory.mktemp("data") / "table.csv"))


@pytest.fixture(scope="module")
def tested(vdm: Vdm, data: Path) -> Path:
    """A run of two seeds and three checkpoints, whose test rows are 60 of the table's 200."""
    split = f"data: {{path: {data}, split: {{test: 0.3}}}}"
    text = CONFIG.replace("data: {path: %s}", split).replace("steps: 60", "steps: 6, num_seeds: 2")
    (data.parent / "two.yaml").write_text(text.replace("every: 20, keep: 2", "every: 2, keep: 3"))
    done = vdm("train", "--config", data.parent / "two.yaml", "--run-dir", data.parent / "followed")
    assert done.code == 0, done.err
    return data.parent / "followed"


@pytest.fixture(scope="module")
def steps(vdm: Vdm, tested: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("plots") / "deep"
    asked = ("--step", "all", *FEW, *PAIR, "--format", "json", "--plot", folder)
    return vdm("eval-divergence", "--checkpoint", tested, *asked), folder


def followed(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    return dict(json.loads(outcome.out))


def test_every_kept_step_is_evaluated_in_order(steps: tuple[Outcome, Path]) -> None:
    found = followed(steps[0])
    assert (found["schema"], found["run"], found["warnings"]) == (1, "followed", [])
    assert [(each["step"], each["seed_index"]) for each in found["evaluations"]] == [(2, 0), (4, 0), (6, 0)]
    assert found["best_step"] in (2, 4, 6)
    labels = [(each["step"], each["divergence"]) for each in found["summary"]]
    assert labels == [(step, name) for step in (2, 4, 6) for name in ("kl", "gan")]
    assert all(each["sd"] is None and each["seeds"] == 1 for each in found["summary"])


def test_each_evaluation_is_the_document_of_its_step(
    vdm: Vdm, tested: Path, steps: tuple[Outcome, Path]
) -> None:
    alone = vdm("eval-divergence", "--checkpoint", tested, "--step", 4, *FEW, *PAIR, "--format", "json")
    middle = followed(steps[0])["evaluations"][1]
    assert {key: value for key, value in middle.items() if key not in ("step", "seed_index")} == followed(
        alone
    )
    assert "step 4" in middle["q"]["source"]
    assert middle["p"]["n"] == middle["q"]["n"] == 60


def test_steps_are_drawn_in_one_picture(
    steps: tuple[Outcome, Path], vdm: Vdm, tree: Tree, tested: Path
) -> None:
    done, folder = steps
    assert done.err.splitlines()[-1] == f"pictures: {folder / 'evaluations.png'}"
    with Image.open(folder / "evaluations.png") as picture:
        assert picture.size[0] > 2 * picture.size[1] > 600  # two divergences side by side
    before = tree(folder)
    refused = vdm("eval-divergence", "--checkpoint", tested, "--step", "all", "--plot", folder)
    assert refused.code == 2
    assert "evaluations.png" in refused.err
    assert tree(folder) == before


def test_all_seeds_of_a_step_have_a_mean_and_a_deviation(tested: Path) -> None:
    found = follow_run(tested, step=None, seed_index="all", divergences=["jensen_shannon"], num_samples=60)
    assert [(each.step, each.seed_index) for each in found.evaluations] == [(6, 0), (6, 1)]
    values = [row.estimate for _, row in found.of("jensen_shannon")]
    assert values[0] != values[1]
    (spread,) = found.spreads()
    assert spread.mean == pytest.approx(statistics.fmean(values))
    assert spread.sd == pytest.approx(abs(values[0] - values[1]) / math.sqrt(2.0))
    second = eval_checkpoint(tested, seed_index=1, divergences=["jensen_shannon"], num_samples=60)
    assert found.evaluations[1].document == second.to_json()
    told = followed_table(found)
    assert "over the seeds" in told
    assert "step 6, 2 seeds, 60 rows each" in told
    assert "To choose a step" not in told


@pytest.mark.slow
def test_steps_and_seeds_go_together_over_rows_that_are_read_once(tested: Path, data: Path) -> None:
    """All divergences, of which two are shown in whole; the file is away from the first evaluation on."""
    told: list[tuple[float, str]] = []
    away = data.with_suffix(".away")

    def progress(share: float, text: str) -> None:
        told.append((share, text))
        if data.exists():
            data.rename(away)

    try:
        found = follow_run(tested, seed_index="all", num_samples=60, progress=progress)
    finally:
        away.rename(data)
    assert [(each.step, each.seed_index) for each in found.evaluations] == [
        (step, seed) for step in (2, 4, 6) for seed in (0, 1)
    ]
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert list(dict.fromkeys(text for _, text in told))[::5] == [
        "step 1 of 3, seed 1 of 2",
        "step 3 of 3, seed 2 of 2",
    ]
    table = followed_table(found)
    lines = table.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line == "jensen_shannon" for line in lines) == 1
    assert any(line.startswith("total_variation") for line in lines)
    assert "estimates of the others, mean over the seeds" in lines
    assert "To choose a step take `--step best`" in table
    assert len(json.loads(followed_document(found))["summary"]) == 3 * len(found.labels)


def test_a_damaged_step_is_left_out_with_a_warning(
    vdm: Vdm, tested: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    run = Path(shutil.copytree(tested, tmp_path / "run"))
    damage(run / "checkpoints" / "4" / "state")
    asked = ("--checkpoint", run, *FEW, "--divergence", "kl")
    found = followed(vdm("eval-divergence", *asked, "--step", "all", "--format", "json"))
    assert [each["step"] for each in found["evaluations"]] == [2, 6]
    (warning,) = found["warnings"]
    assert warning.startswith("left out: ")
    assert str(Path("checkpoints") / "4") in warning
    alone = vdm("eval-divergence", *asked, "--step", 4, "--seed-index", "all")
    assert (alone.code, alone.out) == (1, "")
    for step in ("2", "6"):
        damage(run / "checkpoints" / step / "state")
    lost = vdm("eval-divergence", *asked, "--step", "all")
    assert (lost.code, lost.out) == (1, "")
    assert lost.err.count("damaged checkpoint") == 3


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--budget", "quick"], 2, "--budget must be fast, default or thorough, got 'quick'"),
        (["--num-samples", 49], 2, "--num-samples must be at least 50, got 49"),
        (["--step", "al"], 2, "--step must be a number, 'latest', 'best' or 'all', got 'al'"),
        (["--seed-index", "-1"], 2, "--seed-index must be a number from 0 or 'all', got '-1'"),
        (["--seed-index", 2], 1, "seed index 2, but the run has 2 (from 0)"),
        (["--step", "all", "--seed-index", 2], 1, "seed index 2, but the run has 2 (from 0)"),
        (["--step", 5, "--seed-index", "all"], 1, "no checkpoint of step 5 (there are: 2, 4, 6)"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    vdm: Vdm, tested: Path, options: list[object], code: int, told: str
) -> None:
    done = vdm("eval-divergence", "--checkpoint", tested, *options)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_one_step_alone_cannot_be_followed(vdm: Vdm, tested: Path) -> None:
    done = vdm("eval-divergence", "--checkpoint", tested / "checkpoints" / "4", "--step", "all")
    assert done.code == 1
    assert "is step 4 alone: give the run directory with --step all" in done.err


@pytest.mark.slow
def test_a_budget_reaches_the_critics(vdm: Vdm, tested: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = BUDGETS["default"]
    members = default.critic.members + 1
    monkeypatch.setitem(BUDGETS, "fast", replace(default, critic=replace(default.critic, members=members)))
    asked = ("--checkpoint", tested, *FEW, "--divergence", "kl", "--format", "json", "--budget", "fast")
    alone, all_steps = (followed(vdm("eval-divergence", *asked, "--step", step)) for step in (6, "all"))
    assert alone["critic"]["members"] == members
    assert all_steps["evaluations"][2]["critic"]["members"] == members


def test_without_a_number_there_are_ten_thousand_samples(tested: Path) -> None:
    few = sides_of_run(tested, (), num_samples=None, seed=0)
    assert (len(few.p), len(few.q)) == (60, 10_000)


@pytest.mark.parametrize(
    ("rows", "width", "count"),
    [(180, 2, 10_000), (3_000, 2, 15_000), (10_000, 20, 50_000), (80_000, 2, 80_000), (7_000, 784, 10_000)],
)
def test_there_are_more_samples_for_many_test_rows_that_are_not_wide(
    rows: int, width: int, count: int
) -> None:
    assert default_count(Part(np.broadcast_to(0.0, (rows, width)))) == count


def test_off_a_terminal_progress_is_a_line_in_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    written = io.StringIO()
    report = EstimationReport(Console(file=written), None)
    for seconds, share in (
        (104.0, 0.2),
        (109.0, 0.3),
        (112.0, 0.4),
        (115.0, 0.5),
        (122.0, 0.6),
        (140.0, 1.0),
    ):
        now[0] = seconds
        report(share, "step 1 of 2")
    assert written.getvalue() == "step 1 of 2: 40 %  ETA 24 s\nstep 1 of 2: 60 %  ETA 18 s\n"
