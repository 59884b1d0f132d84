"""`vdm eval-divergence --plot`: which pictures, where, and what is never replaced."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_harness import CONFIG, Outcome, Tree, Vdm
from PIL import Image


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two tables of text, numbers and blanks; in Q the price no longer follows the color."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    for name in ("p", "q"):
        lines = ["price,color,size"]
        for _ in range(120):
            code = int(rng.integers(0, 3))
            price = 10 * (code if name == "p" else rng.integers(0, 3)) + rng.normal()
            lines.append(f"{price:.2f},{('red', 'green', 'blue')[code]},{rng.integers(1, 9)}")
        lines[5] = ",red,4"
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder / "p.csv", folder / "q.csv"


@pytest.fixture(scope="module")
def plotted(vdm: Vdm, tables: tuple[Path, Path]) -> tuple[Outcome, Path]:
    p, q = tables
    folder = p.parent / "deep" / "plots"
    return vdm("eval-divergence", "--p", p, "--q", q, "--divergence", "kl", "--plot", folder), folder


TABLE = ("marginals.png", "associations.png", "log-ratios.png", "calibration.png", "features.png")


def test_a_table_gives_its_pictures_in_a_new_folder(plotted: tuple[Outcome, Path]) -> None:
    done, folder = plotted
    assert done.code == 0
    pictures = [folder / name for name in TABLE]
    assert sorted(folder.iterdir()) == sorted(pictures)
    assert done.err.splitlines()[-1] == f"pictures: {', '.join(map(str, pictures))}"
    for path in pictures:
        with Image.open(path) as picture:
            assert min(picture.size) > 300


def test_the_text_names_the_column_and_the_pair_that_differ_most(plotted: tuple[Outcome, Path]) -> None:
    told = " ".join(plotted[0].out.split())
    assert "marginals: " in told
    assert "associations: price and color differ most" in told
    assert "chance: " in told


def test_existing_pictures_are_refused_before_anything_is_computed(
    vdm: Vdm, plotted: tuple[Outcome, Path], tree: Tree, tmp_path: Path
) -> None:
    _, folder = plotted
    before = tree(folder)
    refused = vdm("eval-divergence", "--p", tmp_path / "no.csv", "--q", tmp_path / "no.csv", "--plot", folder)
    assert (refused.code, refused.out) == (2, "")
    assert f"--plot {folder}: it has {', '.join(TABLE)} already" in refused.err
    assert tree(folder) == before


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_is_no_folder_is_refused(vdm: Vdm, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("kept")
    refused = vdm("eval-divergence", "--p", "no.csv", "--q", "no.csv", "--plot", tmp_path / place)
    assert refused.code == 2
    assert "is not a folder" in refused.err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_failed_evaluation_makes_no_folder(vdm: Vdm, tmp_path: Path) -> None:
    failed = vdm("eval-divergence", "--p", "no.csv", "--q", "no.csv", "--plot", tmp_path / "plots")
    assert failed.code == 1
    assert not (tmp_path / "plots").exists()


def test_a_run_on_a_mixed_table_is_drawn_beside_its_test_rows(
    vdm: Vdm, tables: tuple[Path, Path], tmp_path: Path
) -> None:
    run, config = tmp_path / "run", tmp_path / "mixed.yaml"
    text = CONFIG.replace("{path: %s}", f"{{path: {tables[0]}, split: {{test: 0.5}}}}")
    config.write_text(text.replace("steps: 60", "steps: 20"))
    trained = vdm("train", "--config", config, "--run-dir", run)
    assert trained.code == 0, trained.err
    with Image.open(run / "samples" / "step-00000020.png") as picture:
        assert min(picture.size) > 300
    asked = ("--num-samples", 60, "--divergence", "kl", "--format", "json")
    done = vdm("eval-divergence", "--checkpoint", run, *asked, "--plot", tmp_path / "plots")
    assert done.code == 0, done.err
    columns = json.loads(done.out)["columns"]
    assert [(column["name"], column["kind"], column["measure"]) for column in columns] == [
        ("price", "number", "kolmogorov_smirnov"),
        ("color", "category", "total_variation"),
        ("size", "number", "kolmogorov_smirnov"),
    ]
    assert all(0 <= column["distance"] <= 1 for column in columns)
    assert {path.name for path in (tmp_path / "plots").iterdir()} == set(TABLE)
