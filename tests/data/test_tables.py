"""Tables with everything in them: read as numbers, written as they were, and the same in pandas."""

from __future__ import annotations

import dataclasses
import gzip
import json
import math
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vdm_cli.data.files.csv_dates import date_printer, parse_dates, patterns_of
from vdm_cli.data.form import MAX_CATEGORIES, NUMBER, Form
from vdm_cli.data.layout import Layout, fit_layout
from vdm_cli.data.output import write_rows
from vdm_cli.data.recode import with_all_categories
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

DATA = Path("../shared/data")


def read(tmp_path, text, name="t.csv"):
    (tmp_path / name).write_text(text)
    rows = read_rows(tmp_path / name)
    return rows, fit_layout(rows, rows.values)


def write(path, values, layout, **how):
    restored = layout.restore(values, **how)
    own = layout.unrounded() if how.get("round") is False else layout
    write_rows(
        path, (restored[start : start + 7] for start in range(0, len(restored), 7)), own, len(restored)
    )
    return path


CSV = {
    "blanks among numbers": "a,b\n1,2.50\n,3.25\n3,\n",
    "integers with NA": "a,b\nNA,1\n12,2\nNA,3\n",
    "texts": "kind,x\ng,1\nh,2\ng,3\n",
    "texts with blanks": "kind,x\ng,1\n,2\nNA,3\n",
    "texts that need quotes": 'kind;x\n"a;b";1\n"say ""no""";2\n"two\nlines";3\na, b;4\n',
    "umlauts": "Größe,x\nklein,1\ngroß,2\n",
    "truth values": "up,x\nTrue,1\nFalse,2\n",
    "numbers that are names": "children,x\n0,1\n1,2\n3+,3\n",
    "one column with blanks": 'a\n1\n""\n3\n""\n',
    "one column of text with blanks": 'a\nu\n""\nv\n',
    "days": "day,x\n2020-02-29,1\n1999-12-31,2\n",
    "days with blanks": "day,x\n2020-02-29,1\n,2\n1999-12-31,3\n",
    "seconds": "at,x\n2020-02-29 23:59:59,1\n1969-12-31 00:00:01,2\n",
    "T and Z": "at,x\n2020-02-29T23:59:59Z,1\n1969-12-31T00:00:01Z,2\n",
    "an offset": "at,x\n2020-02-29 23:59:59+01:00,1\n2020-02-29 00:00:00+01:00,2\n",
    "minutes": "at,x\n2020-02-29 23:59,1\n1969-12-31 00:01,2\n",
    "milliseconds": "at,x\n2020-02-29T23:59:59.123Z,1\n1969-12-31T00:00:01.000Z,2\n",
    "microseconds": "at,x\n2020-02-29 23:59:59.123456,1\n1969-12-31 00:00:01.000001,2\n",
    "slashes, year first": "day,x\n2020/02/29,1\n1999/12/31,2\n",
    "points": "day,x\n29.02.2020,1\n31.12.1999,2\n",
    "day first": "day,x\n01/02/2020,1\n13/02/2020,2\n",
    "month first": "day,x\n01/02/2020,1\n02/13/2020,2\n",
    "month first without zeros": "at,x\n1/2/2020 9:05,1\n12/31/2020 10:15,2\n",
    "everything": "i,f,b,c,d\n1,2.50,,x,2020-01-01\n,3.00,1.5,,\n3,4.25,,y z,2021-06-30\n",
}


@pytest.mark.parametrize("name", CSV)
def test_a_csv_table_comes_back_as_text(tmp_path, name):
    rows, layout = read(tmp_path, CSV[name])
    assert write(tmp_path / "out.csv", rows.values, layout).read_text() == CSV[name]
    again = read_rows(tmp_path / "out.csv")
    np.testing.assert_array_equal(again.values, rows.values)
    assert (again.forms, again.integer, again.text_decimals) == (rows.forms, rows.integer, rows.text_decimals)
    assert Layout.from_json(json.loads(json.dumps(layout.to_json(), allow_nan=False))) == layout


@pytest.mark.parametrize("name", [name for name in CSV if "one column" not in name])
def test_pandas_sees_the_types_of_the_input_in_the_output(tmp_path, name):
    rows, layout = read(tmp_path, CSV[name])
    write(tmp_path / "out.csv", rows.values, layout)
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out.csv", sep=None, engine="python"),
        pd.read_csv(tmp_path / "t.csv", sep=None, engine="python"),
    )


def test_cells_become_numbers_codes_and_days(tmp_path):
    rows, _ = read(tmp_path, CSV["everything"])
    expected = [
        [1, 2.5, math.nan, 0, 18262],
        [math.nan, 3, 1.5, math.nan, math.nan],
        [3, 4.25, math.nan, 1, 18808],
    ]
    np.testing.assert_array_equal(rows.values, expected)
    assert rows.integer == (True, False, False, True, True)
    assert rows.text_decimals == (0, 2, 1, 0, 0)
    assert rows.forms == (
        Form(blank=""),
        NUMBER,
        Form(blank=""),
        Form("category", ("x", "y z"), blank=""),
        Form("date", pattern="%Y-%m-%d", unit="D", blank=""),
    )


def test_a_table_of_plain_numbers_has_no_forms(tmp_path):
    rows, layout = read(tmp_path, "a,b\n1,2\n3,4\n")
    assert rows.forms == layout.forms == ()


def test_the_most_frequent_marker_stands_for_all_blanks(tmp_path):
    rows, _ = read(tmp_path, "a,b\nNA,1\n?,2\n5,3\nNA,4\n")
    assert rows.forms[0] == Form(blank="NA")
    assert np.isnan(rows.values[:, 0]).tolist() == [True, True, False, True]


def test_dates_that_leave_it_open_are_read_day_first(tmp_path):
    rows, _ = read(tmp_path, "d,x\n01/02/2020,1\n03/04/2021,2\n")
    assert rows.forms[0].pattern == "%d/%m/%Y"


def test_the_unit_is_the_coarsest_that_holds_all_dates(tmp_path):
    rows, layout = read(tmp_path, "d,x\n2020-01-01 00:00:00,1\n2020-01-03 00:00:00,2\n")
    assert rows.forms[0].unit == "D"
    generated = layout.restore(np.array([[18262.6, 1.0]]))
    assert write(tmp_path / "o.csv", generated, layout).read_text() == "d,x\n2020-01-02 00:00:00,1\n"


def test_blanks_of_a_whole_block_and_late_texts_are_read(tmp_path):
    lines = [f"{'' if index < 1500 else index},{'t' if index > 1400 else ''}" for index in range(3000)]
    rows, layout = read(tmp_path, "a,b\n" + "\n".join(lines) + "\n")
    assert np.isnan(rows.values).sum(axis=0).tolist() == [1500, 1401]
    assert write(tmp_path / "o.csv", rows.values, layout).read_text() == (tmp_path / "t.csv").read_text()


def test_a_compressed_table_is_the_plain_one(tmp_path):
    rows, _ = read(tmp_path, CSV["everything"])
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CSV["everything"].encode()))
    again = read_rows(tmp_path / "t.csv.gz")
    np.testing.assert_array_equal(again.values, rows.values)
    assert again.forms == rows.forms


def test_what_is_dropped_may_hold_anything(tmp_path):
    (tmp_path / "t.csv").write_text("a,id,b\n1,x,\n2,y,\n3,y,\n")
    assert read_rows(tmp_path / "t.csv", drop=["id", "b"]).values.tolist() == [[1], [2], [3]]
    with pytest.raises(DataError, match=r"has no column 'ids'.*Did you mean 'id'"):
        read_rows(tmp_path / "t.csv", drop=["ids"])
    with pytest.raises(DataError, match="leaves no column"):
        read_rows(tmp_path / "t.csv", drop=["a", "id", "b"])


NUMBERS = "".join(f"{index},{index}.5\n" for index in range(30))
DAYS = "".join(f"{index},2020-01-{index + 1:02}\n" for index in range(30))
TEXTS = "a,b\n" + "".join(f"{index},t{index}\n" for index in range(MAX_CATEGORIES + 1))
BAD = {
    "two formats": (
        "a,d\n1,01.02.2020\n2,\n3,2020-01-01\n",
        "'01.02.2020' in line 2 and '2020-01-01' in line 4",
    ),
    "two orders": (
        "a,d\n1,01/02/2020\n2,13/01/2020\n3,01/13/2020\n",
        "column 'd' has dates of two formats: '13/01/2020' in line 3 and '01/13/2020' in line 4",
    ),
    "text among numbers": (
        f"a,b\n{NUMBERS}1,high\n",
        "line 32, column 'b': 'high' is not a number (1 such cell",
    ),
    "text among days": (f"a,b\n{DAYS}1,soon\n", "line 32, column 'b': 'soon' is not a date"),
    "no such day": (f"a,b\n{DAYS}1,2020-02-30\n", "line 32, column 'b': '2020-02-30' is not a date"),
    "number among days": (f"a,b\n{DAYS}1,5\n", "line 32, column 'b': '5' is not a date"),
    "infinite beside blanks": ("a,b\n1,\n2,-inf\n", "line 3, column 'b': '-inf' is not a finite number"),
    "decimal comma beside blanks": ("a;b\n1;\n2;1,5\n", "'1,5' is not a number (decimals follow a point"),
    "too many categories": (
        TEXTS,
        "column 'b' holds 501 different texts, and a column of categories at most 500",
    ),
    "no names": ("5,setosa\n6,setosa\n", "'setosa' in the first line is also a value of its own column"),
    "no names, dates": ("2020-01-01,1\n2020-01-02,2\n", "'2020-01-01' in the first line is also a value"),
}


@pytest.mark.parametrize("name", BAD)
def test_columns_that_are_nothing_are_refused_with_the_place(tmp_path, name):
    text, said = BAD[name]
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "data.drop: [" in str(caught.value) or "first line of names" in str(caught.value)


@given(
    # float64 holds every microsecond of 285 years around 1970
    st.datetimes(datetime(1900, 1, 1), datetime(2250, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"]),
    st.sampled_from(["", " %H:%M", "T%H:%M:%SZ", " %H:%M:%S.%f"]),
)
def test_every_pattern_that_a_date_may_follow_prints_it_again(moment, day, clock):
    text = moment.strftime(day + clock)
    patterns = patterns_of(text)
    assert day + clock in patterns
    for pattern in patterns:
        microseconds = parse_dates([text], pattern)
        assert date_printer(Form("date", pattern=pattern, unit="us"))(microseconds.astype(np.float64)) == [
            text
        ]


@pytest.mark.parametrize(
    "text",
    [
        "2020",
        "2020-01",
        "20200101",
        "1/2/20",
        "2020-1",
        "30.02.2020",
        "2020-01-01 24:00",
        "0000-01-01",
        "now",
    ],
)
def test_what_is_no_date(text):
    assert patterns_of(text) == ()


def test_generated_values_are_brought_to_what_can_be_written(tmp_path):
    rows, layout = read(tmp_path, CSV["everything"])
    wild = np.array([[1e9, -1e9, 9.0, 7.6, 1e300], [math.nan, 3.0, math.nan, -3.0, -1e300]])
    for how in ({}, {"clip": False}, {"round": False}, {"round": False, "clip": False}):
        out = write(tmp_path / f"o{len(how)}.csv", wild, layout, **how)
        again = read_rows(out)
        kinds = ["number", "number", "number", "category", "date"]
        assert (again.columns, [form.kind for form in again.forms]) == (rows.columns, kinds)
        assert out.read_text().splitlines()[1].split(",")[3] == "y z"
    assert layout.restore(wild)[0].tolist() == [3, 2.5, 1.5, 1, 18808]


def test_nan_is_refused_where_nothing_was_blank(tmp_path):
    _, layout = read(tmp_path, "a,b\n1,2\n,3\n")
    assert np.isnan(layout.restore(np.array([[math.nan, 2.0]]))[0, 0])
    with pytest.raises(DataError, match="1 of 2 generated values are not finite"):
        layout.restore(np.array([[1.0, math.nan]]))
    with pytest.raises(DataError, match="not finite"):
        layout.restore(np.array([[math.inf, 1.0]]))


def test_a_column_blank_in_all_training_rows_is_refused(tmp_path):
    rows, _ = read(tmp_path, "a,b\n1,2\n,3\n")
    with pytest.raises(
        DataError, match=r"column 'a' is blank in all of the 1 training rows.*data\.drop: \[a\]"
    ):
        fit_layout(rows, rows.values[1:])


def test_a_layout_written_before_there_were_forms_is_of_numbers(tmp_path):
    _, layout = read(tmp_path, "a,b\n1,2\n3,4\n")
    plain = layout.to_json()
    del plain["forms"]
    assert Layout.from_json(plain) == layout


def test_without_rounding_categories_and_dates_stay_whole(tmp_path):
    rows, layout = read(tmp_path, CSV["everything"])
    restored = layout.restore(rows.values[:1] + 0.25, round=False)
    assert restored[0, [0, 3, 4]].tolist() == [1.25, 0, 18262]
    again = read_rows(write(tmp_path / "o.parquet", rows.values, layout, round=False))
    np.testing.assert_array_equal(again.values[0], rows.values[0])


def test_the_housing_table_comes_back_byte_for_byte(tmp_path):
    source = DATA / "california-housing/housing.csv"
    if not source.exists():
        pytest.skip(f"{source} is absent")
    rows = read_rows(source)
    layout = fit_layout(rows, rows.values)
    assert int(np.isnan(rows.values).sum()) == 207
    assert rows.forms[9].categories == ("<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN")
    assert write(tmp_path / "out.csv", rows.values, layout).read_bytes() == source.read_bytes()


def frame(count=40):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "i8": rng.integers(-5, 5, count).astype("int8"),
            "u64": rng.integers(0, 2**40, count).astype("uint64"),
            "Int64": pd.array([1, None] * (count // 2), "Int64"),
            "f32": np.round(rng.normal(size=count), 2).astype("float32"),
            "f64": rng.normal(size=count),
            "gaps": np.where(np.arange(count) % 3 == 0, np.nan, 1.5),
            "bool": rng.random(count) > 0.5,
            "boolean": pd.array([True, None] * (count // 2), "boolean"),
            "text": np.array(["x", "y, z", 'q"'])[rng.integers(0, 3, count)],
            "text with nulls": [None, "a"] * (count // 2),
            "ordered": pd.Categorical(["lo", "hi"] * (count // 2), ["lo", "mid", "hi"], ordered=True),
            "day": [date(2020, 1, 1 + index % 20) for index in range(count)],
            "hour": pd.date_range("2020-01-01", periods=count, freq="h"),
            "zoned": pd.date_range("2020-01-01 00:00:01.5", periods=count, freq="s", tz="Europe/Berlin"),
            "ns": pd.date_range("2020-01-01", periods=count, freq="min").astype("datetime64[ns]"),
            "day with nulls": [pd.Timestamp("2021-01-01"), None] * (count // 2),
            "Fare ($).x": np.arange(count),
        }
    )


def test_a_parquet_table_comes_back_as_pandas_wrote_it(tmp_path):
    original = frame()
    original.to_parquet(tmp_path / "t.parquet")
    rows = read_rows(tmp_path / "t.parquet")
    layout = fit_layout(rows, rows.values)
    np.testing.assert_array_equal(layout.restore(rows.values), rows.values)
    again = pd.read_parquet(write(tmp_path / "out.parquet", rows.values, layout))
    pd.testing.assert_frame_equal(again, pd.read_parquet(tmp_path / "t.parquet"))
    assert Layout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


def test_a_csv_of_a_parquet_table_reads_as_the_csv_of_pandas_but_for_zones(tmp_path):
    original = frame().drop(columns="zoned")
    original.to_parquet(tmp_path / "t.parquet")
    original.to_csv(tmp_path / "t.csv", index=False)
    rows = read_rows(tmp_path / "t.parquet")
    write(tmp_path / "out.csv", rows.values, fit_layout(rows, rows.values))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out.csv"), pd.read_csv(tmp_path / "t.csv"))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_mixed_table_comes_back(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("mixed")
    count = data.draw(st.integers(1, 8))
    texts = st.text("ab ,;\"'é\n", min_size=1, max_size=4).filter(lambda text: text == text.strip() != "")
    kinds = {
        "numbers": st.integers(-(10**6), 10**6).map(str),
        "days": st.dates(date(1900, 1, 1)).map(str),
        "texts": texts.map("t{}".format),
    }
    columns = []
    for kind in data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=2, max_size=4)):
        cells = [data.draw(kinds[kind])]
        cells += [data.draw(st.one_of(st.just(""), kinds[kind])) for _ in range(count - 1)]
        columns.append(cells)
    table = pd.DataFrame({f"name {index}": cells for index, cells in enumerate(columns)})
    table.to_csv(folder / "t.csv", index=False)
    rows = read_rows(folder / "t.csv")
    layout = fit_layout(rows, rows.values)
    written = write(folder / "out.csv", rows.values, layout)
    assert written.read_bytes() == (folder / "t.csv").read_bytes()
    typed = read_rows(write(folder / "out.parquet", rows.values, layout))
    np.testing.assert_array_equal(typed.values, rows.values)
    for ours, theirs in zip(rows.forms or (NUMBER,) * len(columns), typed.forms, strict=True):
        assert dataclasses.replace(theirs, stored="", pattern=ours.pattern, blank=ours.blank) == ours


def test_two_files_are_compared_in_the_same_codes_and_units(tmp_path):
    one, _ = read(tmp_path, "c,n,d\nx,0,2020-01-01\nz,3+,2020-01-02\n", "p.csv")
    two, _ = read(tmp_path, "c,n,d\ny,0,2020-01-01 12:00\nx,,2020-01-02 00:00\n", "q.csv")
    p, q = with_all_categories(one, two)
    np.testing.assert_array_equal(p.values, [[0, 0, 438288], [2, 1, 438312]])
    np.testing.assert_array_equal(q.values, [[1, 0, 438300], [0, math.nan, 438312]])
    assert (
        p.forms[:2]
        == q.forms[:2]
        == (Form("category", ("x", "y", "z")), Form("category", ("0", "3+"), blank=""))
    )


@pytest.mark.parametrize(
    ("ours", "theirs"), [("5", "high"), ("high", "5"), ("2020-01-01", "5"), ("low", "2020-01-01")]
)
def test_columns_of_another_kind_are_not_compared(tmp_path, ours, theirs):
    one, _ = read(tmp_path, f"c,n\n{ours},0\n", "p.csv")
    two, _ = read(tmp_path, f"c,n\n{theirs},0\n", "q.csv")
    with pytest.raises(DataError) as caught:
        with_all_categories(one, two)
    assert str(tmp_path / "p.csv") in str(caught.value)
    assert str(tmp_path / "q.csv") in str(caught.value)
