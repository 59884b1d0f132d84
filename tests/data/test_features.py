from __future__ import annotations

import numpy as np

from vdm_cli.data.features import fit_features
from vdm_cli.data.form import NUMBER, Form

TOWN = Form(kind="category", categories=("a", "b"), blank="")
PRICE = Form(blank="NA")


def test_categories_and_blanks_become_plain_numbers() -> None:
    rows = np.array([[1.0, 0.0, 10.0], [2.0, np.nan, np.nan], [3.0, 1.0, 30.0]])
    features = fit_features([rows[:2], rows[2:]], (NUMBER, TOWN, PRICE))
    expected = [[1, 1, 0, 10, 0], [2, 0, 0, 20, 1], [3, 0, 1, 30, 0]]  # 20: the pooled median
    np.testing.assert_array_equal(features(rows), expected)


def test_distinct_rows_stay_distinct() -> None:
    """A bijection: no divergence is lost."""
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(0, 3, 500), rng.integers(0, 2, 500), rng.integers(0, 3, 500)], axis=1) * 1.0
    rows[rng.random(500) < 0.3, 1] = np.nan
    rows[rng.random(500) < 0.3, 2] = np.nan
    features = fit_features([rows], (NUMBER, TOWN, PRICE))
    encoded = np.unique(features(rows), axis=0)
    assert len(encoded) == len(np.unique(np.nan_to_num(rows, nan=-1.0), axis=0))


def test_plain_rows_are_flattened_and_labels_stand_beside() -> None:
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    assert fit_features([images], ())(images).dtype == np.uint8
    labelled = fit_features([images], (), Form(kind="category", categories=("0", "1", "2")))
    np.testing.assert_array_equal(labelled(images, np.array([2.0, 0.0]))[:, 4:], [[0, 0, 1], [1, 0, 0]])
