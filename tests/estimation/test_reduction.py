from __future__ import annotations

import numpy as np

from vdm_cli.estimation.fresh import fresh_critic_bound
from vdm_cli.estimation.reduction import COMPONENTS, WIDEST, fit_reduction


def test_narrow_rows_stay_as_they_are() -> None:
    rows = np.random.default_rng(0).normal(size=(50, WIDEST))
    assert fit_reduction(rows, rows, 0)(rows) is rows


def test_wide_rows_become_few_numbers_and_the_same_ones_again() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(2, 300, WIDEST + 1))
    reduced = fit_reduction(p, q, 3)(p)
    assert reduced.shape == (300, COMPONENTS)
    np.testing.assert_array_equal(fit_reduction(p, q, 3)(p), reduced)


def test_few_fit_rows_give_no_more_components_than_rows() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(2, 12, WIDEST + 100))
    assert fit_reduction(p, q, 0)(p).shape == (12, 24)


def test_a_difference_along_one_direction_of_wide_rows_is_found() -> None:
    """Rows of rank one and noise: JS of N(0, 1) against N(3, 1) is .43; a shift that is not there gives 0."""
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(1, 300))

    def draw(shift: float) -> np.ndarray:
        return (rng.normal(shift, 1.0, (800, 1)) @ direction + 0.1 * rng.normal(size=(800, 300))).astype(
            np.float32
        )

    found = fresh_critic_bound(draw(0), draw(3), draw(0), draw(3))
    assert 0.3 < found < 0.5
    assert abs(fresh_critic_bound(draw(0), draw(0), draw(0), draw(0))) < 0.05
