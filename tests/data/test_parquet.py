"""Parquet: Arrow's types come back, and damaged or foreign files are one error."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vdm_cli.data.files.arrow_types import arrow_type, held_range
from vdm_cli.data.form import MAX_CATEGORIES, Form
from vdm_cli.data.layout import fit_layout
from vdm_cli.data.output import write_rows
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

UTC = datetime.UTC
TYPES = {
    "int8": (pa.int8(), [-128, None, 127]),
    "uint64": (pa.uint64(), [0, 2**53, None]),
    "float16": (pa.float16(), [0.1, 2.5, None]),
    "float32": (pa.float32(), [0.1, None, -3e38]),
    "double": (pa.float64(), [0.1, None, 1e300]),
    "decimal": (pa.decimal128(5, 2), [Decimal("1.10"), None, Decimal("-999.99")]),
    "bool": (pa.bool_(), [True, None, True]),
    "string": (pa.string(), ["b", None, "a"]),
    "large_string": (pa.large_string(), ["b", "", "a"]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["b", None, "a"]),
    "ordered dictionary": (pa.dictionary(pa.int16(), pa.string(), ordered=True), ["b", "c", "a"]),
    "date32": (pa.date32(), [datetime.date(1969, 12, 31), None, datetime.date(2020, 2, 29)]),
    "timestamp[ms]": (pa.timestamp("ms"), [datetime.datetime(1969, 12, 31, 23, 59, 59, 5000), None, None]),
    "timestamp[us]": (pa.timestamp("us"), [datetime.datetime(1969, 12, 31, 23, 59, 59, 5), None, None]),
    "timestamp[ns]": (pa.timestamp("ns"), [datetime.datetime(2020, 2, 29, 1), None, None]),
    "zoned": (pa.timestamp("us", "Europe/Berlin"), [datetime.datetime(2020, 2, 29, tzinfo=UTC), None, None]),
}


def read(path, table):
    pq.write_table(table, path)
    return read_rows(path)


def written(path, rows):
    layout = fit_layout(rows, rows.values)
    write_rows(path, iter([layout.restore(rows.values)]), layout, len(rows.values))
    return pq.read_table(path)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_comes_back_with_its_nulls(tmp_path, name):
    type_, values = TYPES[name]
    table = pa.table({"x": pa.array(values, type_)})
    rows = read(tmp_path / "a.parquet", table)
    assert np.isnan(rows.values[:, 0]).tolist() == [value is None for value in values]
    assert (rows.forms[0].blank is not None) == (None in values)
    assert written(tmp_path / "b.parquet", rows).equals(pq.read_table(tmp_path / "a.parquet"))
    assert arrow_type(str(type_)) == type_


def test_columns_become_float64(tmp_path):
    rows = read(
        tmp_path / "a.parquet",
        pa.table(
            {
                "bool": [True, False, None],
                "text": ["y", "x", "y"],
                "when": pa.array([0, 3_600_000, None], pa.timestamp("ms")),
                "nan": [1.5, float("nan"), 2.5],
            }
        ),
    )
    nan = float("nan")
    np.testing.assert_array_equal(rows.values, [[1, 1, 0, 1.5], [0, 0, 1, nan], [nan, 1, nan, 2.5]])
    assert [form.categories for form in rows.forms] == [("False", "True"), ("x", "y"), (), ()]
    assert (rows.forms[2].unit, rows.forms[3].blank) == ("h", "")
    assert (rows.integer, rows.text_decimals) == ((True, True, True, False), (0, 0, 0, 1))


def test_many_row_groups_and_batches_are_one_table(tmp_path):
    count = 150_000
    table = pa.table({"x": np.arange(count), "c": np.char.add("c", (np.arange(count) // 1000).astype(str))})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10_000)
    rows = read_rows(tmp_path / "a.parquet", columns=["c", "x"])
    np.testing.assert_array_equal(rows.values[:, 1], np.arange(count))
    names = np.array(rows.forms[0].categories)[rows.values[:, 0].astype(int)]
    assert names.tolist() == table["c"].to_pylist()


def test_generated_values_stay_within_their_type(tmp_path):
    table = pa.table(
        {
            "i": pa.array([1, 2], pa.int8()),
            "d": pa.array([Decimal("1.5"), Decimal("9.9")], pa.decimal128(2, 1)),
        }
    )
    rows = read(tmp_path / "a.parquet", table)
    layout = fit_layout(rows, rows.values)
    wild = layout.restore(np.array([[1e9, 1e9], [-1e9, -1e9]]), clip=False)
    write_rows(tmp_path / "b.parquet", iter([wild]), layout, 2)
    out = pq.read_table(tmp_path / "b.parquet")
    assert out.schema == table.schema
    assert out["i"].to_pylist() == [127, -128]
    assert out["d"].to_pylist() == [Decimal("9.9"), Decimal("-9.9")]


def test_row_labels_of_pandas_are_read_if_they_have_a_name(tmp_path):
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=[5, 7, 9])
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_rows(tmp_path / "a.parquet").columns == ("x",)
    frame.rename_axis("year").to_parquet(tmp_path / "a.parquet")
    assert read_rows(tmp_path / "a.parquet").columns == ("x", "year")


@pytest.mark.parametrize("metadata", [b"no json", b"[1]", b'{"columns": [{}]}'])
def test_strange_metadata_of_pandas_is_passed_over(tmp_path, metadata):
    table = pa.table({"x": [1, 2]}).replace_schema_metadata({"pandas": metadata})
    assert read(tmp_path / "a.parquet", table).forms == (Form(stored="int64"),)


BAD = {
    "list": (pa.table({"x": [[1], [2]]}), "column 'x' is of type list<element: int64>"),
    "struct": (pa.table({"x": [{"a": 1}]}), "column 'x' is of type struct<a: int64>"),
    "binary": (pa.table({"x": [b"a"]}), "column 'x' is of type binary"),
    "time of day": (pa.table({"x": [datetime.time(1)]}), "column 'x' is of type time64[us]"),
    "all null": (
        pa.table({"x": pa.array([None, None], pa.int32())}),
        "column 'x' is blank in all of its 2 cells",
    ),
    "of nulls": (pa.table({"x": pa.nulls(2)}), "column 'x' is blank in all of its cells"),
    "all nan": (pa.table({"x": [float("nan")]}), "column 'x' is blank in all of its 1 cells"),
    "infinite": (pa.table({"x": [1.0, float("-inf")]}), "column 'x' holds -inf (1 such value"),
    "too many texts": (
        pa.table({"x": [f"t{index}" for index in range(MAX_CATEGORIES + 1)]}),
        "column 'x' holds 501 different texts, and a column of categories at most 500; leave the column "
        "out with data.drop: [x]",
    ),
    "far too many texts": (
        pa.table({"x": [f"t{index}" for index in range(200_000)]}),
        "holds over 100000 different",
    ),
    "no rows": (pa.table({"x": pa.array([], pa.int64())}), "has no rows"),
    "two of a name": (pa.table([[1], [2]], names=["x", "x"]), "2 columns are named 'x'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_column_is_refused_and_may_be_left_out(tmp_path, name):
    table, said = BAD[name]
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.parquet", table)
    assert said in str(caught.value)
    if "data.drop" in str(caught.value):
        beside = table.append_column("y", pa.array(np.arange(len(table))))
        pq.write_table(beside, tmp_path / "a.parquet")
        assert read_rows(tmp_path / "a.parquet", drop=["x"]).columns == ("y",)


def varint(number):
    """A whole number as Thrift's compact protocol writes it."""
    number *= 2
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


@pytest.mark.parametrize(
    ("claimed", "times", "said"),
    [
        (10**12, -1, "promises 1000000000000 rows of 2 columns (1000000000000 in its row groups)"),
        (10**12, 1, "promises 1000000000000 rows of 2 columns (12345 in its row groups)"),
        (20_000, -1, "promises 20000 rows, but 12345 follow"),
    ],
)
def test_a_footer_that_claims_other_rows_is_refused(tmp_path, claimed, times, said):
    pq.write_table(pa.table({"x": np.arange(12_345) % 7, "y": np.arange(12_345) % 5}), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    size = int.from_bytes(content[-8:-4], "little")
    body, footer = content[: -8 - size], content[-8 - size : -8]
    rows = b"\x16" + varint(12_345)
    assert footer.count(rows) == 4  # of the file, its row group and the columns
    footer = footer.replace(rows, b"\x16" + varint(claimed), times)
    (tmp_path / "a.parquet").write_bytes(body + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / "a.parquet")
    assert said in str(caught.value)


@pytest.mark.parametrize("damage", [slice(0, -10), slice(0, 100), slice(0, 0), slice(10, None)])
def test_a_damaged_file_is_refused(tmp_path, damage):
    pq.write_table(pa.table({"x": np.random.default_rng(0).normal(size=1000)}), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[damage])
    with pytest.raises(DataError, match="is no parquet file, or is damaged"):
        read_rows(tmp_path / "a.parquet")


def test_random_damage_never_escapes_as_another_error(tmp_path):
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"x": np.arange(50), "c": ["a", "b"] * 25}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    refused = 0
    for _ in range(300):
        content = bytearray(whole)
        content[rng.integers(len(content))] = rng.integers(256)
        (tmp_path / "a.parquet").write_bytes(content)
        try:
            read_rows(tmp_path / "a.parquet")
        except DataError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    "name", ["", "list<item: int64>", "timestamp[days]", "dictionary<values=int64, indices=x, ordered=0>"]
)
def test_types_that_no_table_has(name):
    with pytest.raises(ValueError, match="a column must be of a type"):
        arrow_type(name)


@pytest.mark.parametrize("name", ["int8", "uint32", "int64", "uint64", "float", "double"])
def test_the_ends_of_a_type_are_held_by_it(name):
    low, high = held_range(name)
    dtype = arrow_type(name).to_pandas_dtype()
    assert float(dtype(low)) == low
    assert float(dtype(high)) == high
