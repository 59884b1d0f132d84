from __future__ import annotations

import json

import numpy as np

from vdm_cli.data.block import Block
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.table_transform import fit_table
from vdm_cli.data.transform import transform_from_json

TOWN = Form(kind="category", categories=("a", "b", "c"))
SIZE = Form(kind="category", categories=("big", "small"), blank="")
PRICE = Form(blank="NA")
FORMS = (NUMBER, TOWN, PRICE, SIZE)


def rows(count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(0)
    price = np.where(rng.random(count) < 0.2, np.nan, rng.gamma(2.0, 1.0, count))
    size = np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, 2, count))
    return np.stack([rng.normal(size=count), rng.integers(0, 3, count), price, size], axis=1)


def test_columns_stand_side_by_side_with_their_one_hot_blocks() -> None:
    transform = fit_table(rows(), FORMS, quantile=True)
    assert transform.shape == (1 + 3 + (1 + 2) + (2 + 2),)
    assert transform.blocks == (
        Block(0, 1, categorical=False),
        Block(1, 3, categorical=True),
        Block(4, 1, categorical=False),
        Block(5, 2, categorical=True, hides=(4, 1)),
        Block(7, 2, categorical=True),
        Block(9, 2, categorical=True, hides=(7, 2)),
    )


def test_a_table_of_numbers_alone_has_no_blocks() -> None:
    assert fit_table(rows()[:, :1], (), quantile=True).blocks == ()


def test_rows_come_back() -> None:
    table = rows()
    transform = fit_table(table, FORMS, quantile=True)
    restored = transform.inverse(transform.forward(table))
    np.testing.assert_array_equal(restored[:, [1, 3]], table[:, [1, 3]])
    np.testing.assert_array_equal(np.isnan(restored), np.isnan(table))
    np.testing.assert_allclose(restored[:, [0, 2]], table[:, [0, 2]], atol=0.02)


def test_the_same_seed_gives_the_same_places_of_ties() -> None:
    table = np.round(rows()[:, :1], 1)
    transform = fit_table(table, (), quantile=True)
    np.testing.assert_array_equal(transform.forward(table, seed=4), transform.forward(table, seed=4))
    assert np.any(transform.forward(table, seed=4) != transform.forward(table, seed=5))


def test_json_keeps_a_table_transform_to_the_bit() -> None:
    table = rows()
    transform = fit_table(table, FORMS, quantile=True)
    restored = transform_from_json(json.loads(json.dumps(transform.to_json())))
    np.testing.assert_array_equal(restored.forward(table), transform.forward(table))
    assert restored.blocks == transform.blocks
