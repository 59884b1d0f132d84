from __future__ import annotations

import numpy as np

from vdm_cli.estimation.scaling import fit_scaling


def test_rows_of_a_billion_plus_or_minus_one_keep_their_digits() -> None:
    rng = np.random.default_rng(0)
    small = rng.normal(size=(500, 1))
    scaled = fit_scaling(small, small)(small)
    shifted = fit_scaling(small + 1e9, small + 1e9)(small + 1e9)
    # float64 itself holds 1e9 + x to about 1e-7
    np.testing.assert_allclose(shifted, scaled, atol=1e-5)


def test_scaling_is_strictly_increasing_so_no_information_is_lost() -> None:
    column = np.concatenate([-np.logspace(12, -3, 200), np.logspace(-3, 12, 200)])[:, None]
    scaling = fit_scaling(np.linspace(-1, 1, 100)[:, None], np.linspace(-1, 1, 100)[:, None])
    assert (np.diff(scaling(column)[:, 0]) > 0).all()
    assert np.abs(scaling(column)).max() < 40


def test_a_mostly_constant_column_takes_the_standard_deviation_and_a_constant_one_is_left_finite() -> None:
    fit = np.zeros((100, 2))
    fit[:5, 0] = 10.0
    scaling = fit_scaling(fit, fit)
    assert scaling.scale[0] == np.std(fit[:, 0])
    assert scaling.scale[1] == 1.0
    assert np.isfinite(scaling(np.array([[1e308, -1e308]]))).all()


def test_values_at_the_end_of_the_range_stay_numbers() -> None:
    column = np.where(np.arange(400) % 2, 1.7e308, -1.7e308)[:, None]
    scaled = fit_scaling(column, column)(column)
    assert np.isfinite(scaled).all()
    assert len(np.unique(scaled)) == 2


def test_blocks_do_not_change_the_values() -> None:
    rows = np.random.default_rng(1).integers(0, 255, size=(1000, 3)).astype(np.uint8)
    scaling = fit_scaling(rows, rows)
    np.testing.assert_array_equal(scaling(rows), scaling(rows, block=7))
