"""Tiny real runs, trained once a session, and the program called in this process."""

from __future__ import annotations

import hashlib
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_harness import CONFIG, Outcome, Tree, Vdm
from typer.testing import CliRunner

from vdm_cli.cli import app
from vdm_cli.estimation.budget import BUDGETS, Budget
from vdm_cli.estimation.critic import CriticBudget

_FEW = CriticBudget(hidden=16, members=2, period=25, periods=4)
SMALL = Budget(_FEW, _FEW, trees=30)


def pytest_itemcollected(item: pytest.Item) -> None:
    """All in one mode: data that a program draws, and their digest, differ by rounding between the modes."""
    item.add_marker("unoptimized")


@pytest.fixture(autouse=True)
def small_critics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a test evaluates without `vdm`."""
    monkeypatch.setitem(BUDGETS, "default", SMALL)


@pytest.fixture(scope="session")
def vdm() -> Vdm:
    """Run ``vdm ARGUMENTS`` in this process; anything but an orderly exit fails the test.

    Critics are small and stop early: that full ones find the truth is what the tests of estimation state.
    """

    def call(*arguments: object) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(BUDGETS, "default", SMALL)
            result = CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "80"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            pytest.fail("".join(traceback.format_exception(result.exception)))
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture(scope="session")
def tree() -> Tree:
    """Every file and folder below a path, with a digest of its bytes."""

    def walk(path: Path) -> dict[str, str]:
        return {
            str(entry.relative_to(path)): (
                hashlib.sha256(entry.read_bytes()).hexdigest() if entry.is_file() else "folder"
            )
            for entry in sorted(path.rglob("*"))
        }

    return walk


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 rows: a temperature with two decimals and a count."""
    rng = np.random.default_rng(0)
    rows = zip(rng.normal(20.0, 2.0, 200), rng.integers(0, 9, 200), strict=True)
    path = tmp_path_factory.mktemp("data") / "table.csv"
    path.write_text("temperature,count\n" + "".join(f"{value:.2f},{count}\n" for value, count in rows))
    return path


@pytest.fixture(scope="session")
def config(table: Path) -> Path:
    """A configuration that trains the table in a second once it is compiled."""
    path = table.parent / "tiny.yaml"
    path.write_text(CONFIG % table)
    return path


@pytest.fixture(scope="session")
def _trained(vdm: Vdm, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "tiny"
    done = vdm("train", "--config", config, "--run-dir", run)
    assert done.code == 0, done.err
    return run


@pytest.fixture(scope="session")
def reference(_trained: Path) -> Path:
    """A finished run: look, do not touch."""
    return _trained


@pytest.fixture
def run(_trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to be spoiled."""
    return Path(shutil.copytree(_trained, tmp_path / "tiny"))


@pytest.fixture(scope="session")
def two_seeds(vdm: Vdm, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two seeds."""
    run = tmp_path_factory.mktemp("runs") / "two"
    steps = ("--set", "training.num_seeds=2", "--set", "training.steps=20")
    done = vdm("train", "--config", config, "--run-dir", run, *steps)
    assert done.code == 0, done.err
    return run


@pytest.fixture(scope="session")
def digits(vdm: Vdm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images."""
    folder = tmp_path_factory.mktemp("digits")
    text = CONFIG.replace("{path: %s}", "{kind: digits}").replace("steps: 60", "steps: 10")
    (folder / "digits.yaml").write_text(text)
    done = vdm("train", "--config", folder / "digits.yaml", "--run-dir", folder / "run")
    assert done.code == 0, done.err
    return folder / "run"


@pytest.fixture
def damage() -> Callable[[Path], None]:
    """Flip one bit in the middle of the largest file below a folder."""

    def flip(folder: Path) -> None:
        file = max(
            (each for each in folder.rglob("*") if each.is_file()), key=lambda each: each.stat().st_size
        )
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    return flip
