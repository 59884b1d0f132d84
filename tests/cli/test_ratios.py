"""Which rows: `--ratios`, and what an evaluation says of single columns and extreme rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from cli_harness import Outcome, Tree, Vdm

from vdm_cli import eval_files, save_ratios
from vdm_cli.commands.evaluation import Evaluation

SHIFT = 0.6


@pytest.fixture(scope="module")
def normals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """1,500 rows of N((0.6, 0), I) as P, and 2,000 of N(0, I) as Q."""
    folder = tmp_path_factory.mktemp("normals")
    rng = np.random.default_rng(0)
    np.save(folder / "p.npy", rng.normal([SHIFT, 0.0], 1.0, (1500, 2)))
    np.save(folder / "q.npy", rng.normal(size=(2000, 2)))
    return folder / "p.npy", folder / "q.npy"


@pytest.fixture(scope="module")
def written(vdm: Vdm, normals: tuple[Path, Path]) -> tuple[Outcome, Path]:
    p, q = normals
    path = p.parent / "ratios.csv"
    asked = ("--divergence", "kl", "--metrics", "none", "--format", "json", "--ratios", path)
    done = vdm("eval-divergence", "--p", p, "--q", q, *asked)
    assert done.code == 0, done.err
    return done, path


def columns(path: Path) -> dict[str, list[str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_every_evaluated_row_is_written_once_with_its_side_and_number(written: tuple[Outcome, Path]) -> None:
    found = columns(written[1])
    assert list(found) == ["side", "row", "log_ratio", "weight"]
    assert found["side"] == ["p"] * 1500 + ["q"] * 2000
    assert [int(row) for row in found["row"]] == [*range(1500), *range(2000)]
    assert set(found["weight"][:1500]) == {""}
    assert np.isfinite(np.array(found["log_ratio"], float)).all()


def test_the_weights_turn_q_into_p(written: tuple[Outcome, Path], normals: tuple[Path, Path]) -> None:
    """Means of x and x^2, within 4 standard errors of a weighted mean and what a small critic misses."""
    weights = np.array(columns(written[1])["weight"][1500:], float)
    p, q = (np.load(path) for path in normals)
    assert weights.mean() == pytest.approx(1.0)
    assert abs(q[:, 0].mean()) < 0.1
    for power in (1, 2):
        weighted, wanted = (weights[:, None] * q**power).mean(axis=0), (p**power).mean(axis=0)
        error = np.sqrt((weights[:, None] ** 2 * (q**power - wanted) ** 2).sum(axis=0)) / len(q)
        assert np.all(np.abs(weighted - wanted) < 4 * error + 0.1), (weighted, wanted)


def test_how_good_the_weights_are_is_told(written: tuple[Outcome, Path]) -> None:
    done, path = written
    weights = np.array(columns(path)["weight"][1500:], float)
    told = json.loads(done.out)["ratios"]
    assert told["effective_rows"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert told["effective_share"] == pytest.approx(told["effective_rows"] / 2000)
    assert told["effective_share"] == pytest.approx(np.exp(-(SHIFT**2)), abs=0.15)
    assert told["mean_weight"] == pytest.approx(1.0, abs=0.15)
    assert told["largest_ratio"] == pytest.approx(100.0)
    assert f"ratios: {path}: weights of Q had the mean {told['mean_weight']:.3g} " in done.err
    assert f"worth {told['effective_rows']:.4g} of 2000 rows" in done.err


def test_columns_are_sorted_and_extreme_rows_are_those_of_the_file(
    written: tuple[Outcome, Path], normals: tuple[Path, Path]
) -> None:
    document, found = json.loads(written[0].out), columns(written[1])
    first, second = document["features"]
    assert (first["name"], first["kind"], first["divergence"]) == ("x0", "number", "jensen_shannon")
    assert first["estimate"] == pytest.approx(0.0432, abs=4 * first["standard_error"])  # by quadrature
    assert first["first_asked"]["divergence"] == "kl"
    assert first["first_asked"]["estimate"] == pytest.approx(
        SHIFT**2 / 2, abs=4 * first["first_asked"]["standard_error"]
    )
    assert abs(second["estimate"]) < 0.01
    ratios = np.array(found["log_ratio"], float)
    for side, rows, sign in (("p", slice(0, 1500), -1), ("q", slice(1500, None), 1)):
        extreme = document["extremes"][side]
        assert [row["log_ratio"] for row in extreme] == (sign * np.sort(sign * ratios[rows]))[:5].tolist()
        values = np.load(normals[0 if side == "p" else 1])
        for row in extreme:
            assert list(row["values"].values()) == values[row["row"]].tolist()
            assert ratios[rows][row["row"]] == row["log_ratio"]


@pytest.fixture(scope="module")
def chosen(normals: tuple[Path, Path]) -> Evaluation:
    """Of 200 rows of each file."""
    return eval_files(*normals, divergences=["kl"], num_samples=200, budget="fast", metrics=["none"])


def test_all_formats_hold_the_same_numbers(chosen: Evaluation, tmp_path: Path) -> None:
    paths = {
        suffix: save_ratios(chosen, tmp_path / f"r.{suffix}") for suffix in ("csv", "parquet", "npz", "npy")
    }
    plain = np.load(paths["npy"])
    assert plain.shape == (400, 4)
    arrays = np.load(paths["npz"])
    read: list[dict[str, Any]] = [
        columns(paths["csv"]),
        pyarrow.parquet.read_table(paths["parquet"]).to_pydict(),
        {name: arrays[name].tolist() for name in arrays.files},
    ]
    for table in read:
        assert list(table) == ["side", "row", "log_ratio", "weight"]
        assert list(table["side"]) == ["p"] * 200 + ["q"] * 200
        assert [int(row) for row in table["row"]] == plain[:, 1].tolist()
        for name, place in (("log_ratio", 2), ("weight", 3)):
            values = [np.nan if value in ("", None) else float(value) for value in table[name]]
            np.testing.assert_array_equal(values, plain[:, place])
    assert read[1]["weight"][0] is None
    again = save_ratios(chosen, tmp_path / "again.npz")
    assert again.read_bytes() == paths["npz"].read_bytes()


def test_a_choice_of_rows_keeps_the_numbers_of_the_file(
    chosen: Evaluation, normals: tuple[Path, Path], tmp_path: Path
) -> None:
    path = save_ratios(chosen, tmp_path / "ratios.npz")
    rows = np.load(path)["row"]
    assert rows[:200].max() > 1000
    assert chosen.extremes is not None
    for side, file in zip((chosen.extremes.p, chosen.extremes.q), normals, strict=True):
        for row in side:
            assert row.values == dict(zip(("x0", "x1"), np.load(file)[row.row].tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("there.csv", "it exists"),
        ("ratios.txt", "the suffix must be one of .csv, .parquet, .npz, .npy"),
        ("none/ratios.csv", "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_first(
    vdm: Vdm, tree: Tree, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "there.csv").write_text("kept")
    before = tree(tmp_path)
    refused = vdm("eval-divergence", "--p", "no.csv", "--q", "no.csv", "--ratios", tmp_path / name)
    assert (refused.code, refused.out) == (2, "")
    assert f"--ratios {tmp_path / name}: {message}" in refused.err
    assert tree(tmp_path) == before


def test_a_failed_evaluation_writes_no_ratios(vdm: Vdm, tmp_path: Path) -> None:
    failed = vdm("eval-divergence", "--p", "no.csv", "--q", "no.csv", "--ratios", tmp_path / "ratios.csv")
    assert failed.code == 1
    assert list(tmp_path.iterdir()) == []


def test_one_file_for_two_results_and_many_steps_are_refused(vdm: Vdm, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    twice = vdm("eval-divergence", "--p", "a.csv", "--q", "b.csv", "--ratios", path, "--output", path)
    assert twice.code == 2
    assert "--output and --ratios name the same file" in twice.err
    many = vdm("eval-divergence", "--checkpoint", tmp_path, "--step", "all", "--ratios", path)
    assert many.code == 2
    assert "--ratios is for one step and one seed" in many.err
