"""Numbers of tables: digits by the standard error, limits rounded to the safe side, lines of 80 columns."""

from __future__ import annotations

import pytest

from vdm_cli.lines import WIDTH, narrow_table
from vdm_cli.rounding import decimals_of, limit_text, rounded_text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-0.0012061, 0.00065, "-0.00121"),
        (6.1623, 0.072, "6.162"),
        (29.0746, 0.14, "29.07"),
        (123456.7, 12.0, "123457"),
        (1.2345e9, 1e7, "1.234e+09"),
        (-3.4e-5, 1e-8, "-0.000034"),
        (0.3829249, 0.0, "0.3829"),
        (-1e-9, 1e-3, "0.0000"),
        (0.0, 1e-3, "0"),
    ],
)
def test_a_number_keeps_two_digits_of_its_error_and_four_of_its_own(
    value: float, error: float, text: str
) -> None:
    assert rounded_text(value, decimals_of(error)) == text
    assert len(text) <= 9


@pytest.mark.parametrize(
    "value", [0.246999, 5.74999, -1.3863, 1801.99, 123456.7, 1.23999e9, -4.56789e7, 3e-6]
)
def test_a_printed_limit_never_exceeds_the_limit(value: float) -> None:
    for error in (0.0, 1e-4, 0.03, 2.0):
        printed = float(limit_text(value, decimals_of(error)))
        assert printed <= value
        assert value - printed <= 1.001 * max(10.0 ** -decimals_of(error), 1e-3 * abs(value))


def test_a_limit_that_has_few_digits_is_printed_as_it_is() -> None:
    assert limit_text(0.29, 2) == "0.29"
    assert limit_text(-1.1, 1) == "-1.1"
    assert limit_text(0.0, 3) == "0"


def test_names_are_cut_where_numbers_leave_no_room() -> None:
    wide = narrow_table(["nats", "a", "b"], [["n" * 40, "1" * 30, "2" * 30], ["short", "3", "4"]])
    assert max(map(len, wide.splitlines())) <= WIDTH
    assert "1" * 30 in wide
    assert "short" in wide
    assert "n" * 40 in narrow_table(["nats", "a"], [["n" * 40, "1"]])
