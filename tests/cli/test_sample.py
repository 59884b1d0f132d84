"""`vdm sample`: formats, places and the data's own grid."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from cli_harness import Vdm
from PIL import Image


def drawn(vdm: Vdm, run: Path, output: Path, *more: object) -> bytes:
    done = vdm("sample", "--checkpoint", run, "--num-samples", 30, "--output", output, *more)
    assert done.code == 0, done.err
    assert done.out == f"{output}\n"
    return output.read_bytes()


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "parquet"])
def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(
    vdm: Vdm, reference: Path, tmp_path: Path, suffix: str
) -> None:
    first = drawn(vdm, reference, tmp_path / f"a.{suffix}")
    assert drawn(vdm, reference, tmp_path / f"b.{suffix}") == first
    assert drawn(vdm, reference, tmp_path / f"c.{suffix}", "--seed", 1) != first


def test_every_format_holds_the_same_rows(vdm: Vdm, reference: Path, tmp_path: Path) -> None:
    for suffix in ("npy", "npz", "csv", "parquet"):
        drawn(vdm, reference, tmp_path / f"a.{suffix}")
    rows = np.load(tmp_path / "a.npy")
    assert rows.shape == (30, 2)
    with np.load(tmp_path / "a.npz") as archive:
        assert np.array_equal(archive["samples"], rows)
    assert np.array_equal(np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1), rows)
    parquet = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert parquet.column_names == ["temperature", "count"]
    assert [str(field.type) for field in parquet.schema] == ["double", "int64"]
    assert np.array_equal(np.column_stack([parquet[name].to_numpy() for name in parquet.column_names]), rows)


def test_a_csv_has_the_header_decimals_integers_and_range_of_the_table(
    vdm: Vdm, reference: Path, table: Path, tmp_path: Path
) -> None:
    drawn(vdm, reference, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["temperature", "count"]
    assert all(re.fullmatch(r"\d+\.\d\d", value) and re.fullmatch(r"\d", count) for value, count in rows)
    seen = np.loadtxt(table, delimiter=",", skiprows=1)
    made = np.array(rows, dtype=float)
    assert (made >= seen.min(axis=0)).all()
    assert (made <= seen.max(axis=0)).all()


def test_the_first_rows_of_a_longer_draw_are_those_of_a_shorter_one(
    vdm: Vdm, reference: Path, tmp_path: Path
) -> None:
    drawn(vdm, reference, tmp_path / "short.npy")
    done = vdm("sample", "--checkpoint", reference, "--num-samples", 1500, "--output", tmp_path / "long.npy")
    assert done.code == 0
    assert "1500 x 2 samples of step 60" in done.err
    assert np.array_equal(np.load(tmp_path / "long.npy")[:30], np.load(tmp_path / "short.npy"))


def test_an_existing_file_is_refused_and_kept_and_force_replaces_it(
    vdm: Vdm, reference: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.npy"
    output.write_text("precious")
    refused = vdm("sample", "--checkpoint", reference, "--output", output)
    assert refused.code == 2
    assert "--force" in refused.err
    assert output.read_text() == "precious"
    drawn(vdm, reference, output, "--force")
    assert np.load(output).shape == (30, 2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npy"]


def test_steps_are_chosen_by_number_name_and_directory(vdm: Vdm, reference: Path, tmp_path: Path) -> None:
    latest = drawn(vdm, reference, tmp_path / "0.npy")
    earlier = drawn(vdm, reference, tmp_path / "1.npy", "--step", 40)
    assert earlier != latest
    assert drawn(vdm, reference, tmp_path / "2.npy", "--step", "latest") == latest
    assert drawn(vdm, reference, tmp_path / "3.npy", "--step", 60) == latest
    assert drawn(vdm, reference / "checkpoints", tmp_path / "4.npy") == latest
    assert drawn(vdm, reference / "checkpoints" / "40", tmp_path / "5.npy") == earlier
    best = drawn(vdm, reference, tmp_path / "6.npy", "--step", "best")
    steps = sorted(int(entry.name) for entry in (reference / "checkpoints").iterdir())
    assert best in [drawn(vdm, reference, tmp_path / f"s{step}.npy", "--step", step) for step in steps]


def test_a_step_directory_can_be_the_working_folder(
    vdm: Vdm, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reference / "checkpoints" / "40")
    drawn(vdm, Path(), tmp_path / "a.npy")


def test_without_output_a_table_goes_to_a_csv_in_the_run(vdm: Vdm, run: Path) -> None:
    done = vdm("sample", "--checkpoint", run, "--num-samples", 3)
    assert done.code == 0
    written = Path(done.out.strip())
    assert written.parent == run / "samples"
    assert written.suffix == ".csv"
    assert len(written.read_text().splitlines()) == 4


def test_seeds_of_a_run_sample_differently_and_have_files_of_their_own(
    vdm: Vdm, two_seeds: Path, tmp_path: Path
) -> None:
    first = drawn(vdm, two_seeds, tmp_path / "0.npy", "--seed-index", 0)
    assert drawn(vdm, two_seeds, tmp_path / "1.npy", "--seed-index", 1) != first
    names = {vdm("sample", "--checkpoint", two_seeds, "--seed-index", index).out for index in (0, 1)}
    assert len(names - {""}) == 2


def test_sampling_leaves_a_checkpoint_that_is_being_written(vdm: Vdm, run: Path, tmp_path: Path) -> None:
    """Somebody looks at a run that is training: Orbax must not clean up what the other process writes."""
    unfinished = run / "checkpoints" / "80.orbax-checkpoint-tmp"
    unfinished.mkdir()
    (unfinished / "state").write_text("half")
    drawn(vdm, run, tmp_path / "a.npy")
    assert (unfinished / "state").read_text() == "half"


def test_images_become_a_picture_and_whole_numbers_in_range(vdm: Vdm, digits: Path, tmp_path: Path) -> None:
    drawn(vdm, digits, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "L"
        assert min(picture.size) > 5 * 8
    drawn(vdm, digits, tmp_path / "a.npy")
    images = np.load(tmp_path / "a.npy")
    assert images.shape == (30, 8, 8)
    assert np.array_equal(images, np.rint(images))
    assert images.min() >= 0
    assert images.max() <= 16
    refused = vdm("sample", "--checkpoint", digits, "--output", tmp_path / "a.csv")
    assert refused.code == 2
    assert ".npy" in refused.err
