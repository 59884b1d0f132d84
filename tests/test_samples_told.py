"""What is amiss with two samples is said, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.comparison.rows import count_rows
from vdm_cli.comparison.warnings import samples_told
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.errors import DataError

NAMES = ("a", "b", "c")


def normal(seed: int, n: int = 500) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3))


def told(p: np.ndarray, q: np.ndarray, forms: tuple[Form, ...] = ()) -> list[str]:
    return samples_told(p, q, NAMES, forms)


def only(p: np.ndarray, q: np.ndarray, forms: tuple[Form, ...] = ()) -> str:
    (sentence,) = told(p, q, forms)
    return sentence


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_said_of_ordinary_samples(seed: int) -> None:
    """Not of continuous ones, of rounded ones, of counts, of mixed ones, nor of images."""
    rng = np.random.default_rng(seed)
    p, q = normal(2 * seed), normal(2 * seed + 1, 400)
    counts, others = rng.integers(0, 9, (500, 3)), rng.integers(0, 9, (400, 3))
    assert told(p, 2.0 * q + 0.5) == []
    assert told(p.astype(np.float32), q) == []
    assert told(p.round(2), q.round(2)) == []
    assert told(counts, others) == []
    assert told(np.where([True, False, False], p, counts), np.where([True, False, False], q, others)) == []
    images = rng.integers(0, 256, (900, 5, 5)).astype(np.uint8)
    assert samples_told(images[:500], images[500:], None, ()) == []


@pytest.mark.parametrize("levels", [2, 3, 30, 1000])
def test_rows_of_independent_discrete_samples_are_not_taken_for_copies(levels: int) -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        p, q = (rng.integers(0, levels, (side, 1)) ** 2 for side in (200, 150))
        assert not count_rows(p, q).copied


def test_copies_are_found_in_counts_too() -> None:
    p = np.random.default_rng(0).integers(0, 100, (500, 3))
    assert count_rows(p, p[::2]).copied
    assert "250 rows (50 %) of P are in Q too" in only(p, p[::2])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_same_rows_in_another_order_are_refused(dtype: type) -> None:
    rows = normal(0)
    with pytest.raises(DataError, match="the same 500 rows"):
        told(rows, rows[::-1].astype(dtype))


def test_rows_that_are_equal_by_their_law_are_not_refused() -> None:
    coins = np.repeat([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], 40, axis=0)
    assert told(coins, coins) == []


def test_shared_and_repeated_rows_are_counted() -> None:
    p, q = normal(0), normal(1)
    assert "7 rows (1.4 %) of P are in Q too" in only(p, np.concatenate([q, p[:7]]))
    assert "25 rows (4.8 %) of Q repeat another" in only(p, np.concatenate([q, q[:25]]))


def test_a_sample_of_few_rows_over_and_over_is_told() -> None:
    q = normal(1, 20)[np.arange(500) % 20]
    rows, columns = told(normal(0), q)
    assert rows.startswith("the 500 rows of Q are 20 different ones, over and over: if they were copied")
    assert "few different values in one sample alone: a (20 in Q, 500" in columns


def test_constant_columns_are_told_and_constant_files_refused() -> None:
    p, q = normal(0), normal(1)
    p[:, 0] = q[:, 0] = 3.0
    p[:, 1] = 5.0
    p[:, 2] += 100.0
    assert told(p, q) == [
        "constant, and the same in P and Q, so that nothing comes of it: a",
        "constant in one sample alone: b (5 in P)",
        f"P and Q do not overlap, so that one column tells them apart: c ({p[:, 2].min():.3g}.."
        f"{p[:, 2].max():.3g} in P, {q[:, 2].min():.3g}..{q[:, 2].max():.3g} in Q)",
    ]
    with pytest.raises(DataError, match="nothing to measure"):
        told(np.ones((60, 3)), np.zeros((60, 3)))


def test_a_column_that_counts_rows_is_told() -> None:
    p, q = normal(0), normal(1, 300)
    p[:, 1], q[:, 1] = np.arange(500), np.arange(300)
    assert only(p, q).endswith("leave them out with --drop: b")


def test_other_decimals_are_told() -> None:
    p, q = normal(0), normal(1)
    p[:, 1] = p[:, 1].round(2)
    assert "b (P has 2 decimals, Q has no fixed number of decimals)" in only(p, q)
    p[:, 0], q[:, 0] = p[:, 0].round(3), q[:, 0].round(1)
    assert "a (P has 3 decimals, Q has 1 decimal), b (P" in only(p, q)


def test_blanks_and_categories_of_one_side_are_told() -> None:
    town = Form(kind="category", categories=("Lyon", "Rome", "York"))
    price = Form(blank="")
    p, q = normal(0), normal(1)
    p[:, 0], q[:, 0] = np.arange(500) % 2, np.arange(500) % 3
    q[:50, 1] = np.nan
    blanks, categories = told(p, q, (town, price, NUMBER))
    assert blanks.endswith("b (10 % in Q)")
    assert categories.endswith("a ('York' in Q, 33 %)")


def test_scales_and_grids_of_pixels_are_told() -> None:
    rng = np.random.default_rng(0)
    gray = rng.integers(0, 256, (200, 6, 6)).astype(np.uint8)
    unit = rng.random((200, 6, 6))

    def of(p: np.ndarray, q: np.ndarray) -> str:
        (sentence,) = samples_told(p, q, None, ())
        return sentence

    assert of(gray, gray[::-1, ::-1] / 255.0).startswith(
        "the scales of P and Q differ: P spans 0..255 and Q spans 0..1"
    )
    assert "scales" in of(unit, 2.0 * unit[:, ::-1] - 1.0)
    assert "P has whole numbers, Q has no fixed number of decimals" in of(gray, 255.0 * unit)


def test_equal_numbers_that_the_program_drew_are_no_copies() -> None:
    p, q = (np.random.default_rng(seed).normal(size=(300, 1)) for seed in (0, 1))
    q[:5] = q[5:10]
    assert "5 rows (1.7 %) of Q repeat another" in samples_told(p, q, None, ())[0]
    assert samples_told(p, q, None, (), drawn="Q") == []
