"""A table with text, blanks, dates and weights, from training to evaluation, with and without conditions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from cli_harness import Vdm

HEADER = ["kind", "day", "price", "count", "town"]
TINY = """\
data:
  path: %s
  %s
generator: {hidden: [8]}
critic: {hidden: [8]}
training: {steps: 20, batch_size: 16, log_every: 10, ema_decay: 0.9}
checkpoints: {every: 20}
"""


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 rows: a class, a date, a price with blanks, a count, a town with blanks."""
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + rng.integers(0, 400, 600)
    path = tmp_path_factory.mktemp("mixed") / "mixed.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for day, draw in zip(days, rng.random((600, 4)), strict=True):
            price = "" if draw[0] < 0.2 else f"{20 * draw[1]:.2f}"
            town = ["", "Rome", "York, North"][int(3 * draw[2])]
            writer.writerow(["gh"[int(1.3 * draw[3])], day, price, int(50 * draw[1] ** 2), town])
    return path


@pytest.fixture(scope="session")
def plain_run(mixed: Path, vdm: Vdm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(mixed, vdm, tmp_path_factory.mktemp("plain"), "round: true")


@pytest.fixture(scope="session")
def conditional_run(mixed: Path, vdm: Vdm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(mixed, vdm, tmp_path_factory.mktemp("conditional"), "condition: [kind, count]")


def trained(mixed: Path, vdm: Vdm, folder: Path, option: str) -> Path:
    config = folder / "tiny.yaml"
    config.write_text(TINY % (mixed, option))
    outcome = vdm("train", "--config", config, "--run-dir", folder / "run")
    assert outcome.code == 0, outcome.err
    return folder / "run"


def sampled(vdm: Vdm, run: Path, output: Path, *options: object) -> list[dict[str, str]]:
    outcome = vdm("sample", "--checkpoint", run, "--output", output, *options)
    assert outcome.code == 0, outcome.err
    with output.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_samples_are_written_as_the_file_is(plain_run: Path, vdm: Vdm, tmp_path: Path) -> None:
    rows = sampled(vdm, plain_run, tmp_path / "out.csv", "--num-samples", 300)
    assert len(rows) == 300
    assert list(rows[0]) == HEADER
    assert {row["kind"] for row in rows} <= {"g", "h"}
    assert {row["town"] for row in rows} <= {"", "Rome", "York, North"}
    assert {"", "Rome"} <= {row["town"] for row in rows}
    assert any(row["price"] == "" for row in rows)
    assert all(len(row["price"].partition(".")[2]) == 2 for row in rows if row["price"])
    assert all("2024-01-01" <= row["day"] <= "2025-02-04" and len(row["day"]) == 10 for row in rows)
    assert all(row["count"].isdecimal() for row in rows)


def test_samples_and_file_are_compared_column_by_column(
    plain_run: Path, mixed: Path, vdm: Vdm, tmp_path: Path
) -> None:
    sampled(vdm, plain_run, tmp_path / "out.csv", "--num-samples", 300)
    outcome = vdm(
        "eval-divergence", "--p", mixed, "--q", tmp_path / "out.csv", "--divergence", "kl", "--format", "json"
    )
    assert outcome.code == 0, outcome.err
    document = json.loads(outcome.out)
    assert document["p"]["n"] == 600
    assert document["critic"]["auc"] > 0.5


def test_a_run_on_a_mixed_table_is_evaluated(plain_run: Path, vdm: Vdm) -> None:
    outcome = vdm("eval-divergence", "--checkpoint", plain_run, "--num-samples", 100, "--divergence", "kl")
    assert outcome.code == 0, outcome.err
    assert "60 rows" in outcome.out


def test_a_conditional_run_gives_what_is_asked(conditional_run: Path, vdm: Vdm, tmp_path: Path) -> None:
    asked = ["--condition", "kind=h", "--condition", "count=7", "--num-samples", 50]
    rows = sampled(vdm, conditional_run, tmp_path / "out.csv", *asked)
    assert {(row["kind"], row["count"]) for row in rows} == {("h", "7")}
    assert list(rows[0]) == HEADER
    assert len({row["price"] for row in rows}) > 5


def test_a_conditional_run_draws_conditions_as_the_data_have_them(
    conditional_run: Path, vdm: Vdm, tmp_path: Path
) -> None:
    rows = sampled(vdm, conditional_run, tmp_path / "out.csv", "--num-samples", 2_000)
    share = np.mean([row["kind"] == "h" for row in rows])
    assert share == pytest.approx(0.3 / 1.3, abs=0.06)  # 600 and 2,000 rows: 3 standard errors


def test_a_file_of_conditions_gives_one_sample_a_row(conditional_run: Path, vdm: Vdm, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.csv"
    wanted.write_text("count,kind\n3,g\n40,h\n0,g\n")
    rows = sampled(vdm, conditional_run, tmp_path / "out.csv", "--condition-file", wanted)
    assert [(row["count"], row["kind"]) for row in rows] == [("3", "g"), ("40", "h"), ("0", "g")]
    again = ["--condition-file", wanted, "--num-samples", 5]
    longer = sampled(vdm, conditional_run, tmp_path / "longer.csv", *again)
    assert [row["count"] for row in longer] == ["3", "40", "0", "3", "40"]


def test_a_conditional_run_is_evaluated_with_its_conditions(conditional_run: Path, vdm: Vdm) -> None:
    outcome = vdm(
        "eval-divergence", "--checkpoint", conditional_run, "--num-samples", 100, "--divergence", "kl"
    )
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--condition", "kind=x"], "kind=x: no such class in the training data (g, h)"),
        (["--condition", "knd=g"], "Did you mean 'kind'?"),
        (["--condition", "kind"], "must be NAME=VALUE"),
        (["--condition", "kind=g", "--condition", "kind=h"], "gives kind twice"),
        (["--condition", "count=many"], "count=many: must be a number"),
        (["--condition-file", "nowhere.csv"], "no such file"),
        (["--condition", "kind=g", "--condition-file", "nowhere.csv"], "not both"),
    ],
)
def test_conditions_that_cannot_be_given_are_told(
    conditional_run: Path, vdm: Vdm, tmp_path: Path, options: list[str], message: str
) -> None:
    outcome = vdm("sample", "--checkpoint", conditional_run, "--output", tmp_path / "out.csv", *options)
    assert outcome.code in (1, 2)
    assert message in outcome.err
    assert not (tmp_path / "out.csv").exists()


def test_a_run_without_conditions_can_be_given_none(plain_run: Path, vdm: Vdm, tmp_path: Path) -> None:
    outcome = vdm(
        "sample", "--checkpoint", plain_run, "--condition", "kind=g", "--output", tmp_path / "out.csv"
    )
    assert outcome.code == 2
    assert "without data.condition" in outcome.err
