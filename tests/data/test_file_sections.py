"""What a data section of a configuration makes of a file: filters, weights, conditions, parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import resolve
from vdm_cli.config.data import FileData
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.dataset import Dataset, Part, thin
from vdm_cli.data.source import array_source
from vdm_cli.data.table_transform import TableTransform
from vdm_cli.errors import DataError


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000 rows; x is above 0 for kind h alone, and rows of weight 3 have odd x."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "events.csv"
    lines = ["x,y,kind,w"]
    for _ in range(1_000):
        kind = "gh"[rng.integers(0, 2)]
        x = int(rng.integers(1, 100)) * (1 if kind == "h" else -1)
        lines.append(f"{x},{rng.normal():.3f},{kind},{3.0 if x % 2 else 1.0}")
    path.write_text("\n".join(lines) + "\n")
    return path


def load(path: Path, **options: Any) -> Dataset:
    return load_dataset(FileData.model_validate({"path": str(path), **options}), seed=0)


def all_rows(dataset: Dataset) -> np.ndarray:
    assert dataset.train is not None
    return np.concatenate([dataset.train.rows, dataset.validation.rows, dataset.test.rows])


def test_where_keeps_rows_in_every_part(events: Path) -> None:
    dataset = load(events, where={"kind": "h"})
    assert dataset.layout.columns == ("x", "y", "kind", "w")
    assert np.all(all_rows(dataset)[:, 0] > 0)


def test_where_and_drop_may_name_the_same_column(events: Path) -> None:
    dataset = load(events, where={"kind": "h"}, drop=["kind", "w"])
    assert dataset.layout.columns == ("x", "y")
    assert np.all(all_rows(dataset)[:, 0] > 0)


def test_where_may_use_a_column_that_is_not_modelled(events: Path) -> None:
    assert load(events, where={"kind": "g"}, columns=["y", "x"]).layout.columns == ("y", "x")


def test_weights_are_drawn_by_in_training(events: Path) -> None:
    dataset = load(events, weights="w")
    assert dataset.layout.columns == ("x", "y", "kind")
    assert dataset.train is not None
    rows, conditions = dataset.encode(dataset.train)
    source = array_source(rows, conditions, dataset.train.weights, (1, 20_000))
    odd = np.abs(dataset.train.rows[:, 0]) % 2 == 1
    index = source.data.replace(rows=source.data.rows.replace(x=np.arange(len(rows))))  # type: ignore[attr-defined]
    drawn = np.asarray(source.take(index, jax.random.key(0), jax.numpy.int32(3)).x)
    expected = 3 * odd.sum() / (3 * odd.sum() + (~odd).sum())
    assert odd[drawn].mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / drawn.size))


def test_held_out_rows_follow_the_weighted_law_without_weights(events: Path) -> None:
    part = Part(np.arange(30_000.0)[:, None], weights=np.where(np.arange(30_000) % 2, 3.0, 1.0))
    kept = thin(part, seed=1)
    assert kept.weights is None
    assert np.mean(kept.rows % 2 == 1) == pytest.approx(0.75, abs=0.02)
    assert len(kept) == pytest.approx(20_000, abs=500)
    assert len(load(events, weights="w").test) < 100 == len(load(events).test)


def test_a_zero_weight_is_never_drawn() -> None:
    source = array_source(np.eye(4, dtype=np.float32), None, np.array([0.0, 1.0, 0.0, 1.0]), (1, 1_000))
    drawn = np.argmax(source.take(source.data, jax.random.key(0), jax.numpy.int32(0)).x, axis=-1)
    assert set(drawn.ravel().tolist()) == {1, 3}


def test_conditions_leave_the_rows_that_are_modelled(events: Path) -> None:
    dataset = load(events, condition=["kind"], drop=["w"])
    assert dataset.shape == (2,)
    assert dataset.train is not None
    rows, conditions = dataset.encode(dataset.train)
    assert rows.shape == (800, 2)
    assert conditions is not None
    np.testing.assert_array_equal(np.argmax(conditions, axis=1), dataset.train.rows[:, 2])


def test_labels_beside_images_are_conditions(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(60) % 3)
    dataset = load(tmp_path / "images.npy", labels=str(tmp_path / "labels.npy"), condition=["label"])
    assert dataset.conditioning is not None
    assert dataset.conditioning.dim == 3
    assert dataset.shape == (8, 8)
    rows, conditions = dataset.encode(dataset.validation)
    assert rows.min() >= -1
    assert rows.max() <= 1
    assert conditions is not None
    assert conditions.shape == (6, 3)


def test_the_transform_suits_the_kind_of_rows(events: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "rows.npy", rng.normal(size=(50, 3)))
    np.save(tmp_path / "images.npy", rng.integers(0, 256, (50, 8, 8)).astype(np.uint8))
    assert isinstance(load(events).transform, TableTransform)
    assert isinstance(load(tmp_path / "rows.npy").transform, AffineTransform)
    pixels = load(tmp_path / "images.npy").transform
    assert isinstance(pixels, AffineTransform)
    assert len(np.unique(pixels.scale)) == 1
    assert isinstance(load(tmp_path / "rows.npy", transform="quantile").transform, TableTransform)


def test_files_of_their_own_are_filtered_and_recoded_alike(events: Path, tmp_path: Path) -> None:
    own = tmp_path / "test.csv"
    own.write_text("w,kind,y,x\n" + "1.0,h,0.5,7\n" * 60 + "2.0,g,0.5,-3\n" * 60)
    dataset = load(events, where={"kind": "h"}, drop=["w"], split={"test": str(own)})
    np.testing.assert_array_equal(np.unique(dataset.test.rows, axis=0), [[7.0, 0.5, 0.0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"condition": ["kin"]},
            r"data.condition: there is no 'kin'; it has x, y, kind, w. Did you mean 'kind'",
        ),
        ({"weights": "kind"}, "column 'kind' does not hold numbers"),
        ({"weights": "x"}, r"row \d+ of 'x' is -\d+ \(\d+ such"),
        ({"where": {"kind": "q"}}, "no row has kind = q; it is one of g, h"),
        ({"condition": ["x", "y", "kind", "w"]}, "no column is left to model"),
        ({"transform": "range"}, "data.transform range needs numbers alone"),
    ],
)
def test_what_does_not_fit_the_file_is_told(events: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^{events}: .*{message}"):
        load(events, **options)


def test_networks_that_were_not_chosen_suit_the_rows() -> None:
    plain: dict[str, Any] = {"data": {"path": "x"}}
    mlp = {"kind": "mlp", "hidden": [4]}
    assert resolve(config(**plain), (28, 28)).generator.kind == "conv"
    assert resolve(config(**plain), (32, 32, 3)).critic.kind == "conv"
    assert resolve(config(**plain, generator=mlp), (28, 28)).generator.kind == "mlp"
    assert resolve(config(**plain), (28,)).generator.kind == "mlp"
    assert resolve(config(**plain), (4, 30)).generator.kind == "mlp"


def config(**sections: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate(sections)


def test_a_test_file_without_labels_is_told_before_training(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(60) % 3)
    options = {"labels": str(tmp_path / "labels.npy"), "condition": ["label"]}
    with pytest.raises(DataError, match=r"has no labels, and data.condition needs them"):
        load(tmp_path / "images.npy", **options, split={"test": str(tmp_path / "images.npy")})


def test_a_blank_outside_the_training_rows_has_an_indicator_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "one-blank.csv"
    path.write_text("x,y\n" + "".join(f"{0.5 * row},{row % 7}.25\n" for row in range(199)) + ",1.25\n")
    assert all(load(path).shape == load_dataset(section(path), seed).shape for seed in range(1, 6))


def section(path: Path) -> FileData:
    return FileData.model_validate({"path": str(path)})
