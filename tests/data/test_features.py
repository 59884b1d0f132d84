from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.data import features
from vdm_cli.data.features import fit_features
from vdm_cli.data.form import NUMBER, Form

TOWN = Form(kind="category", categories=("a", "b"), blank="")
PRICE = Form(blank="NA")


def test_categories_and_blanks_become_plain_numbers() -> None:
    rows = np.array([[1.0, 0.0, 10.0], [2.0, np.nan, np.nan], [3.0, 1.0, 30.0]])
    encode = fit_features([rows[:2], rows[2:]], (NUMBER, TOWN, PRICE))
    expected = [[1, 1, 0, 10, 0], [2, 0, 0, 20, 1], [3, 0, 1, 30, 0]]  # 20: the pooled median
    np.testing.assert_array_equal(encode(rows), expected)


def test_distinct_rows_stay_distinct() -> None:
    """A bijection: no divergence is lost."""
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(0, 3, 500), rng.integers(0, 2, 500), rng.integers(0, 3, 500)], axis=1) * 1.0
    rows[rng.random(500) < 0.3, 1] = np.nan
    rows[rng.random(500) < 0.3, 2] = np.nan
    encode = fit_features([rows], (NUMBER, TOWN, PRICE))
    encoded = np.unique(encode(rows), axis=0)
    assert len(encoded) == len(np.unique(np.nan_to_num(rows, nan=-1.0), axis=0))


def test_plain_rows_are_flattened_and_labels_stand_beside() -> None:
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    assert fit_features([images], ())(images).dtype == np.uint8
    labelled = fit_features([images], (), Form(kind="category", categories=("0", "1", "2")))
    np.testing.assert_array_equal(labelled(images, np.array([2.0, 0.0]))[:, 4:], [[0, 0, 1], [1, 0, 0]])


def test_rare_categories_share_features_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still a bijection, and the commonest have an indicator each."""
    monkeypatch.setattr(features, "_INDICATOR_CELLS", 1_000)
    many = Form(kind="category", categories=tuple(f"{code:03d}" for code in range(300)), blank="")
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(300), rng.integers(100, 103, 600), [np.nan]])
    rows = np.stack([rng.integers(0, 2, len(codes)) * 1.0, codes], axis=1)
    encode = fit_features([rows[::2], rows[1::2]], (TOWN, many))
    encoded = encode(rows)
    assert encode.common[0] == (0, 1)
    assert set(encode.common[1]) > {100, 101, 102}
    assert encoded.shape[1] == 2 + 8 + 9
    np.testing.assert_array_equal(encoded[:, 0], rows[:, 0] == 0)
    assert len(np.unique(encoded[:, 2:], axis=0)) == 301
    assert len(encode.numbers(2)) == 19
    first = encode.common[1].index(100)
    np.testing.assert_array_equal(encoded[:, 2 + first], codes == 100)
