"""The tables of T and f* after T: as exact as the ball arithmetic that they are made from."""

import math

import numpy as np
import pytest

from vdm_cli.expressions.convex import examine
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.series import nearest
from vdm_cli.expressions.table import WIDTH, Table, tabulate


def look_up(table: Table, v: float) -> np.ndarray:
    """Plain NumPy beside the JAX of `vdm_cli.divergences.expression`."""
    cell = min(math.floor(v / WIDTH) + table.half, 2 * table.half - 1)
    along = (v / WIDTH - (cell - table.half)) * table.counts[cell]
    part = min(int(along), table.counts[cell] - 1)
    piece, s = table.starts[cell] + part, 2.0 * (along - part) - 1.0
    rows = table.left if table.right is None or s <= table.breaks[piece] else table.right
    return np.array([np.polyval(row, s) for row in rows[piece]])


SMOOTH = [
    "u*log(u)",
    "0.5*(u*log(u) - (u+1)*log((u+1)/2))",
    "(1-u)**2/u",
    "exp(u)",
    "u**20 + 1/u**20",
    "sqrt(1 + 10000*(u-1)**2)",
    "u*log(u) - (u+1)*log(u+1) + 7",
]
BRANCHED = ["maximum(u - 2.7, 0)", "abs(u-1)/2", "maximum((u-1)**2, abs(u-1))", "u*log(u) + sqrt((u-3)**2)"]


@pytest.mark.parametrize("text", [*SMOOTH, *BRANCHED])
def test_table_equals_the_balls_between_its_points(text: str) -> None:
    function = examine(text)
    table, series = tabulate(function), function.series
    scores = np.random.default_rng(0).uniform(-function.score_limit, function.score_limit, 300)
    scores = np.concatenate([scores, np.linspace(-1.5, 1.5, 101) + 1e-7])
    for v in scores:
        point = series.at(v)
        truth = np.array([nearest(point.witness), nearest(point.conjugate) + function.offset])
        np.testing.assert_allclose(look_up(table, v), truth, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("text", BRANCHED)
def test_both_sides_of_a_break_are_exact(text: str) -> None:
    function = examine(text)
    table, series = tabulate(function), function.series
    for u in function.breakpoints:
        for v in (math.log(u) - 1e-6, math.log(u) + 1e-6):
            point = series.at(v)
            truth = np.array([nearest(point.witness), nearest(point.conjugate) + function.offset])
            np.testing.assert_allclose(look_up(table, v), truth, rtol=1e-11, atol=1e-15)


def test_singular_derivative_costs_little() -> None:
    """T of |u-1|^1.5 has an infinite slope at 0: right to the width of the smallest piece there."""
    function = examine("abs(u-1)**1.5")
    table, series = tabulate(function), function.series
    for v in np.geomspace(1e-3, 50.0, 40):
        point = series.at(v)
        assert look_up(table, v)[0] == pytest.approx(nearest(point.witness), rel=1e-5)
    assert abs(look_up(table, 1e-9)[0]) < 0.02


def test_tails_go_on_straight_or_overflow() -> None:
    kl, js = (tabulate(examine(text)) for text in (SMOOTH[0], SMOOTH[1]))
    below, above = kl.tails
    np.testing.assert_allclose([above.values[0], above.slopes[0]], [1.0 + kl.end, 1.0])
    assert above.exponential.tolist() == [False, True]
    assert not below.exponential.any()
    assert not any(tail.exponential.any() for tail in js.tails)
    np.testing.assert_allclose(js.tails[1].slopes, [0.0, 0.5], atol=1e-20)


def test_what_changes_too_fast_is_refused() -> None:
    with pytest.raises(ExpressionError, match="changes too fast near u = 1"):
        tabulate(examine("u*log(u) + sqrt(1e-9 + (u-1.3)**2) + sqrt(1e-16 + (u-1.5)**2)"))
