"""Reading rows: what is accepted, and what is said of a file that is not."""

from __future__ import annotations

import io
import math
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.data.files.csv_cells import is_number, parse_cells
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def npy_bytes(array, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def npy_claiming(shape, descr="<f8", payload=b"\0" * 64):
    stream = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + payload


@pytest.mark.parametrize(
    ("text", "values", "columns", "delimiter"),
    [
        ("a,b\n1,2.5\n3,4\n", [[1, 2.5], [3, 4]], ("a", "b"), ","),
        ("a;b\n1;2.5\n3;4", [[1, 2.5], [3, 4]], ("a", "b"), ";"),
        ("a\tb\r\n1\t2.5\r\n3\t4\r\n\r\n\r\n", [[1, 2.5], [3, 4]], ("a", "b"), "\t"),
        ('\ufeff"a;x","b, c"\n"1", 2.5 \n 3,4\n', [[1, 2.5], [3, 4]], ("a;x", "b, c"), ","),
        ("1,2.5\n3,4\n", [[1, 2.5], [3, 4]], None, ","),
        ("a\n-1e-3\n+.5\n7.\n \n", [[-1e-3], [0.5], [7]], ("a",), ","),
        ("2019,2020,total\n1,2,3\n", [[1, 2, 3]], ("2019", "2020", "total"), ","),
    ],
)
def test_csv_dialects(tmp_path, text, values, columns, delimiter):
    rows = read_rows(write(tmp_path / "t.csv", text))
    np.testing.assert_array_equal(rows.values, np.array(values, dtype=np.float64))
    assert (rows.columns, rows.delimiter, rows.header) == (columns, delimiter, columns is not None)


def test_csv_keeps_how_numbers_were_printed(tmp_path):
    text = "whole,fixed,mixed,pointed,science\n7,12.50,7,41.0,1e3\n8,3.25,7.4,2.0,2.5\n"
    rows = read_rows(write(tmp_path / "t.csv", text))
    assert rows.integer == (True, False, False, False, False)
    assert rows.text_decimals == (0, 2, 0, 1, 0)


def test_csv_columns_are_selected_and_ordered_and_the_others_may_hold_text(tmp_path):
    path = write(tmp_path / "t.csv", "a,b,c,c\n1,x,3,\n4,y,6,\n")
    rows = read_rows(path, columns=["a"])
    assert (rows.columns, rows.values.tolist()) == (("a",), [[1], [4]])
    rows = read_rows(write(tmp_path / "u.csv", "a,b,c\n1,x,3\n4,y,6\n"), columns=["c", "a"])
    assert (rows.columns, rows.values.tolist()) == (("c", "a"), [[3, 1], [6, 4]])


def test_csv_of_many_blocks_reads_each_row_once_and_names_late_faults(tmp_path):
    lines = [f"{index},{index / 8}" for index in range(5000)]
    rows = read_rows(write(tmp_path / "t.csv", "a,b\n" + "\n".join(lines)))
    np.testing.assert_array_equal(rows.values, np.arange(5000)[:, None] * [1, 0.125])
    lines[4321] = "4321,oops"
    lines[4400] = ",oops"
    with pytest.raises(DataError, match=r"line 4323, column 'b': 'oops' is not a number \(2 such cells in"):
        read_rows(write(tmp_path / "t.csv", "a,b\n" + "\n".join(lines)))


NUMBERS = "".join(f"{index},{index}.5\n" for index in range(30))
BAD_CSV = {
    "blank": ("a,pH,c\n1,,3\n4,NA,6\n", "column 'pH' is blank in all of its 2 cells; mend the file, or"),
    "text": (
        f"a,pH\n{NUMBERS}1,g\n2,h\n",
        "line 32, column 'pH': 'g' is not a number (2 such cells in the column); mend the file, or leave the "
        "column out with data.drop: [pH]",
    ),
    "long text": (f"a,b\n{NUMBERS}1," + "z" * 99 + "\n", f"'{'z' * 30}...' is not a number"),
    "nan": ("a,b\n1,nan\n", "column 'b' is blank in all of its 1 cells"),
    "inf": ("a,b\n1,-inf\n", "'-inf' is not a finite number"),
    "overflow": ("a,b\n1,1e999\n", "'1e999' is too large for a finite number"),
    "underscore": (f"a,b\n{NUMBERS}1,1_000\n", "'1_000' is not a number"),
    "hexadecimal": (f"a,b\n{NUMBERS}1,0x10\n", "'0x10' is not a number"),
    "other digits": (f"a,b\n{NUMBERS}1,١\n", "'١' is not a number"),
    "no-break space": (f"a,b\n{NUMBERS}1,\xa05\n", "line 32, column 'b'"),
    "decimal comma": ("a;b\n1;7,4\n", "'7,4' is not a number (decimals follow a point, not a comma)"),
    "no names": (f"{NUMBERS}3,x\n", "line 31, column 2: 'x' is not a number (1 such cell in the column)"),
    "gap in the first row": ("1,NA\n3,\n", "column 2 is blank in all of its 2 cells; mend the cell"),
    "first row with text": ("28.7,g\n31.6,h\n", "line 1 mixes numbers such as '28.7' with text such as 'g'"),
    "short row": ("a,b\n1,2\n3\n", "line 3 has 1 cells where the first line has 2"),
    "long row": ("a,b\n1,2,3\n", "line 2 has 3 cells where the first line has 2"),
    "blank line": ("a,b\n1,2\n\n3,4\n", "line 3 is blank, with rows after it"),
    "names only": ("a,b\n", "has a line of names and no rows"),
    "empty": ("", "is empty"),
    "only a blank line": ("\n", "line 1 is blank"),
    "not UTF-8": (b"a,b\n1,2\n3,\xe9\n", "line 3 is not UTF-8 (byte 0xe9)"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "line 1 is not UTF-8"),
    "zero byte": ("a,b\n1,2\0\n", "line 2 holds a zero byte"),
    "open quote": ('a,b\n1,"2\n3,4\n', "is not csv: unexpected end of data; is a quote left open?"),
    "same name twice": ("a,a\n1,2\n", "2 columns are named 'a'"),
    "nameless index": (",a\n0,2\n", "column 1 has no name (an index saved with the table?)"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_bad_csv_is_refused_with_place_and_remedy(tmp_path, name):
    text, fragment = BAD_CSV[name]
    with pytest.raises(DataError) as caught:
        read_rows(write(tmp_path / "t.csv", text))
    assert str(caught.value).startswith(f"{tmp_path}/t.csv: ")
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "fragment"),
    [
        (
            ["temprature"],
            "has no column 'temprature'; its columns are temperature, kind. Did you mean 'temperature'?",
        ),
        (["temperature", "temperature"], "data.columns names 'temperature' 2 times"),
        ([], "data.columns is empty"),
    ],
)
def test_columns_that_cannot_be_chosen(tmp_path, columns, fragment):
    path = write(tmp_path / "t.csv", "temperature,kind\n1,2\n")
    with pytest.raises(DataError) as caught:
        read_rows(path, columns=columns)
    assert fragment in str(caught.value)


def test_columns_need_a_line_of_names(tmp_path):
    with pytest.raises(DataError, match="has no line of names, so data"):
        read_rows(write(tmp_path / "t.csv", "1,2\n"), columns=["a"])


@given(st.lists(st.text("0123456789+-.eE_ \t\nanif١\xa0", max_size=6), min_size=1, max_size=4))
def test_fast_and_slow_reading_of_cells_agree(cells):
    parsed = parse_cells(cells)
    assert (parsed is not None) == all(is_number(cell) and math.isfinite(float(cell)) for cell in cells)
    if parsed is not None:
        assert parsed.values.tolist() == [float(cell) for cell in cells]
        printed = [cell.strip().lower() for cell in cells]
        assert parsed.integer == (not any("." in cell or "e" in cell for cell in printed))
        if not any("e" in cell for cell in printed):
            assert parsed.text_decimals == min(len(cell.partition(".")[2]) for cell in printed)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "|u1", "<i8", ">i2"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2)])
def test_arrays_keep_shape_and_type(tmp_path, dtype, shape):
    values = (np.arange(math.prod(shape)).reshape(shape) % 100).astype(dtype)
    rows = read_rows(write(tmp_path / "a.npy", npy_bytes(np.asfortranarray(values))))
    np.testing.assert_array_equal(rows.values, values)
    assert rows.values.dtype == values.dtype.newbyteorder("=")
    assert len(rows.integer) == len(rows.text_decimals) == (3 if len(shape) == 2 else 1)
    assert rows.integer[0] == (values.dtype.kind in "iu")


def test_truth_values_are_zero_and_one(tmp_path):
    rows = read_rows(write(tmp_path / "a.npy", npy_bytes(np.array([[True, False]]))))
    assert (rows.values.dtype, rows.values.tolist()) == (np.uint8, [[1, 0]])


BAD_NPY = {
    "nan": (
        npy_bytes(np.array([[1, 2], [np.nan, np.inf]])),
        "row 1, feature 0 is nan (2 such values, rows and features",
    ),
    "nan in an image": (npy_bytes(np.full((2, 2, 2), np.inf)), "row 0, feature (0, 0) is inf (8 such values"),
    "nan in numbers": (npy_bytes(np.array([1.0, np.nan])), "row 1 is nan (1 such value, rows"),
    "complex": (npy_bytes(np.zeros((2, 2), complex)), "holds complex numbers"),
    "text": (npy_bytes(np.array(["a", "b"])), "holds text"),
    "records": (npy_bytes(np.zeros(2, [("a", "f8")])), "holds records with named fields"),
    "objects": (
        npy_bytes(np.array([{}, []], object), True),
        "holds Python objects, which are never unpickled",
    ),
    "dates": (npy_bytes(np.zeros(2, "M8[D]")), "holds dates"),
    "single number": (npy_bytes(np.float64(3)), "is a single number (0 dimensions)"),
    "no rows": (npy_bytes(np.zeros((0, 3))), "has no rows (shape (0, 3))"),
    "no features": (npy_bytes(np.zeros((3, 0))), "has rows without values"),
    "huge claim": (npy_claiming((10**12, 8)), "the header promises 64000000000000 bytes of values"),
    "absurd claim": (npy_claiming((10**30,)), "the header promises"),
    "negative claim": (npy_claiming((-8,)), "is damaged: the header gives the shape (-8,)"),
    "cut short": (
        npy_bytes(np.zeros((4, 2)))[:-8],
        "the header promises 64 bytes of values (shape (4, 2), float64), but 56",
    ),
    "two arrays": (npy_bytes(np.zeros(2)) * 2, "the file is incomplete or damaged"),
    "no magic": (b"a,b\n1,2\n", "is not a .npy file, or its header is damaged"),
    "empty": (b"", "is not a .npy file"),
    "damaged header": (
        npy_bytes(np.zeros(2)).replace(b"shape", b"sha)e"),
        "is not a .npy file, or its header",
    ),
}


@pytest.mark.parametrize("name", BAD_NPY)
def test_bad_npy_is_refused(tmp_path, name):
    content, fragment = BAD_NPY[name]
    with pytest.raises(DataError) as caught:
        read_rows(write(tmp_path / "a.npy", content))
    assert fragment in str(caught.value)


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def test_npz_takes_the_only_array_else_samples_else_the_key(tmp_path):
    one, two = np.zeros((2, 1)), np.ones((3, 1))
    assert len(read_rows(npz(tmp_path / "a.npz", x=one)).values) == 2
    assert len(read_rows(npz(tmp_path / "a.npz", x=one, samples=two)).values) == 3
    assert len(read_rows(npz(tmp_path / "a.npz", x=one, samples=two), key="x").values) == 2


@pytest.mark.parametrize(
    ("key", "fragment"),
    [
        (None, "holds 2 arrays (train, test); choose one with data.key"),
        ("trian", "has no array 'trian'; it holds train, test. Did you mean 'train'?"),
        ("test", "a.npz[test]: row 0, feature 0 is nan"),
    ],
)
def test_npz_arrays_that_cannot_be_taken(tmp_path, key, fragment):
    path = npz(tmp_path / "a.npz", train=np.zeros((2, 1)), test=np.full((2, 1), np.nan))
    with pytest.raises(DataError) as caught:
        read_rows(path, key=key)
    assert fragment in str(caught.value)


def test_npz_members_that_claim_too_much_are_refused_before_reading(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", npy_claiming((10**12, 8)))
    with pytest.raises(DataError, match=r"a\.npz\[x\]: the header promises 64000000000000 bytes"):
        read_rows(tmp_path / "a.npz")


@pytest.mark.parametrize("damage", [slice(0, 50), slice(10, None), slice(0, -30), slice(0, 0)])
def test_damaged_npz_is_refused(tmp_path, damage):
    content = npz(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(50, 2))).read_bytes()
    with pytest.raises(DataError, match="damaged"):
        read_rows(write(tmp_path / "a.npz", content[damage]))


def test_npz_with_a_damaged_member_name_is_refused(tmp_path):
    content = bytearray(npz(tmp_path / "a.npz", x=np.zeros((2, 1))).read_bytes())
    content[7] |= 0x08  # says that the name which starts at byte 30 is UTF-8
    content[30] = 0xFF
    with pytest.raises(DataError, match="damaged"):
        read_rows(write(tmp_path / "a.npz", bytes(content)))


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
def test_random_damage_never_escapes_as_another_error(tmp_path, name):
    rng = np.random.default_rng(0)
    contents = {
        "a.npy": npy_bytes(np.arange(12.0).reshape(4, 3)),
        "a.npz": npz(tmp_path / "whole.npz", x=np.arange(12.0).reshape(4, 3)).read_bytes(),
        "a.csv": b'a,b\n1,2.5\n"3",4\n',
    }
    refused = 0
    for _ in range(300):
        content = bytearray(contents[name])
        content[rng.integers(min(len(content), 128))] = rng.integers(256)
        try:
            read_rows(write(tmp_path / name, bytes(content)))
        except DataError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    ("name", "options", "fragment"),
    [
        ("rows.xlsx", {}, "files of type '.xlsx' are not supported; supported are .npy, .npz, .csv"),
        ("rows", {}, "a file without a suffix is not supported"),
        ("wine.csv", {"key": "x"}, "key 'x' chooses an array of an .npz file, and this is .csv"),
        (
            "rows.npy",
            {"columns": ["a"]},
            "data.columns and data.drop choose columns by name, and this has none (.npy)",
        ),
        ("wime.csv", {}, "no such file. Did you mean {folder}/wine.csv?"),
        ("zzz.bin", {}, "no such file in the folder {folder}"),
        ("nowhere/wine.csv", {}, "no such file: the folder {folder}/nowhere does not exist"),
        ("folder.csv", {}, "is a folder without images (.png, .jpg, .jpeg, .bmp, .webp)"),
        ("rows.npy.gz", {}, "files of type '.npy.gz' are not supported; supported are .npy, .npz, .csv"),
        ("wine.csv", {"labels": "y.npy"}, "in a table they are a column"),
        ("rows.npz:x", {"key": "y"}, "key 'y' and the name after the colon both choose an array; give one"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, options, fragment):
    for existing in ("rows.xlsx", "rows", "wine.csv", "rows.npy", "rows.npy.gz", "rows.npz"):
        write(tmp_path / existing, "a\n1\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / name, **options)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert fragment.format(folder=tmp_path) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", "a\n1\n")
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        read_rows(path)
