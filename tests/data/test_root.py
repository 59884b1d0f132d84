"""ROOT files: flat branches are columns, others are named, whatever writes the tree."""

from __future__ import annotations

import awkward
import numpy as np
import pytest
import uproot

from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

COLUMNS = {
    "pt": np.linspace(0, 10, 40),
    "eta": np.linspace(-3, 3, 40).astype(np.float32),
    "charge": np.resize([-1, 1], 40).astype(np.int32),
    "tight": np.arange(40) % 3 == 0,
}
JETS = awkward.Array([[1.5] * (index % 3) for index in range(40)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.root"
    with uproot.recreate(path) as stream:
        types = {name: values.dtype for name, values in COLUMNS.items()}
        stream.mktree("flat", types).extend(COLUMNS)
        jagged = {"pt": np.float64, "jets": "var * float64", "hits": (np.dtype("f8"), (3,))}
        stream.mktree("events/jagged", jagged).extend(
            {"pt": COLUMNS["pt"], "jets": JETS, "hits": np.zeros((40, 3))}
        )
        stream["tuple"] = {**COLUMNS, "jets": JETS}
        stream.mktree("gap", {"pt": np.float64}).extend({"pt": np.array([1.0, np.nan])})
        stream.mktree("inf", {"pt": np.float64}).extend({"pt": np.array([1.0, np.inf])})
        stream.mktree("empty", {"pt": np.float64})
        stream["histogram"] = np.histogram([1.0, 2.0])
    return path


@pytest.mark.parametrize("name", ["flat", "tuple"])
def test_branches_are_columns_in_the_order_asked(file, name):
    rows = read_rows(f"{file}:{name}", columns=["tight", "pt", "charge", "eta"])
    assert rows.columns == ("tight", "pt", "charge", "eta")
    assert rows.integer == (True, False, True, False)
    assert (rows.values.shape, rows.values.dtype, rows.source) == ((40, 4), np.float64, f"{file}:{name}")
    for column, values in zip(rows.columns, rows.values.T, strict=True):
        np.testing.assert_array_equal(values, COLUMNS[column])


def test_all_branches_of_a_flat_tree_are_taken_but_for_those_dropped(file):
    assert read_rows(f"{file}:flat").columns == tuple(COLUMNS)
    assert read_rows(f"{file}:flat", drop=["eta", "pt"]).columns == ("charge", "tight")


def test_columns_are_of_the_forms_that_typed_tables_have(file):
    forms = read_rows(f"{file}:flat").forms
    assert [form.stored for form in forms] == ["double", "float", "int32", "bool"]
    assert [form.kind for form in forms] == ["number", "number", "number", "category"]
    gap = read_rows(f"{file}:gap")
    np.testing.assert_array_equal(gap.values, [[1.0], [np.nan]])
    assert gap.forms[0].blank == ""


def test_the_only_tree_needs_no_name(tmp_path):
    with uproot.recreate(tmp_path / "a.root") as stream:
        stream.mktree("inside/only", {"pt": np.float64}).extend({"pt": np.arange(3.0)})
    assert read_rows(tmp_path / "a.root").values.tolist() == [[0], [1], [2]]


@pytest.mark.parametrize(
    ("name", "options", "fragment"),
    [
        ("", {}, "holds 6 trees (flat, events/jagged, tuple, gap, inf, empty); choose one as a.root:flat"),
        (":flot", {}, "has no tree 'flot'; it holds flat, events/jagged, "),
        (":flot", {}, "Did you mean 'flat'?"),
        (":histogram", {}, "has no tree 'histogram'"),
        (
            ":events/jagged",
            {},
            "events/jagged: jets, hits hold no single number an entry (list, text or object); "
            "choose others with data.columns: [pt, njets]",
        ),
        (":tuple", {"drop": ["pt"]}, "tuple: jets holds no single number an entry"),
        (
            ":flat",
            {"columns": ["ptt"]},
            "has no column 'ptt'; its columns are pt, eta, charge, tight. Did you mean 'pt'?",
        ),
        (":flat", {"drop": ["ptt"]}, "has no column 'ptt'"),
        (":inf", {}, "inf: column 'pt' holds inf"),
        (":empty", {}, "has no entries"),
    ],
)
def test_trees_that_are_no_table(file, name, options, fragment):
    with pytest.raises(DataError) as caught:
        read_rows(f"{file}{name}", **options)
    assert str(caught.value).startswith(str(file))
    assert fragment in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"pt,eta\n1,2\n", b"root" + bytes(range(200))])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.root").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.root: is not a ROOT file, or is damaged: "):
        read_rows(tmp_path / "a.root")


@pytest.mark.parametrize("compression", ["ZLIB", "LZMA", "LZ4", "ZSTD"])
def test_random_damage_never_escapes_as_another_error(tmp_path, compression):
    path = tmp_path / "a.root"
    rng = np.random.default_rng(0)
    with uproot.recreate(path, compression=getattr(uproot, compression)(4)) as stream:
        stream.mktree("flat", {"pt": np.float64}).extend({"pt": rng.integers(0, 1000, 5000)})
    content = path.read_bytes()
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(len(content) // 4, len(content), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_rows(path)
        except DataError:
            refused += 1
    assert refused > 5
