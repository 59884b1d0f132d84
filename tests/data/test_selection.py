from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.recode import recode_like, with_all_categories
from vdm_cli.data.rows import Labels, Rows
from vdm_cli.data.selection import drop_columns, keep_where, pop_weights
from vdm_cli.errors import DataError

KIND = Form(kind="category", categories=("g", "h"))


def table(*, values: list[list[float]] | None = None, kind: Form = KIND, weight: Form = NUMBER) -> Rows:
    values = values or [[1.0, 0, 0.5], [2.0, 1, 0.0], [3.0, 0, 2.0], [2.0, 1, 1.0]]
    return Rows(
        values=np.array(values),
        columns=("x", "kind", "w"),
        source="events.csv",
        integer=(False, True, False),
        text_decimals=(1, 0, 1),
        forms=(NUMBER, kind, weight),
    )


def images() -> Rows:
    form = Form(kind="category", categories=("cat", "dog"))
    return Rows(
        np.arange(12, dtype=np.uint8).reshape(3, 2, 2),
        None,
        "pictures",
        integer=(True,),
        text_decimals=(0,),
        labels=Labels(np.array([1.0, 0.0, 1.0]), form),
    )


def test_rows_are_kept_by_the_name_of_a_category() -> None:
    kept = keep_where(table(), {"kind": ["g"]})
    np.testing.assert_array_equal(kept.values[:, 0], [1.0, 3.0])


def test_categories_that_no_kept_row_has_are_gone() -> None:
    """A generator has no output for what the user excluded."""
    kept = keep_where(table(), {"kind": ["h"]})
    assert kept.forms[1].categories == ("h",)
    np.testing.assert_array_equal(kept.values[:, 1], 0.0)
    images_kept = keep_where(images(), {"label": ["dog"]}).labels
    assert images_kept is not None
    assert images_kept.form.categories == ("dog",)


def test_rows_are_kept_by_their_date() -> None:
    day = Form(kind="date", pattern="%Y-%m-%d")
    rows = table(values=[[1.0, 19_000, 1.0], [2.0, 19_001, 1.0]], kind=day)
    np.testing.assert_array_equal(keep_where(rows, {"kind": ["2022-01-09"]}).values[:, 0], [2.0])
    with pytest.raises(DataError, match="kind: soon must be a date"):
        keep_where(rows, {"kind": ["soon"]})


def test_rows_are_kept_by_numbers_and_all_conditions_hold_at_once() -> None:
    kept = keep_where(table(), {"x": [2.0, 3], "kind": ["h"]})
    np.testing.assert_array_equal(kept.values[:, 0], [2.0, 2.0])


def test_images_are_kept_by_their_label() -> None:
    kept = keep_where(images(), {"label": ["dog"]})
    assert kept.labels is not None
    np.testing.assert_array_equal(kept.labels.values, [0.0, 0.0])
    np.testing.assert_array_equal(kept.values[:, 0, 0], [0, 8])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"kin": ["g"]}, r"data.where: there is no 'kin'; it has x, kind, w. Did you mean 'kind'\?"),
        ({"kind": ["f"]}, "no row has kind = f; it is one of g, h"),
        ({"x": ["g"]}, "x holds numbers, got 'g'"),
        ({"x": [7.5]}, r"keeps no row \(x: 7.5\)"),
    ],
)
def test_what_cannot_be_kept_is_told(wanted: dict[str, list[str | float]], message: str) -> None:
    with pytest.raises(DataError, match=f"^events.csv: .*{message}"):
        keep_where(table(), wanted)


def test_weights_leave_the_table() -> None:
    rows, weights = pop_weights(table(), "w")
    assert rows.columns == ("x", "kind")
    assert rows.forms == (NUMBER, KIND)
    np.testing.assert_array_equal(weights, [0.5, 0.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 0, -0.5]] * 2, r"row 0 of 'w' is -0.5 \(2 such"),
        ([[1.0, 0, 1.0], [1.0, 0, np.nan]], r"row 1 of 'w' is blank \(1 such"),
        ([[1.0, 0, 0.0]] * 2, "all weights in 'w' are zero"),
    ],
)
def test_weights_that_are_none_are_refused(values: list[list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        pop_weights(table(values=values), "w")


def test_a_column_of_text_gives_no_weights() -> None:
    with pytest.raises(DataError, match="column 'kind' does not hold numbers"):
        pop_weights(table(), "kind")


def test_a_table_keeps_a_column() -> None:
    assert drop_columns(table(), ["x", "w"]).columns == ("kind",)
    with pytest.raises(DataError, match="no column is left"):
        drop_columns(table(), ["x", "kind", "w"])


def test_codes_of_another_file_are_matched_by_name() -> None:
    other = table(kind=Form(kind="category", categories=("a", "g", "h")), values=[[0.0, 2, 1], [0.0, 1, 1]])
    recoded = recode_like(table(), other)
    np.testing.assert_array_equal(recoded.values[:, 1], [1, 2, 1, 2])
    with pytest.raises(DataError, match=r"column 'kind' has the category 'a', unknown in events.csv"):
        recode_like(other, table())


def test_both_files_get_the_categories_of_either() -> None:
    first = table(kind=Form(kind="category", categories=("b", "d")), values=[[0.0, 0, 1], [0.0, 1, 1]])
    second = table(kind=Form(kind="category", categories=("a", "d")), values=[[0.0, 0, 1], [0.0, np.nan, 1]])
    one, other = with_all_categories(first, second)
    assert one.forms[1].categories == other.forms[1].categories == ("a", "b", "d")
    np.testing.assert_array_equal(one.values[:, 1], [1, 2])
    np.testing.assert_array_equal(other.values[:, 1], [0, np.nan])


def test_text_against_numbers_is_refused() -> None:
    with pytest.raises(DataError, match=r"column 'kind' holds numbers, but text in events.csv"):
        recode_like(table(kind=NUMBER), table())
