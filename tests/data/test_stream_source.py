from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.form import NUMBER
from vdm_cli.data.labels import Labels
from vdm_cli.data.stream import shuffle, source
from vdm_cli.data.stream.npy_rows import NpyRows
from vdm_cli.data.stream.prefetch import Prefetch
from vdm_cli.data.stream.source import StreamSource
from vdm_cli.errors import DataError

ROWS, STEP = 3_000, (2, 16)
HELD_OUT = np.arange(5, ROWS, 30)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 4 KiB, slabs of 3 steps, 7 of them ahead, chunks of 10 steps."""
    step_bytes = 4 * 32 * 2
    monkeypatch.setattr(shuffle, "WINDOW_BYTES", 4_096)
    monkeypatch.setattr(source, "SLAB_BYTES", 3 * step_bytes)
    monkeypatch.setattr(source, "AHEAD_BYTES", 21 * step_bytes)
    monkeypatch.setattr(source, "CHUNK_BYTES", 10 * step_bytes)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NpyRows:
    """Row i holds (i, -i), in blocks of 10 rows."""
    monkeypatch.setattr("vdm_cli.data.stream.row_file.BLOCK_BYTES", 160)
    numbers = np.arange(float(ROWS))
    np.save(tmp_path / "a.npy", np.stack([numbers, -numbers], axis=1))
    return NpyRows(tmp_path / "a.npy", "a.npy")


def encode(rows: np.ndarray, labels: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    del seed
    return rows.astype(np.float32), None if labels is None else labels[:, None].astype(np.float32)


@pytest.fixture
def opened(file: NpyRows) -> Iterator[StreamSource]:
    stream = StreamSource(file, HELD_OUT, 0, encode, STEP, (2,))
    yield stream
    stream.close()


def test_an_epoch_of_steps_holds_every_training_row_once(opened: StreamSource) -> None:
    training = ROWS - len(HELD_OUT)
    steps = training // 32 + 1
    x, condition = opened.batches(0, steps)
    assert x.shape == (steps, *STEP, 2)
    assert x.dtype == np.float32
    assert condition is None
    seen = x[..., 0].reshape(-1)
    np.testing.assert_array_equal(np.sort(seen[:training]), np.setdiff1d(np.arange(ROWS), HELD_OUT))
    np.testing.assert_array_equal(x[..., 1], -x[..., 0])


def test_rows_do_not_depend_on_how_steps_are_asked_for(opened: StreamSource) -> None:
    whole, _ = opened.batches(0, 250)
    opened.close()
    parts, step = [], 0
    for steps in (1, 2, 3, 10, 100, 4, 100, 30):
        parts.append(opened.batches(step, steps)[0])
        step += steps
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    for step in (249, 0, 100, 101, 7):  # anywhere, without what is before
        np.testing.assert_array_equal(opened.batches(step, 1)[0], whole[step : step + 1])


def test_another_seed_gives_another_order(opened: StreamSource, file: NpyRows) -> None:
    other = StreamSource(file, HELD_OUT, 1, encode, STEP, (2,))
    assert np.mean(other.batches(0, 20)[0] == opened.batches(0, 20)[0]) < 0.05
    other.close()


def test_labels_stay_beside_their_rows(file: NpyRows) -> None:
    file.labels = Labels(np.arange(float(ROWS)) * 2, NUMBER)
    stream = StreamSource(file, HELD_OUT, 0, encode, STEP, (2,))
    x, condition = stream.batches(4, 95)
    assert condition is not None
    assert condition.shape == (95, *STEP, 1)
    np.testing.assert_array_equal(condition[..., 0], 2 * x[..., 0])
    stream.close()


def test_the_seed_of_a_slab_is_its_own_wherever_a_run_begins(file: NpyRows) -> None:
    def noisy(rows: np.ndarray, labels: np.ndarray | None, seed: int) -> tuple[np.ndarray, None]:
        return (rows + np.random.default_rng(seed).random(rows.shape)).astype(np.float32), None

    stream = StreamSource(file, HELD_OUT, 0, noisy, STEP, (2,))
    whole, _ = stream.batches(0, 40)
    stream.close()
    np.testing.assert_array_equal(stream.batches(17, 9)[0], whole[17:26])
    stream.close()


def test_more_rows_a_step_than_the_file_holds_go_through_several_epochs(file: NpyRows) -> None:
    stream = StreamSource(file, np.arange(20, ROWS), 0, encode, STEP, (2,))
    counts = np.unique_counts(stream.batches(0, 5)[0][..., 0]).counts
    assert counts.tolist() == [8] * 20
    stream.close()


def test_a_chunk_is_of_the_size_it_says(opened: StreamSource) -> None:
    assert opened.chunk_steps == 10


def test_arrays_handed_out_are_not_written_to_again(opened: StreamSource) -> None:
    first, _ = opened.batches(0, 10)
    kept = first.copy()
    opened.batches(10, 200)
    np.testing.assert_array_equal(first, kept)


def test_a_file_that_shrinks_during_the_run_is_a_data_error_of_the_training_thread(
    opened: StreamSource, tmp_path: Path
) -> None:
    opened.batches(0, 1)
    os.truncate(tmp_path / "a.npy", 4_000)
    with pytest.raises(DataError, match=r"^a\.npy: was changed during the run"):
        opened.batches(1, 500)


def test_the_thread_ends_with_close(opened: StreamSource) -> None:
    opened.batches(0, 1)
    assert prefetching()
    opened.close()
    assert not prefetching()
    opened.close()


def test_no_more_is_read_than_the_queue_holds() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for item in range(1_000):
            drawn.append(item)
            yield item

    ahead = Prefetch(items(), 4)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    deadline = time.monotonic() + 5
    while len(drawn) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(drawn) == 7
    ahead.close()


def test_an_error_comes_after_the_items_before_it_and_stays() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise DataError("the disk is gone")

    ahead = Prefetch(items(), 8)
    assert [next(ahead), next(ahead)] == [1, 2]
    for _ in range(20):
        with pytest.raises(DataError, match="the disk is gone"):
            next(ahead)
    ahead.close()


def test_the_end_of_the_iterator_is_the_end() -> None:
    ahead = Prefetch(iter([1, 2]), 1)
    assert list(ahead) == [1, 2]
    assert list(ahead) == []
    ahead.close()


def prefetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("vdm-prefetch")]
