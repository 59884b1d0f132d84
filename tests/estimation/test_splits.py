from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.estimation.splits import certifying_split, split_rows


@pytest.mark.parametrize("count", [50, 103, 1000])
def test_every_row_is_evaluated_once_and_never_where_it_was_fitted_or_calibrated_on(count: int) -> None:
    splits = split_rows(count, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(np.concatenate([s.evaluate for s in splits])), np.arange(count))
    for split in splits:
        together = np.concatenate([split.fit, split.calibrate, split.evaluate])
        assert len(np.unique(together)) == len(together)
        assert abs(len(split.fit) - len(splits[0].fit)) <= 1


def test_a_single_split_is_60_20_20() -> None:
    (split,) = split_rows(1000, 1, np.random.default_rng(0))
    assert [len(part) for part in (split.fit, split.calibrate, split.evaluate)] == [600, 200, 200]


def test_most_rows_of_the_certificate_are_counted() -> None:
    rows = np.arange(5, 1005)
    split = certifying_split(rows, np.random.default_rng(0))
    assert [len(part) for part in (split.fit, split.calibrate, split.evaluate)] == [350, 100, 550]
    np.testing.assert_array_equal(np.sort(np.concatenate([split.fit, split.calibrate, split.evaluate])), rows)
