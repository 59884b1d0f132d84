"""The grammar of a user's f: what it takes, what it refuses and where."""

import math

import numpy as np
import pytest

from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.grammar import parse
from vdm_cli.expressions.series import Series, nearest

U = 1.7
MEANINGS = [
    ("u*log(u)", U * math.log(U)),
    ("-u**2", -(U**2)),
    ("(-u)**2", U**2),
    ("2**3**2*u", 512 * U),
    ("u**-1", 1 / U),
    ("8/2/2 + u", 2 + U),
    ("u - 1 - 2", U - 3),
    ("+u--2", U + 2),
    ("2*-u", -2 * U),
    ("1.5e1*u + .5 + 2.", 15 * U + 2.5),
    ("sqrt(abs(1 - u)) + exp(-u)", math.sqrt(U - 1) + math.exp(-U)),
    ("minimum(u, 1) + maximum(u, 2)", 3.0),
    ("maximum(minimum(u, 3), a*b_2)", max(U, 0.25)),
    (" u\t*\n log( u )\r\n", U * math.log(U)),
    ("u**0.5", math.sqrt(U)),
    ("u**(a + 0.5)", U),
    ("abs(u - 2)**1.5", 0.3**1.5),
]
PARAMETERS = {"a": 0.5, "b_2": 0.5}


@pytest.mark.parametrize(("text", "value"), MEANINGS)
def test_texts_mean_what_mathematics_says(text: str, value: float) -> None:
    found = Series(parse(text), PARAMETERS).at(math.log(U))
    assert nearest(found.f) == pytest.approx(value, rel=1e-14)


REFUSED = [
    ("__import__('os').system('id')", 0, "no function __import__"),
    ("u.__class__", 1, "'.' stands where an operator should"),
    ("lambda: 0", 6, "':' stands where an operator should"),
    ("u**u**u**9", 4, "write x**y as exp(y*log(x))"),
    ("9**9**9**9", 4, "between -64 and 64"),
    ("u**65", 1, "between -64 and 64"),
    ("u**(1/0)", 5, "no finite value"),
    ("u + log(0)", 4, "no finite value"),
    ("(" * 500 + "u" + ")" * 499, 40, "nested more than 40"),
    ("-" * 100 + "u", 40, "nested more than 40"),
    ("u**2" + "**1" * 100, None, "nested more than 40"),
    ("u+" * 600 + "u", None, "1,201 characters"),
    ("", None, "is empty"),
    (" \n", None, "is empty"),
    ("ｌｏｇ(u)", 0, "FULLWIDTH LATIN SMALL LETTER L (U+FF4C)"),
    ("ｌｏｇ(u)", 0, "write the plain l"),
    ("u − 1", 2, "MINUS SIGN (U+2212) stands where an operator should; write -"),
    ("u²", 1, "write **2"),
    ("u^2", 1, "write **"),
    ("2u", 1, "a product needs *"),
    ("2(u)", 1, "a product needs *"),
    ("u(u-1)", 0, "no function: write u*("),
    ("ln(u)", 0, "write log"),
    ("max(u, 1)", 0, "write maximum"),
    ("logg(u)", 0, "did you mean log?"),
    ("log()", 0, "one argument, and 0"),
    ("log(u, u)", 0, "one argument, and 2"),
    ("minimum(u)", 0, "two arguments, and 1"),
    ("log u", 4, "log must be followed by ("),
    ("u +", 3, "it ends where"),
    ("(u", 2, "it ends where an operator or ) should follow"),
    ("u)", 1, "')' stands where"),
    ("u,1", 1, "',' stands where"),
    ("u\x00", 1, "a control character (U+0000)"),
    ("u == 1", 2, "'=' stands where"),
    ("[u]", 0, "'[' stands where"),
    ("'u'", 0, "stands where"),
    ("1e999*u", 0, "between 1e-300 and 1e300"),
    ("0." + "1" * 60 + "*u", 0, "at most 40 characters"),
    ("v", 0, "'v' is neither the variable u nor a parameter"),
    ("nan", 0, "'nan' is neither"),
]


@pytest.mark.parametrize(("text", "position", "words"), REFUSED)
def test_what_is_no_expression_is_refused_with_its_place(text: str, position: int | None, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Series(parse(text), {})
    assert words in str(caught.value)
    assert position is None or caught.value.position == position
    assert len(str(caught.value)) < 200


def test_the_longest_texts_are_evaluated_without_recursion() -> None:
    text = "+".join(["u"] * 500)
    assert nearest(Series(parse(text), {}).at(0.0).f) == 500.0


def test_a_parameter_must_be_finite() -> None:
    with pytest.raises(ExpressionError, match="a must be a finite number, got nan"):
        Series(parse("a*u**2"), {"a": math.nan})


def test_the_pair_is_that_of_the_function() -> None:
    """T and f* after T of u log u are 1 + v and e^v, and of -log u they are -e^-v and v - 1."""
    kl, reverse = Series(parse("u*log(u)"), {}), Series(parse("-log(u)"), {})
    for v in np.linspace(-50.0, 50.0, 21):
        point = kl.at(v)
        assert [nearest(point.witness), nearest(point.conjugate)] == pytest.approx([1 + v, math.exp(v)])
        point = reverse.at(v)
        assert [nearest(point.witness), nearest(point.conjugate)] == pytest.approx([-math.exp(-v), v - 1])


def test_cancellation_does_no_harm() -> None:
    """MATH's case: e^v f'(e^v) - f(e^v) of Jensen-Shannon at v = 20 is 144 in float32, and 9.65 in truth."""
    point = Series(parse("0.5*(u*log(u) - (u+1)*log((u+1)/2))"), {}).at(20.0)
    assert nearest(point.conjugate) == pytest.approx(0.5 * (20.0 + math.log1p(math.exp(-20.0)) - math.log(2)))
