from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vdm_cli.config import shipped
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import load_experiment
from vdm_cli.errors import ConfigError

Load = Callable[..., ExperimentConfig]


def problem_of(config: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_experiment(config)
    assert caught.value.exit_code == 2
    (problem,) = caught.value.problems
    return problem


@pytest.fixture
def two_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "installed" / "configs"
    (folder / "univariate").mkdir(parents=True)
    (folder / "ring.yaml").write_text("data: {kind: ring}\n")
    (folder / "univariate" / "kl.yaml").write_text("data: {kind: gaussian}\n")
    monkeypatch.setattr(shipped, "_folder", lambda: folder)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.usefixtures("two_shipped")
class TestFinding:
    def test_shipped_names_are_paths_without_suffix(self) -> None:
        assert shipped.shipped_names() == ["ring", "univariate/kl"]

    def test_a_shipped_name_loads_and_names_the_run(self) -> None:
        assert load_experiment("ring").name == "ring"
        assert load_experiment("univariate/kl").name == "univariate-kl"

    def test_a_file_goes_before_a_shipped_name_and_a_folder_does_not(self) -> None:
        Path("ring").mkdir()
        assert load_experiment("ring").data.kind == "ring"
        Path("ring").rmdir()
        Path("ring").write_text("data: {kind: grid}\n")
        assert load_experiment("ring").data.kind == "grid"

    @pytest.mark.parametrize(
        ("config", "problem"),
        [
            (
                "rign",
                "rign: no such file, and no shipped configuration; did you mean 'ring'? "
                "(shipped: ring, univariate/kl)",
            ),
            ("xyz", "xyz: no such file, and no shipped configuration (shipped: ring, univariate/kl)"),
            ("../configs/ring", "../configs/ring: no such file, and no shipped configuration"),
            ("nope.yaml", "nope.yaml: no such file"),
            ("ring.yaml", "ring.yaml: no such file; did you mean the shipped 'ring'?"),
            ("", "the configuration has no name; give a YAML file or a shipped name"),
            (".", ".: a folder, not a YAML file"),
            ("a\0b", "a\\x00b: no such file, and no shipped configuration"),
            ("x" * 5000, "x" * 57 + "...: File name too long"),
        ],
    )
    def test_what_cannot_be_found_is_told(self, config: str, problem: str) -> None:
        assert problem_of(config).startswith(problem)

    def test_a_run_directory_points_to_its_configuration(self) -> None:
        Path("run").mkdir()
        Path("run", "config.yaml").touch()
        assert problem_of("run") == "run: a folder, not a YAML file; did you mean its config.yaml?"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every file")
    def test_an_unreadable_file_is_told(self) -> None:
        Path("x.yaml").touch(mode=0o000)
        assert problem_of("x.yaml") == "x.yaml: cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("file", "name"),
    [("own.yaml", "own"), ("a b (2).yml", "a-b-2-"), ("_x.yaml", "x"), ("ü.yaml", "run"), ("plain", "plain")],
)
def test_a_file_without_a_name_names_the_run(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).write_text("data: {kind: ring}\n")
    assert load_experiment(str(tmp_path / file)).name == name


def test_a_data_file_is_sought_here_then_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, here = tmp_path / "beside", tmp_path / "here"
    for folder in (beside, here):
        folder.mkdir()
        (folder / "both.csv").touch()
    (beside / "rows.csv").touch()
    (beside / "rows.h5").touch()
    monkeypatch.chdir(here)

    def load(path: str) -> tuple[object, object]:
        text = f"data: {{path: '{path}', split: {{validation: '{path}', test: 0.2}}}}\n"
        (beside / "x.yaml").write_text(text)
        data = load_experiment("../beside/x.yaml").model_dump()["data"]
        assert data["split"]["test"] == 0.2
        return data["path"], data["split"]["validation"]

    found = str(Path("../beside/rows.csv"))
    assert load("rows.csv") == (found, found)
    assert load("both.csv") == ("both.csv", "both.csv")
    assert load("absent.csv") == ("absent.csv", "absent.csv")
    assert load("rows.h5:group/x") == (str(Path("../beside/rows.h5:group/x")),) * 2


def test_a_configuration_is_read_without_heavy_imports() -> None:
    code = (
        "import sys, vdm_cli.config.load\n"
        "heavy = {'jax', 'flax', 'optax', 'numpy', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
