"""`vdm eval-divergence`: the document, the table, and what is compared with what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_harness import CONFIG, Outcome, Vdm

from vdm_cli.commands.eval_divergence import eval_checkpoint
from vdm_cli.verdict import evaluation_document, evaluation_table

ROW_KEYS = {
    "divergence",
    "estimate",
    "standard_error",
    "ci",
    "certified_lower",
    "p_value",
    "exact",
    "exact_standard_error",
    "supremum",
    "status",
}


def no_constant(name: str) -> None:
    pytest.fail(f"{name} is not JSON")


def document(text: str) -> dict[str, Any]:
    return dict(json.loads(text, parse_constant=no_constant))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """P = N((0, 5), I) and Q = N((1, 5), I), whose columns stand in the other order: KL 1/2."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    p, q = rng.normal((0.0, 5.0), 1.0, (300, 2)), rng.normal((1.0, 5.0), 1.0, (240, 2))
    np.savetxt(folder / "p.csv", p, delimiter=",", header="a,b", comments="")
    np.savetxt(folder / "q.csv", q[:, ::-1], delimiter=",", header="b,a", comments="")
    return folder / "p.csv", folder / "q.csv"


@pytest.fixture(scope="session")
def compared(vdm: Vdm, files: tuple[Path, Path]) -> Outcome:
    p, q = files
    asked = ("--divergence", "squared_hellinger", "--divergence", "alpha:0.7", "--divergence", "kl")
    return vdm("eval-divergence", "--p", p, "--q", q, *asked, "--format", "json", "--level", 0.9)


def test_the_document_has_the_keys_of_the_contract(compared: Outcome, files: tuple[Path, Path]) -> None:
    assert compared.code == 0
    found = document(compared.out)
    assert found["schema"] == 1
    assert found["p"] == {"source": str(files[0]), "n": 300, "shape": [2]}
    assert found["q"] == {"source": str(files[1]), "n": 240, "shape": [2]}
    assert (found["level"], found["seed"]) == (0.9, 0)
    assert 0.5 < found["critic"]["auc"] <= 1
    assert isinstance(found["warnings"], list)
    for row in found["estimates"]:
        assert set(row) >= ROW_KEYS
        assert isinstance(row["estimate"], float)
        assert isinstance(row["certified_lower"], float)
        assert row["exact"] is None
        low, high = row["ci"]
        assert low < row["estimate"] < high


def test_estimates_stand_in_the_order_asked(compared: Outcome) -> None:
    labels = [row["divergence"] for row in document(compared.out)["estimates"]]
    assert labels == ["squared_hellinger", "alpha:0.7", "kl"]


def test_columns_are_matched_by_name(compared: Outcome) -> None:
    """In file order the means would differ by 4 and 5, and the critics would tell every row."""
    assert document(compared.out)["critic"]["auc"] < 0.9


def test_the_estimate_is_a_lower_bound_near_the_truth(compared: Outcome) -> None:
    row = document(compared.out)["estimates"][2]
    assert row["certified_lower"] <= 0.5
    assert row["estimate"] - 4 * row["standard_error"] < 0.5
    assert row["estimate"] > 0


def test_nothing_but_the_result_is_on_stdout_and_off_a_terminal_nothing_on_stderr(compared: Outcome) -> None:
    assert compared.out.startswith("{")
    assert compared.err == ""


def test_the_same_seed_gives_the_same_bytes_and_output_writes_them(
    vdm: Vdm, files: tuple[Path, Path], compared: Outcome, tmp_path: Path
) -> None:
    p, q = files
    output = tmp_path / "found.json"
    asked = ("--divergence", "squared_hellinger", "--divergence", "alpha:0.7", "--divergence", "kl")
    command = ("eval-divergence", "--p", p, "--q", q, *asked, "--format", "json", "--level", 0.9)
    done = vdm(*command, "--output", output)
    assert (done.code, done.out) == (0, "")
    assert output.read_text() == compared.out
    refused = vdm(*command, "--output", output)
    assert refused.code == 2
    assert output.read_text() == compared.out


def test_the_table_says_what_its_numbers_mean_and_fits_80_columns(
    vdm: Vdm, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    p, q = files
    monkeypatch.chdir(p.parent)
    done = vdm("eval-divergence", "--p", p.name, "--q", q.name, "--num-samples", 200)
    assert (done.code, done.err) == (0, "")
    assert "P: p.csv, 200 rows" in done.out
    rows = [line.split()[0] for line in done.out.splitlines() if line.split()[1:]]
    for name in ("kl", "reverse_kl", "jensen_shannon", "gan", "alpha:0.5", "skewed_jensen_shannon:0.3"):
        assert name in rows
    assert "certified" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.slow
def test_a_truth_out_of_reach_of_quadrature_is_a_sample_mean_with_its_error(vdm: Vdm, tmp_path: Path) -> None:
    """Two modes in three dimensions and an affine generator; chi-square is not finite for every pair."""
    data = "{kind: gaussian_mixture, means: [[0, 0, 0], [1, 1, 0]], stds: [1.0, 0.5], size: 200}"
    text = CONFIG.replace("{path: %s}", data).replace("{hidden: [8]}", "{kind: affine}", 1)
    (tmp_path / "affine.yaml").write_text(text.replace("steps: 60", "steps: 20"))
    trained = vdm("train", "--config", tmp_path / "affine.yaml", "--run-dir", tmp_path / "run")
    assert trained.code == 0, trained.err
    found = eval_checkpoint(
        tmp_path / "run", divergences=["total_variation", "pearson_chi2"], num_samples=200
    )
    variation, chi2 = document(evaluation_document(found))["estimates"]
    assert 0.0 < variation["exact_standard_error"] < 0.01 * variation["exact"]
    assert chi2["exact"] is chi2["exact_standard_error"] is None
    told = evaluation_table(found)
    assert f"~{variation['exact']:.4g}" in told
    assert "exact: ~ by Monte Carlo, with a standard error of at most" in told
    assert max(map(len, told.splitlines())) <= 80


def test_an_affine_generator_on_gaussian_data_has_an_exact_value(vdm: Vdm, tmp_path: Path) -> None:
    """Untransformed data, so that the generator begins, and after 20 steps still is, far away."""
    data = "{kind: gaussian, mean: [1.0], std: 2.0, size: 200, transform: none}"
    text = CONFIG.replace("{path: %s}", data).replace("{hidden: [8]}", "{kind: affine}", 1)
    (tmp_path / "affine.yaml").write_text(text.replace("steps: 60", "steps: 20"))
    trained = vdm("train", "--config", tmp_path / "affine.yaml", "--run-dir", tmp_path / "run")
    assert trained.code == 0, trained.err
    command = ("--checkpoint", tmp_path / "run", "--num-samples", 400, "--divergence", "kl")
    found = document(vdm("eval-divergence", *command, "--format", "json").out)
    done = vdm("sample", "--checkpoint", tmp_path / "run", "--output", tmp_path / "q.npy")
    assert done.code == 0
    q = np.load(tmp_path / "q.npy")
    mean, std = float(q.mean()), float(q.std())
    truth = np.log(std / 2.0) + (4.0 + (1.0 - mean) ** 2) / (2 * std**2) - 0.5
    (row,) = found["estimates"]
    assert truth > 0.1
    assert row["exact"] == pytest.approx(truth, rel=0.1)  # 10,000 rows: mean and std to 1 %, 4 s.e. here
    assert row["exact_standard_error"] is None
    assert row["certified_lower"] <= row["exact"]
    assert found["p"]["n"] == 10_000
    assert found["q"]["n"] == 400
    assert "step 20" in found["q"]["source"]
