"""Training on streamed rows: the same rows in the same order, however it is chunked or interrupted."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image
from test_program import identical, through_the_host

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import Experiment, build_experiment
from vdm_cli.commands.train import train
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.console import SilentReport
from vdm_cli.data.dataset import StreamedPart
from vdm_cli.data.stream import source as source_module
from vdm_cli.data.stream.source import StreamSource
from vdm_cli.errors import DataError, Interrupted, UsageError
from vdm_cli.training.loop import Progress, boundaries, run
from vdm_cli.training.program import Program, even_chunks

ROWS = 600


def config(path: Path, *, data: dict[str, Any] | None = None, **sections: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {
            "data": {"path": str(path), "in_memory": False, **(data or {})},
            "generator": {"hidden": [8]},
            "critic": {"hidden": [8], "activation": "tanh"},
            **sections,
            "training": {"steps": 60, "batch_size": 16, **sections.get("training", {})},
        }
    )


def built(settings: ExperimentConfig) -> Experiment:
    return build_experiment(settings, load_dataset(settings.data, settings.seed))


@pytest.fixture(scope="module")
def array(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "rows.npy"
    np.save(path, np.random.default_rng(0).normal([1.0, 50.0, -3.0], [1.0, 5.0, 0.1], (ROWS, 3)))
    return path


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 8 x 8 pixels: dark cats, bright dogs."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for low, name in ((0, "cat"), (128, "dog")):
        (folder / name).mkdir()
        for index in range(60):
            pixels = rng.integers(low, low + 128, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 5 steps of the array, slabs of 2, and 8 steps ahead: tiny files meet the bounds, too."""
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 5 * 4 * 16 * 3)
    monkeypatch.setattr(source_module, "SLAB_BYTES", 2 * 4 * 16 * 3)
    monkeypatch.setattr(source_module, "AHEAD_BYTES", 8 * 4 * 16 * 3)


def test_chunks_and_copies_through_the_host_do_not_change_a_bit(array: Path, small: None) -> None:
    experiment = built(config(array, training={"critic_steps": 2}))
    whole, metrics = experiment.program.advance(experiment.initial_state(), 30)
    assert metrics["bound"].shape == (30, 1)
    state, parts = experiment.initial_state(), []
    for steps in (1, 4, 10, 15):  # compiled as scans of 1, 4 and 5 steps
        state, part = experiment.program.advance(through_the_host(state), steps)
        parts.append(np.asarray(part["bound"]))
        experiment.program.close()
    assert identical(state, whole)
    np.testing.assert_array_equal(np.concatenate(parts), metrics["bound"])


@pytest.mark.unoptimized
def test_every_step_sees_the_rows_of_its_own_number(array: Path, small: None) -> None:
    """The step hands its rows out instead of learning from them, scanned and looped."""
    experiment = built(config(array))
    source = experiment.program.source
    assert isinstance(source, StreamSource)
    expected, _ = source.batches(0, 12)
    for scans in (True, False):
        program = Program(
            lambda state, batch: (state.replace(step=state.step + 1), {"x": batch.x}), source, scans
        )
        state, seen = program.advance(experiment.initial_state(), 7)
        _, rest = program.advance(state, 5)
        np.testing.assert_array_equal(np.concatenate([seen["x"], rest["x"]])[:, 0], expected)
    source.close()


def test_rows_in_network_units_are_those_of_the_same_transform_in_memory(array: Path) -> None:
    """Offset and scale come from the survey of all training rows, not from a sample."""
    experiment = built(config(array))
    train = experiment.dataset.train
    assert isinstance(train, StreamedPart)
    rows = np.delete(np.load(array), train.held_out, axis=0)
    forward = experiment.dataset.transform.forward(rows)
    np.testing.assert_allclose(forward.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(forward.std(axis=0), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(experiment.dataset.layout.minimum, rows.min(axis=0))
    np.testing.assert_array_equal(experiment.dataset.layout.maximum, rows.max(axis=0))
    x, _ = experiment.program.source.batches(0, len(rows) // 16 + 1)
    experiment.program.close()
    np.testing.assert_array_equal(np.sort(x.reshape(-1, 3)[: len(rows)], axis=0), np.sort(forward, axis=0))


def test_held_out_rows_are_those_of_the_file_and_never_trained_on(array: Path) -> None:
    dataset = load_dataset(config(array).data, 0)
    rows = np.load(array)
    assert isinstance(dataset.train, StreamedPart)
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == ROWS
    held = np.concatenate([dataset.validation.rows, dataset.test.rows])
    np.testing.assert_array_equal(np.sort(held, axis=0), np.sort(rows[dataset.train.held_out], axis=0))
    np.testing.assert_array_equal(dataset.train.sample.rows, np.delete(rows, dataset.train.held_out, axis=0))


@pytest.mark.unoptimized
def test_all_seeds_see_the_same_rows_and_part_ways(array: Path) -> None:
    experiment = built(config(array, training={"num_seeds": 2}))
    source = experiment.program.source
    assert isinstance(source, StreamSource)
    watched = Program(lambda state, batch: (state, {"x": batch.x}), source)
    _, seen = watched.advance(experiment.initial_state(), 3)
    np.testing.assert_array_equal(seen["x"][:, 0], seen["x"][:, 1])
    _, metrics = experiment.program.advance(experiment.initial_state(), 3)
    experiment.program.close()
    assert not np.any(metrics["bound"][:, 0] == metrics["bound"][:, 1])


def test_images_bring_their_classes_along(images: Path) -> None:
    experiment = built(config(images, data={"condition": ["label"]}))
    x, condition = experiment.program.source.batches(0, 6)
    experiment.program.close()
    assert x.shape == (6, 1, 16, 8, 8)
    assert condition is not None
    bright = x.mean(axis=(-2, -1)) > 0
    np.testing.assert_array_equal(bright, condition[..., 1] == 1)
    assert 0.2 < bright.mean() < 0.8


@pytest.mark.unoptimized
def test_columns_of_parquet_may_be_conditions_and_have_blanks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    color = rng.integers(0, 3, 2_000)
    table = pyarrow.table(
        {
            "color": np.array(["blue", "green", "red"])[color],
            "height": pyarrow.array(rng.normal(10.0 * color, 1.0), mask=rng.random(2_000) < 0.2),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=150)
    experiment = built(config(tmp_path / "t.parquet", data={"condition": ["color"]}))
    x, condition = experiment.program.source.batches(0, 50)
    assert x.shape == (50, 1, 16, 3)  # the number, present, blank
    assert 0.1 < x[..., 2].mean() < 0.3
    assert condition is not None
    present = x[..., 1] == 1
    means = [x[..., 0][present & (condition[..., code] == 1)].mean() for code in range(3)]
    assert means[0] < -0.7 < means[1] < 0.7 < means[2]
    _, metrics = experiment.program.advance(experiment.initial_state(), 3)
    experiment.program.close()
    assert np.isfinite(metrics["bound"]).all()


@pytest.mark.unoptimized
def test_images_through_a_convolution_train_step_by_step_as_in_a_scan(images: Path) -> None:
    sections = {"critic": {"kind": "conv", "channels": 4}, "training": {"batch_size": 4}}
    experiment = built(config(images, **sections))
    assert experiment.program.scans == (jax.default_backend() != "cpu")
    _, looped = experiment.program.advance(experiment.initial_state(), 3)
    scanned_program = dataclasses.replace(experiment.program, scans=True)
    _, scanned = scanned_program.advance(experiment.initial_state(), 3)
    experiment.program.close()
    np.testing.assert_allclose(looped["bound"], scanned["bound"], rtol=1e-3, atol=1e-4)


@pytest.mark.unoptimized
def test_the_background_thread_ends_with_the_run(array: Path) -> None:
    experiment = built(config(array))
    alive: list[bool] = []

    def observe(progress: Progress) -> bool:
        alive.append(any(thread.name.startswith("vdm-prefetch") for thread in threading.enumerate()))
        return progress.step < 20

    run(experiment.program, experiment.initial_state(), boundaries(0, 60, 10, 60), 0, observe)
    assert alive == [True, True]
    assert not any(thread.name.startswith("vdm-prefetch") for thread in threading.enumerate())


@pytest.mark.unoptimized
def test_a_file_that_shrinks_while_training_is_a_data_error(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).normal(size=(40_000, 3)))
    monkeypatch.setattr("vdm_cli.data.stream.shuffle.WINDOW_BYTES", 1)
    monkeypatch.setattr("vdm_cli.data.stream.shuffle.FEWEST_BLOCKS", 1)
    experiment = built(config(path))

    def observe(progress: Progress) -> bool:
        os.truncate(path, 1_000)
        return True

    with pytest.raises(DataError, match="was changed during the run"):
        run(experiment.program, experiment.initial_state(), boundaries(0, 3_000, 50, 3_000), 0, observe)


@pytest.mark.parametrize("option", [{"weights": "w"}, {"where": {"label": "cat"}}])
def test_what_needs_rows_in_memory_is_refused(images: Path, option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(UsageError, match=rf"data\.{name} needs the rows in memory.*in_memory: true"):
        load_dataset(config(images, data=option).data, 0)


def test_a_kind_that_cannot_be_streamed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a\n" + "1\n" * 50)
    with pytest.raises(UsageError, match="which works for"):
        load_dataset(config(path).data, 0)


def test_files_are_streamed_only_where_they_are_large(array: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(array, data={"in_memory": None}).data
    assert not isinstance(load_dataset(settings, 0).train, StreamedPart)
    monkeypatch.setattr("vdm_cli.build.streamed.IN_MEMORY_BYTES", 24 * ROWS - 1)
    assert isinstance(load_dataset(settings, 0).train, StreamedPart)
    in_memory = config(array, data={"in_memory": True}).data
    assert not isinstance(load_dataset(in_memory, 0).train, StreamedPart)


def test_the_digest_tells_files_apart(array: Path, tmp_path: Path) -> None:
    digest = load_dataset(config(array).data, 0).digest
    assert load_dataset(config(array).data, 0).digest == digest
    rows = np.load(array)
    rows[300, 1] += 1e-9
    np.save(tmp_path / "rows.npy", rows)
    assert load_dataset(config(tmp_path / "rows.npy").data, 0).digest != digest


@pytest.mark.parametrize("steps", [1, 5, 97, 100, 1_000])
@pytest.mark.parametrize("most", [1, 3, 77, 2_000])
def test_even_chunks_add_up_and_keep_to_the_bound(steps: int, most: int) -> None:
    chunks = even_chunks(steps, most)
    assert sum(chunks) == steps
    assert max(chunks) <= most
    assert len(set(chunks)) <= 2
    assert len(chunks) <= 2 * -(-steps // most)


class StopAtOnce(SilentReport):
    """Asks for a stop, as Ctrl-C does, at the first step that it is told of."""

    asked = False

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        if not self.asked:
            os.kill(os.getpid(), signal.SIGINT)
        self.asked = True


@pytest.mark.unoptimized
def test_a_streamed_run_is_the_same_after_resume(array: Path, tmp_path: Path) -> None:
    """Through files: the metrics of an interrupted run are those of one that was not, byte for byte."""
    settings = config(array, checkpoints={"every": 20, "keep": 5})
    train(settings, run_dir=tmp_path / "whole")
    with pytest.raises(Interrupted, match="saved at step 40"):
        train(settings, run_dir=tmp_path / "parts", report=StopAtOnce())
    assert train(settings, run_dir=tmp_path / "parts", resume=True).resumed_from == 40
    whole, parts = ((tmp_path / name / "metrics.jsonl").read_bytes() for name in ("whole", "parts"))
    assert len(whole.splitlines()) == 3
    assert parts == whole
