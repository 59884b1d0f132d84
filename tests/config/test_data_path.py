"""Data paths: names inside files, and what becomes of them when a run is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from vdm_cli.build.experiment import resolve
from vdm_cli.config.load import load_experiment
from vdm_cli.data_path import absolute, join_name, names_array_of, split_name


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("rows.csv", ("rows.csv", None)),
        ("a:b/rows.npy", ("a:b/rows.npy", None)),
        ("rows.h5", ("rows.h5", None)),
        ("rows.h5:", ("rows.h5", "")),
        ("rows.h5:/group/x", ("rows.h5", "/group/x")),
        ("/data/rows.HDF5:x", ("/data/rows.HDF5", "x")),
        ("rows.h5:odd:name.h5:x", ("rows.h5", "odd:name.h5:x")),
        ("run.root:dir/tree", ("run.root", "dir/tree")),
        ("mnist.npz:x_train", ("mnist.npz", "x_train")),
        ("folder.h5/rows.npy", ("folder.h5/rows.npy", None)),
    ],
)
def test_a_name_follows_the_colon_of_a_file_that_holds_several(
    path: str, parts: tuple[str, str | None]
) -> None:
    assert split_name(path) == parts
    assert join_name(*parts) == path


def test_an_absolute_path_keeps_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("rows.h5:/group/x/") == f"{tmp_path}/rows.h5:/group/x/"
    assert absolute("images") == f"{tmp_path}/images"
    assert absolute("/data/rows.csv") == "/data/rows.csv"


@pytest.mark.parametrize(
    ("path", "labels", "inside"),
    [
        ("mnist.npz", "y_train", True),
        ("mnist.npz:x_train", "y_train", True),
        ("rows.h5:run/images", "run/label", True),
        ("mnist.npz", "labels.npy", False),
        ("mnist.npz", "other.npz:y", False),
        ("mnist.npz", "./labels", False),
        ("images", "labels", False),
    ],
)
def test_labels_without_a_point_are_an_array_of_the_same_file(path: str, labels: str, inside: bool) -> None:
    assert names_array_of(path, labels) == inside


@pytest.mark.parametrize(
    ("path", "labels", "found_path", "found_labels"),
    [
        ("images", "y.npy", "images", "y.npy"),
        ("rows.h5:x", "y", "rows.h5:x", None),
        ("rows.h5:x", "rows.h5:y", "rows.h5:x", "rows.h5:y"),
        ("a.npz", "y", "a.npz", None),
    ],
)
def test_files_beside_the_configuration_are_found_and_made_absolute(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    labels: str,
    found_path: str,
    found_labels: str | None,
) -> None:
    beside, here = tmp_path / "beside", tmp_path / "here"
    here.mkdir()
    (beside / "images").mkdir(parents=True)
    for name in ("y.npy", "rows.h5", "a.npz", "y"):
        (beside / name).touch()
    (beside / "x.yaml").write_text(f"data: {{path: '{path}', labels: '{labels}'}}\n")
    monkeypatch.chdir(here)
    data = resolve(load_experiment("../beside/x.yaml"), (2,)).model_dump()["data"]
    assert Path(data["path"]).is_absolute()
    assert data["path"] == f"{here}/../beside/{found_path}"
    assert data["labels"] == (labels if found_labels is None else f"{here}/../beside/{found_labels}")
