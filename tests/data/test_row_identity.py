"""Equal rows are found whatever their type, and told apart as copies and as values of a discrete law."""

from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.data.row_identity import group_rows, hash_rows


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_equal_rows_have_equal_hashes_whatever_their_type() -> None:
    rows = np.array([[0.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    p, q = hash_rows(rows, np.array([[-0.0, -np.nan, 3.0]], np.float32))
    assert p[0] == q[0]
    p, q = hash_rows(rows[1:], rows[1:].astype(np.uint8))
    assert p[0] == q[0]
    p, q = hash_rows(normal(0, 50, 2, 3), normal(0, 50, 2, 3).astype(np.float32))
    np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("values", [np.array([0.0, 1.0]), np.array([1.0, 2.0**40, 2.0**-300, np.nan])])
def test_rows_that_differ_have_different_hashes(values: np.ndarray) -> None:
    """Also where they differ in order alone, or in bits that a linear hash would hardly see."""
    rows = np.stack(np.meshgrid(*[values] * 8), axis=-1).reshape(-1, 8)
    hashes, _ = hash_rows(rows, rows[:1])
    assert len(np.unique(hashes)) == len(rows)


def test_blocks_do_not_change_a_hash() -> None:
    rows = normal(1, 3_000, 400)
    whole, part = hash_rows(rows, rows[-10:])
    np.testing.assert_array_equal(whole[-10:], part)


def test_copies_of_continuous_rows_share_a_group_also_across_samples() -> None:
    p, q = normal(2, 400, 3), normal(3, 300, 3)
    p[7] = p[2]
    q[5] = p[9]
    in_p, in_q = group_rows(p, q)
    assert in_p[7] == in_p[2]
    assert in_q[5] == in_p[9]
    assert len(np.unique(np.concatenate([in_p, in_q]))) == 698


@pytest.mark.parametrize("name", ["counts", "categories and blanks", "zeros", "decimals"])
def test_equal_rows_of_a_discrete_law_are_no_copies(name: str) -> None:
    rng = np.random.default_rng(4)
    rows = normal(5, 600, 1 if name == "decimals" else 4)
    match name:
        case "counts":
            rows = rng.integers(0, 4, (600, 3)).astype(np.float64)
        case "categories and blanks":
            rows[:, 1:] = rng.integers(0, 3, (600, 3))
            rows[rng.random(600) < 0.5, 0] = np.nan
        case "zeros":
            rows[rng.random(600) < 0.3] = 0.0
        case "decimals":
            rows = rows.round(2)
    assert len(np.unique(np.nan_to_num(rows, nan=9.0), axis=0)) < 600
    in_p, in_q = group_rows(rows[:300], rows[300:])
    assert len(np.unique(np.concatenate([in_p, in_q]))) == 600
