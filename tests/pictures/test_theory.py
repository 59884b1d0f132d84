"""What `vdm divergences --plot` draws: errors of means fall as n^(-1/2), and the bound is a bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.pictures.theory import COUNTS, REPLICATES, bound_curve, exact_value, mean_errors

CATALOG = catalog()
SCALES = np.array([-0.5, 0.0, 0.5, 0.9, 1.0, 1.1, 2.0])


@pytest.mark.parametrize("row", [*CATALOG.values(), alpha_divergence(3.0)], ids=lambda row: row.label)
def test_bound_is_f_of_1_for_a_constant_critic_and_exact_for_the_log_ratio_only(row: FDivergence) -> None:
    exact = exact_value(row)
    curve = bound_curve(row.witness, row.witness_conjugate, SCALES)
    assert curve[1] == pytest.approx(row.at_equality, abs=1e-9)
    assert curve[4] == pytest.approx(exact, rel=1e-6)
    others = curve[[0, 2, 3, 5, 6]]
    if row.name == "total_variation":  # the sign of a score is all that its T uses
        np.testing.assert_allclose(others, exact * np.array([-1.0, 1.0, 1.0, 1.0, 1.0]), rtol=1e-5)
    else:
        assert np.all(others < exact - 1e-4 * (exact - row.at_equality))


def test_the_surrogate_of_total_variation_stays_below_its_bound() -> None:
    row = CATALOG["total_variation"]
    assert row.training_link is not None
    curve = bound_curve(*row.training_link, np.array([0.0, 1.0, 2.0, 8.0, 64.0]))
    assert np.all(np.diff(curve) > 0.0)
    assert curve[-1] < exact_value(row) < curve[-1] + 1e-3


def test_errors_of_means_fall_as_the_root_of_n() -> None:
    row = CATALOG["jensen_shannon"]
    found = mean_errors(row, exact_value(row))
    assert found.errors is not None
    assert found.errors.shape == (REPLICATES, len(COUNTS))
    squares = np.mean(np.square(found.errors), axis=0)
    first, last = np.searchsorted(COUNTS, [100, 10**6])
    # the log of a mean of 12 squares has a deviation of about .41, so the slope of its root one of .03
    slope = 0.5 * math.log(squares[last] / squares[first]) / math.log(COUNTS[last] / COUNTS[first])
    assert abs(slope + 0.5) < 4 * 0.03
    assert abs(math.log(squares[last] * COUNTS[last] / found.deviation**2)) < 4 * 0.41


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (alpha_divergence(3.0), "rarer"),  # E_Q[r^6] is made at x = 6
        (alpha_divergence(20.0), "beyond float64"),
        (expression_divergence("exp(u)"), "infinite"),
    ],
    ids=lambda item: getattr(item, "label", str(item)),
)
def test_heavy_tails_are_told_and_not_drawn(row: FDivergence, said: str) -> None:
    found = mean_errors(row, exact_value(row))
    assert found.errors is None
    assert said in found.reason
