"""`--metrics`: measures beside the divergences, in the document, the table and the Python API."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_harness import CONFIG, Vdm

from vdm_cli.commands.eval_divergence import eval_files
from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.metrics import WEIGHTED, measure_samples
from vdm_cli.commands.run_sides import sides_of_run
from vdm_cli.data.features import fit_features
from vdm_cli.divergences.names import parse_divergences
from vdm_cli.estimation.budget import BUDGETS, Budget
from vdm_cli.estimation.critic import CriticBudget
from vdm_cli.estimation.weights import Weights
from vdm_cli.metrics_told import metrics_told
from vdm_cli.two_sample.measure import Measure
from vdm_cli.two_sample.names import METRICS, MetricName

ALWAYS = (
    "c2st",
    "mmd",
    "energy",
    "sliced_wasserstein",
    "precision",
    "recall",
    "density",
    "coverage",
)


def tables(folder: Path, n: int = 300, m: int = 240) -> tuple[Path, Path]:
    """A shifted number, a category and a constant."""
    paths = []
    for name, count, shift in (("p", n, 0.0), ("q", m, 1.0)):
        rng = np.random.default_rng(int(shift))
        rows = zip(rng.normal(shift, 1.0, count), rng.choice(["red", "blue"], count), strict=True)
        path = folder / f"{name}.csv"
        path.write_text("a,color,same\n" + "".join(f"{value:.9f},{color},1\n" for value, color in rows))
        paths.append(path)
    return paths[0], paths[1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """N(0, I) and N((1, 0), I) as arrays."""
    folder, rng = tmp_path_factory.mktemp("numbers"), np.random.default_rng(0)
    np.save(folder / "p.npy", rng.normal(size=(300, 2)))
    np.save(folder / "q.npy", rng.normal((1.0, 0.0), size=(240, 2)))
    return folder / "p.npy", folder / "q.npy"


@pytest.fixture(scope="module")
def found(numbers: tuple[Path, Path]) -> Evaluation:
    """By default, of numbers alone, with an alpha-divergence."""
    with pytest.MonkeyPatch.context() as patch:  # before `small_critics`, which is each test's
        critics = CriticBudget(hidden=16, members=2, period=25, periods=4)
        patch.setitem(BUDGETS, "default", Budget(critics, images=critics, trees=30))
        return eval_files(*numbers, divergences=["kl", "alpha:2"])


def again(found: Evaluation, names: tuple[MetricName, ...] | None, **changes: Any) -> dict[str, Measure]:
    """The measures of the same estimation with other sides."""
    sides = dataclasses.replace(found.sides, **changes)
    encode = fit_features([sides.p.rows, sides.q.rows], sides.forms, sides.label)
    wanted = parse_divergences(["kl", "alpha:2"])
    measures = measure_samples(sides, encode, wanted, found.estimation, names)
    return {each.name: each for each in measures}


def test_the_document_ends_with_the_measures_asked_for_in_a_fixed_order(
    vdm: Vdm, files: tuple[Path, Path]
) -> None:
    command = ("eval-divergence", "--p", files[0], "--q", files[1], "--divergence", "kl", "--format", "json")
    done = vdm(*command, "--metrics", "mmd,c2st", "--metrics", "modes")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    c2st, mmd, modes = told["metrics"]
    assert [c2st["name"], mmd["name"], modes["name"]] == ["c2st", "mmd", "modes"]
    assert c2st["ci"][0] < c2st["value"] < c2st["ci"][1]
    assert c2st["rows"] == mmd["rows"] == [300, 240]
    assert mmd["p_value"] < 0.01
    assert modes == {"name": "modes", "value": None, "rows": [0, 0], "note": "the modes of P are not known"}
    assert json.loads(vdm(*command, "--metrics", "none").out)["metrics"] == []


def test_a_measure_does_not_depend_on_what_else_is_asked_for(found: Evaluation) -> None:
    told = {measure.name: measure.to_json() for measure in found.metrics}
    assert tuple(told) == (*ALWAYS, "knn_kl", "renyi:2")
    for name in METRICS[:8]:
        assert again(found, (name,))[name].to_json() == told[name]


def test_asked_for_by_name_a_measure_that_does_not_apply_says_why(found: Evaluation) -> None:
    told = again(found, METRICS)
    assert told["memorization"].note == "no training rows are known"
    assert told["modes"].value is None
    assert told["renyi:2"].value is not None


def test_scores_are_told_apart_by_fold(found: Evaluation) -> None:
    """Folds have critics of their own: the AUC within folds is the estimation's, to the last digits."""
    (c2st,) = again(found, ("c2st",)).values()
    assert c2st.details["folds"] == found.estimation.critic.folds == 5
    assert c2st.details["auc"] == pytest.approx(found.estimation.critic.auc, abs=1e-12)


def test_renyi_follows_the_alpha_divergence_and_its_certificate(found: Evaluation) -> None:
    """R_2 = log(1 + 2 D_2)."""
    row = found.estimation.estimates[1]
    renyi = {measure.name: measure for measure in found.metrics}["renyi:2"]
    assert renyi.value == pytest.approx(np.log1p(2 * row.estimate))
    assert renyi.details["certified_lower"] == pytest.approx(np.log1p(2 * row.certified_lower))


def test_the_table_has_a_line_for_each_number_and_fits_80_columns(
    vdm: Vdm, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files[0].parent)
    done = vdm("eval-divergence", "--p", "p.csv", "--q", "q.csv", "--divergence", "alpha:-1")
    assert done.code == 0, done.err
    lines = done.out[done.out.index("beside") :].splitlines()
    for name in (*ALWAYS, "renyi -1"):
        assert sum(line.startswith(f"{name}:") for line in lines) == 1
    assert "knn_kl" not in done.out, "a category has no density"
    assert max(map(len, lines)) <= 80


def test_a_run_has_modes_and_memorization(vdm: Vdm, found: Evaluation, tmp_path: Path) -> None:
    data = "{kind: gaussian_mixture, means: [[0, 0, 0], [9, 9, 0]], stds: [1.0, 0.5], size: 200}"
    text = CONFIG.replace("{path: %s}", data).replace("{hidden: [8]}", "{kind: affine}", 1)
    (tmp_path / "two.yaml").write_text(text.replace("steps: 60", "steps: 20"))
    trained = vdm("train", "--config", tmp_path / "two.yaml", "--run-dir", tmp_path / "run")
    assert trained.code == 0, trained.err
    sides = sides_of_run(tmp_path / "run", [], num_samples=200, seed=0)
    encode = fit_features([sides.p.rows, sides.q.rows], sides.forms, sides.label)
    measures = measure_samples(sides, encode, [], found.estimation, ("modes", "memorization"))
    modes, memorization = (measure.to_json() for measure in measures)
    assert modes["of"] == modes["perfect"]["covered"] == 2
    assert modes["rows"] == [0, 200]
    assert memorization["training_rows"] == 200
    assert memorization["copies"] == memorization["held_out_copies"] == 0.0
    told = metrics_told(measures)
    assert told[0].count("modes: ") == 4
    assert "modes: covered, of 2" in told[0]
    assert told[0].count("memorization: ") == 3


def test_equal_weights_change_nothing_and_weights_turn_one_law_into_another(found: Evaluation) -> None:
    """Rows of N(0, I) weighted by the ratio are rows of N((1, 0), I), whose mean the kernel distance sees."""
    names = ("mmd", "sliced_wasserstein", "c2st")
    rows = np.random.default_rng(3).normal(size=(300, 2))
    p = dataclasses.replace(found.sides.p, rows=rows)
    equal = again(found, names, p=p, p_weights=Weights(np.ones(300)))
    plain = again(found, names, p=p)
    tilted = again(found, names, p=p, p_weights=Weights(np.exp(rows[:, 0] - 0.5)))
    for name in names:
        assert equal[name].value == pytest.approx(plain[name].value)
        assert equal[name].rows == plain[name].rows
        assert equal[name].note == WEIGHTED
        assert plain[name].note is None
        assert tilted[name].rows[0] < 300
    assert plain["mmd"].details["p_value"] < 0.01
    assert tilted["mmd"].value < 0.3 * plain["mmd"].value


def test_weights_that_leave_few_rows_leave_no_value(found: Evaluation) -> None:
    few = Weights(np.where(np.arange(300) < 5, 1.0, 0.0))
    for measure in again(found, ("c2st", "energy"), p_weights=few).values():
        assert measure.value is None
        assert measure.rows == (5, 240)
        assert "remain after weighting" in str(measure.note)


@pytest.mark.parametrize("kind", ["constant", "repeated", "images", "huge"])
def test_odd_rows_give_numbers_or_none(found: Evaluation, kind: str) -> None:
    rng = np.random.default_rng(0)
    rows = {
        "constant": lambda n: np.ones((n, 2)),
        "repeated": lambda n: rng.integers(0, 2, (n, 2)).astype(float),
        "images": lambda n: rng.integers(0, 255, (n, 8, 8, 1), dtype=np.uint8),
        "huge": lambda n: rng.standard_cauchy((n, 2)) * 1e140,
    }[kind]
    p, q, train = (dataclasses.replace(found.sides.p, rows=rows(n)) for n in (300, 240, 100))
    told = again(found, METRICS, p=p, q=q, train=train)
    for measure in told.values():
        json.dumps(measure.to_json(), allow_nan=False)
        assert measure.value is None or np.isfinite(measure.value)
        assert (measure.value is None) <= (measure.note is not None)
    assert told["memorization"].details["held_out_copies"] == (kind in ("constant", "repeated"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mdm", "--metrics mdm: no measure has this name. Did you mean 'mmd'?"),
        ("none,mmd", "--metrics none: it stands alone"),
        ("", "no measure has this name"),
    ],
)
def test_names_that_are_none_are_refused_before_files_are_read(vdm: Vdm, given: str, message: str) -> None:
    done = vdm("eval-divergence", "--p", "no.csv", "--q", "such.csv", "--metrics", given)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
