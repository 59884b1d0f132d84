"""The checks of a user's f, and what they find out about it."""

import math

import pytest

from vdm_cli.expressions.convex import ConvexFunction, examine
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.table import tabulate

LOG2 = math.log(2.0)


def facts(function: ConvexFunction) -> tuple[float, float, float, float]:
    return function.offset, function.curvature, function.at_zero, function.growth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u*log(u)", (0.0, 1.0, 0.0, math.inf)),
        ("-log(u)", (0.0, 1.0, math.inf, 0.0)),
        ("0.5*(u*log(u) - (u+1)*log((u+1)/2))", (0.0, 0.25, LOG2 / 2, LOG2 / 2)),
        ("u*log(u) - (u+1)*log(u+1)", (-2 * LOG2, 0.5, 2 * LOG2, 0.0)),
        ("(sqrt(u) - 1)**2", (0.0, 0.5, 1.0, 1.0)),
        ("(u-1)**2", (0.0, 2.0, 1.0, math.inf)),
        ("(1-u)**2/u", (0.0, 2.0, math.inf, 1.0)),
        ("(u-1)*log(u)", (0.0, 2.0, math.inf, math.inf)),
        ("(u-1)**2/(u+1)", (0.0, 1.0, 1.0, 1.0)),
        ("1/u", (1.0, 2.0, math.inf, 0.0)),
        ("exp(u)", (math.e, math.e, 1.0 - math.e, math.inf)),
        ("maximum(u - 2.7, 0)", (0.0, 0.0, 0.0, 1.0)),
        ("3*(u-1) + (u-1)**2", (0.0, 2.0, -2.0, math.inf)),
        ("(u-1)**2*log(u)**2", (0.0, 0.0, math.inf, math.inf)),
    ],
)
def test_values_slopes_and_limits(text: str, expected: tuple[float, ...]) -> None:
    assert facts(examine(text)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "supremum"),
    [
        ("abs(u-1)/2", 1.0),
        ("(sqrt(u)-1)**2", 2.0),
        ("0.5*(u*log(u) - (u+1)*log((u+1)/2))", LOG2),
        ("u*log(u)", math.inf),
        ("maximum(u - 2.7, 0)", 1.0),
        ("3*u + (u-1)**2/(u+1)", 2.0),
    ],
)
def test_supremum_is_invariant_under_affine_terms(text: str, supremum: float) -> None:
    for gauge in ("", " + 5*(u-1)", " - 0.25*u + 3"):
        assert examine(text + gauge).supremum == pytest.approx(supremum, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("u*log(u)", 60.0), ("(u-1)**2", 40.0), ("exp(u)", 4.3), ("(u**20 - 20*u)/380", 4.0)],
)
def test_score_limit_is_measured(text: str, limit: float) -> None:
    assert examine(text).score_limit == pytest.approx(limit, rel=0.02)


@pytest.mark.parametrize(
    ("text", "breaks", "kinks", "linear"),
    [
        ("u*log(u)", [], [], False),
        ("abs(u-1)/2", [1.0], [1.0], True),
        ("maximum(u - 2.7, 0)", [2.7], [2.7], True),
        ("maximum(maximum(u-1, 1-u), 3*u-4)", [1.0, 1.5], [1.0, 1.5], True),
        ("abs(u-1)**2", [1.0], [], False),
        ("abs(u-1)**1.5", [1.0], [], False),
        ("maximum((u-1)**2, abs(u-1))", [1.0, 2.0], [1.0, 2.0], False),
        ("u*log(u) + maximum(u - 1e9, 0)", [1e9], [1e9], False),
        ("sqrt((u-3)**2)", [3.0], [3.0], True),
        ("u*log(u) + sqrt((u-1)**2)", [1.0], [1.0], False),
    ],
)
def test_branches_and_kinks_are_found(
    text: str, breaks: list[float], kinks: list[float], linear: bool
) -> None:
    function = examine(text)
    assert function.breakpoints == pytest.approx(breaks)
    assert function.kinks == pytest.approx(kinks)
    assert function.piecewise_linear is linear


def test_second_derivative_at_a_kink_or_singularity_is_none() -> None:
    assert math.isnan(examine("abs(u-1)").curvature)
    assert math.isnan(examine("abs(u-1)**1.5").curvature)
    assert math.isnan(examine("(u-1)**2 + maximum(u-1, 0)**2").curvature)
    assert examine("abs(u-1)**2").curvature == pytest.approx(2.0)
    assert examine("abs(u-1)**3").curvature == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log(-u)", "no finite value or slope at u = 1e-06"),
        ("sqrt(u-1)", "no finite value or slope at u = 1e-06"),
        ("u*log(u) + 1/(u-1000)**2", "its slope falls from"),
        ("u*log(u) - log(abs(u - 3))", "its slope falls from"),
        ("exp(exp(u))", "no finite value or slope at u = "),
        ("-u**2", "second derivative is negative"),
        ("sqrt(u)", "second derivative is negative"),
        ("log(u)", "second derivative is negative"),
        ("-abs(u-1)", "its slope falls from 1 to -1 at u = 1"),
        ("minimum(u, 1)", "its slope falls from 1 to 0 at u = 1"),
        ("u**2 - 0.01*abs(u-2)", "its slope falls from 4.01 to 3.99 at u = 2"),
        ("u**2 - 1e-6*abs(u-300)", "at u = 300"),
        ("abs(log(u))", "second derivative is negative"),
        ("5", "does not depend on u"),
        ("2*3", "does not depend on u"),
        ("u", "it is affine: its slope is 1 everywhere"),
        ("0.1*u + 0.2*u - 0.3*u", "it is affine"),
        ("u - u", "it is affine: its slope is 0 everywhere"),
        ("2*abs(u) + 1", "it is affine: its slope is 2 everywhere"),
        ("1e200*u*log(u)", "leaves the range of float32"),
    ],
)
def test_what_is_no_f_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        examine(text)
    assert words in str(caught.value)


def test_parameters_are_named_and_used() -> None:
    alpha = examine("(u**a - 1 - a*(u-1))/(a*(a-1))", {"a": 0.7})
    assert facts(alpha) == pytest.approx((0.0, 1.0, 1 / 0.7, 1 / 0.3))
    assert alpha.label == "(u**a - 1 - a*(u-1))/(a*(a-1)), a = 0.7"
    with pytest.raises(ExpressionError, match="does not contain the parameter b"):
        examine("u*log(u)", {"b": 1.0})
    with pytest.raises(ExpressionError, match="no parameter can be called log"):
        examine("u*log(u)", {"log": 1.0})
    with pytest.raises(ExpressionError, match="'a' is neither the variable"):
        examine("u**a")
    with pytest.raises(ExpressionError, match="not convex"):
        examine("u**a", {"a": 0.5})


def test_rounded_constants_do_not_break_convexity() -> None:
    assert examine("maximum(0.1*u + 0.2*u, 0.3*u) + (u-1)**2").curvature == pytest.approx(2.0)
    assert examine("(u-1)**2 + 0.30000000000000004*u - 0.3*u").supremum == math.inf


@pytest.mark.parametrize(
    ("text", "curvature"),
    [("abs(u-1)**3", 0.0), ("abs(u-1)**2.5", 0.0), ("(u*log(u)-u+1)**1.5", 0.0), ("1e-12*u*log(u)", 1e-12)],
)
def test_second_derivative_that_vanishes_is_zero(text: str, curvature: float) -> None:
    assert examine(text).curvature == pytest.approx(curvature, rel=1e-9, abs=0.0)


def test_what_is_straight_around_one_has_no_gradient_to_start_with() -> None:
    assert examine("maximum((u-1)**2, abs(u-1))").straight_at_one
    assert examine("maximum(abs(u-1)-0.5, 0)**2").straight_at_one
    assert not examine("maximum(u-1, 0)**2").straight_at_one
    assert not examine("1e13*u + u*log(u)").piecewise_linear


@pytest.mark.parametrize(
    "text", ["maximum(u-2, 0)**1.5 + (u-1)**2", "100*abs(u-3)**1.5", "(u-1)**2 + maximum(u-1e7, 0)"]
)
def test_branches_anywhere_and_powers_of_zero_are_taken(text: str) -> None:
    assert tabulate(examine(text)).counts.max() <= 1024


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("minimum((u-1)**2, 1e20)", "not convex"),
        ("(u-1)**2 + 1e-3*exp(-((u-1.5)*100)**2)", "not convex"),
        ("1/(u-1)**2", "not convex"),
    ],
)
def test_what_is_not_convex_between_or_beyond_the_checked_points_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        tabulate(examine(text))


def test_limits_keep_their_digits_beside_large_constants_and_slow_powers() -> None:
    assert examine("u*log(u) + 7").at_zero == pytest.approx(0.0, abs=1e-50)
    assert examine("abs(u-1) + 1e9").supremum == pytest.approx(2.0, rel=1e-12)
    slow = examine("(u**a - 1 - a*(u-1))/(a*(a-1))", {"a": 1e-5})
    assert slow.at_zero == pytest.approx(1e5, rel=1e-6)


@pytest.mark.parametrize("value", [10**400, "2", True, math.inf, math.nan, None])
def test_parameters_are_numbers(value: object) -> None:
    with pytest.raises(ExpressionError, match="parameter a must be"):
        examine("a*u**2", {"a": value})  # type: ignore[dict-item]
