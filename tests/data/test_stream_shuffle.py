from __future__ import annotations

import itertools

import numpy as np
import pytest

from vdm_cli.data.stream import shuffle as module
from vdm_cli.data.stream.held_out import hold_out, sample_rest
from vdm_cli.data.stream.shuffle import Shuffle

ROWS, BLOCK, BLOCKS_A_WINDOW = 5_000, 20, 40
HELD_OUT = np.sort(np.random.default_rng(0).choice(ROWS, 100, replace=False))


@pytest.fixture
def shuffle(monkeypatch: pytest.MonkeyPatch) -> Shuffle:
    monkeypatch.setattr(module, "WINDOW_BYTES", BLOCK * BLOCKS_A_WINDOW * 8)
    return make(0)


def make(seed: int) -> Shuffle:
    return Shuffle(np.append(np.arange(0, ROWS, BLOCK), ROWS), 8, HELD_OUT, seed)


def epoch_rows(shuffle: Shuffle, epoch: int) -> np.ndarray:
    """Numbers of the rows of an epoch in the order in which they are visited."""
    rows, position = [], epoch * shuffle.count
    while position < (epoch + 1) * shuffle.count:
        window = shuffle.window_at(position)
        inside = np.concatenate([np.arange(block * BLOCK, (block + 1) * BLOCK) for block in window.blocks])
        rows.append(np.setdiff1d(inside, HELD_OUT)[window.order])
        position += len(window.order)
    return np.concatenate(rows)


def test_an_epoch_visits_every_training_row_once_and_no_other(shuffle: Shuffle) -> None:
    for epoch in range(3):
        rows = epoch_rows(shuffle, epoch)
        np.testing.assert_array_equal(np.sort(rows), np.setdiff1d(np.arange(ROWS), HELD_OUT))


def test_epochs_and_seeds_differ_and_repeat(shuffle: Shuffle) -> None:
    orders = [epoch_rows(make(seed), epoch) for seed in (0, 1) for epoch in (0, 1)]
    for one, other in itertools.combinations(orders, 2):
        assert np.mean(one == other) < 0.01
    np.testing.assert_array_equal(orders[0], epoch_rows(make(0), 0))


def test_any_position_finds_its_window_without_those_before(shuffle: Shuffle) -> None:
    for position in (0, 799, 800, 4_899, 4_900, 12_345, 10**9):
        window = make(0).window_at(position)
        epoch, place = divmod(position, shuffle.count)
        assert window.holds(epoch, place)
        again = shuffle.window_at(epoch * shuffle.count + window.start)
        np.testing.assert_array_equal(window.order, again.order)
        np.testing.assert_array_equal(window.blocks, again.blocks)


def test_a_window_gathers_blocks_from_all_over_the_file(shuffle: Shuffle) -> None:
    window = shuffle.window_at(0)
    assert BLOCKS_A_WINDOW * 0.8 <= len(window.blocks) <= BLOCKS_A_WINDOW
    # mean of k uniform draws from 0..249: 4 standard errors
    assert abs(window.blocks.mean() - 124.5) < 4 * 250 / np.sqrt(12 * len(window.blocks))


def test_batches_of_a_sorted_file_vary_as_much_as_is_stated(shuffle: Shuffle) -> None:
    """The docstring's number: 1 + b / K times the variance of a uniform permutation's batches."""
    size, means = 32, []
    for epoch in range(60):
        rows = epoch_rows(shuffle, epoch)
        means.append(rows[: len(rows) // size * size].reshape(-1, size).mean(axis=1))
    uniform = ROWS**2 / 12 / size
    blocks = len(shuffle.window_at(0).blocks)
    # finite populations make both parts smaller: fewer than 60 x 153 batches, and 7 windows of 250 blocks
    stated = 1 + size / blocks
    assert 0.85 * stated < np.var(means) / uniform < 1.05 * stated


def test_a_small_file_is_permuted_uniformly() -> None:
    """One window: neighbors in the file are no nearer to each other than any two rows."""
    gaps = []
    for epoch in range(20):
        places = np.argsort(epoch_rows(make(3), epoch))  # place of each row, in the order of the file
        gaps.append(np.abs(np.diff(places)).mean())
    n = ROWS - len(HELD_OUT)
    # two uniform places are n/3 apart, with standard deviation n/sqrt(18); 4 standard errors
    assert abs(np.mean(gaps) - n / 3) < 4 * n / np.sqrt(18 * n * 20)


@pytest.mark.parametrize("rows_a_block", [1, 3, 700])
def test_windows_hold_neither_too_much_nor_too_few_blocks(
    rows_a_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_BYTES", 1_000)
    monkeypatch.setattr(module, "MOST_BYTES", 4_000)
    shuffle = Shuffle(np.append(np.arange(0, 20_000, rows_a_block), 20_000), 1, np.empty(0, np.int64), 0)
    position = 0
    while position < shuffle.count:
        window = shuffle.window_at(position)
        position += len(window.order)
        limit = 1_000 if rows_a_block < 700 else 4_000
        assert len(window.order) <= limit + rows_a_block
        assert len(window.order) >= 0.8 * limit - rows_a_block


def test_held_out_parts_are_disjoint_sorted_and_repeatable() -> None:
    parts = hold_out(10**12, (1_000, 500), 7)
    assert [len(part) for part in parts] == [1_000, 500]
    assert len(np.unique(np.concatenate(parts))) == 1_500
    same, others = hold_out(10**12, (1_000, 500), 7), hold_out(10**12, (1_000, 500), 8)
    for part, again, other in zip(parts, same, others, strict=True):
        assert np.all(np.diff(part) > 0)
        np.testing.assert_array_equal(part, again)
        assert not np.array_equal(part, other)
        assert abs(part.mean() / 1e12 - 0.5) < 4 / np.sqrt(12 * len(part))


def test_the_sample_is_of_the_other_rows_and_all_of_them_where_few() -> None:
    held_out = np.array([0, 1, 5, 9])
    np.testing.assert_array_equal(sample_rest(10, held_out, 100, 0), [2, 3, 4, 6, 7, 8])
    counts = np.zeros(10)
    for seed in range(600):
        drawn = sample_rest(10, held_out, 3, seed)
        assert np.all(np.diff(drawn) > 0)
        counts[drawn] += 1
    np.testing.assert_array_equal(counts[held_out], 0)
    # each of 6 rows in half of 600 samples, standard deviation sqrt(150)
    assert np.abs(np.delete(counts, held_out) - 300).max() < 4 * np.sqrt(150)
