"""Writing rows: the data's own form comes back, and a failure leaves nothing behind."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from vdm_cli.data.layout import continuous_layout, fit_layout
from vdm_cli.data.output import SUFFIXES, check_output, write_rows
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError, UsageError

DATA = Path("../shared/data")
TABLE = SUFFIXES[:-1]


def chunks(values, size=7):
    return (values[start : start + size] for start in range(0, len(values), size))


def write(path, values, layout):
    write_rows(path, chunks(layout.restore(values)), layout, len(values))
    return path


def fitted(path):
    rows = read_rows(path)
    return rows, fit_layout(rows, rows.values)


def array_layout(tmp_path, values):
    np.save(tmp_path / "source.npy", values)
    return fitted(tmp_path / "source.npy")[1]


CSV = {
    "whole, fixed, mixed, pointed": "n,price,acidity,age\n7,12.50,7,41.0\n-8,3.00,7.4,2.0\n0,0.05,10,3.0\n",
    "semicolon and quoted name": 'a;"b;c"\n1;2.5\n3;4\n',
    "tab": "a\tb\n1\t2.125\n3\t4\n",
    "no names": "1,2.5\n3,4\n",
    "one column": "x\n1000000\n0.5\n",
    "continuous": "x,y\n0.123456789012345,3\n10,0.3333333333333333\n1e-20,-7\n",
    "small and large": "x\n0.00000012\n20000.5\n",
    "fewer decimals kept than the grid has": "x\n12.50\n1.125\n3.00\n",
}


@pytest.mark.parametrize("name", CSV)
def test_a_csv_file_comes_back_byte_for_byte(tmp_path, name):
    source = tmp_path / "source.csv"
    source.write_text(CSV[name])
    rows, layout = fitted(source)
    assert write(tmp_path / "out.csv", rows.values, layout).read_text() == CSV[name]
    again, layout_again = fitted(tmp_path / "out.csv")
    np.testing.assert_array_equal(again.values, rows.values)
    assert layout_again == layout


@pytest.mark.parametrize("name", ["winequality-red.csv", "winequality-white.csv"])
def test_the_wine_tables_come_back_as_text_but_for_their_odd_cells(tmp_path, name):
    source = DATA / "wine-quality" / name
    if not source.exists():
        pytest.skip(f"{source} is absent")
    rows, layout = fitted(source)
    written = write(tmp_path / "out.csv", rows.values, layout).read_text().splitlines()
    original = source.read_text().splitlines()
    assert written[0] == original[0]
    assert len(written) == len(original)
    cells = [line.split(",") for line in original], [line.split(",") for line in written]
    different = sum(
        a != b for ours, theirs in zip(*cells, strict=True) for a, b in zip(ours, theirs, strict=True)
    )
    assert different <= 0.005 * len(rows.values) * 12


def test_generated_numbers_are_printed_as_the_data_prints_them(tmp_path):
    source = tmp_path / "source.csv"
    source.write_text("n,price,acidity,age\n7,12.50,7,41.0\n-8,3.05,7.4,2.0\n")
    _, layout = fitted(source)
    generated = np.array([[1.3, 4.5678, 7.04, 17.4], [-0.2, 99.0, 7.26, 2.6]])
    written = write(tmp_path / "out.csv", generated, layout).read_text()
    assert written == "n,price,acidity,age\n1,4.57,7,17.0\n0,12.50,7.3,3.0\n"


def test_an_array_written_as_csv_gets_counted_names_and_shortest_digits(tmp_path):
    values = np.array([[0.1, 1 / 3], [2.0, 4.5]], dtype=np.float32)
    layout = continuous_layout((2,), "float32")
    assert write(tmp_path / "out.csv", values, layout).read_text() == "x0,x1\n0.1,0.33333334\n2,4.5\n"


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (4, 5, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_arrays_come_back_with_shape_and_type(tmp_path, suffix, shape, dtype):
    values = np.random.default_rng(0).uniform(0, 200, (20, *shape)).astype(dtype)
    layout = array_layout(tmp_path, values)
    rows = read_rows(write(tmp_path / f"out{suffix}", values, layout))
    np.testing.assert_array_equal(rows.values, values)
    assert rows.values.dtype == values.dtype


def test_npy_has_the_bytes_that_numpy_writes(tmp_path):
    values = np.random.default_rng(0).normal(size=(20, 3))
    layout = array_layout(tmp_path, values)
    assert write(tmp_path / "out.npy", values, layout).read_bytes() == (tmp_path / "source.npy").read_bytes()


def test_npz_names_its_array_samples(tmp_path):
    write(tmp_path / "out.npz", np.zeros((3, 2)), continuous_layout((2,)))
    with np.load(tmp_path / "out.npz") as archive:
        assert archive.files == ["samples"]


def test_npz_carries_no_time_of_writing(tmp_path):
    write(tmp_path / "out.npz", np.zeros((3, 2)), continuous_layout((2,)))
    with zipfile.ZipFile(tmp_path / "out.npz") as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_parquet_has_names_and_types(tmp_path):
    source = tmp_path / "source.csv"
    source.write_text("n,price\n7,12.50\n-8,3.25\n")
    rows, layout = fitted(source)
    table = pyarrow.parquet.read_table(write(tmp_path / "out.parquet", rows.values, layout))
    assert table.to_pydict() == {"n": [7, -8], "price": [12.5, 3.25]}
    assert [str(field.type) for field in table.schema] == ["int64", "double"]


@pytest.mark.parametrize("suffix", TABLE)
def test_chunk_size_does_not_change_the_bytes(tmp_path, suffix):
    values = np.random.default_rng(0).normal(size=(1500, 2))
    layout = continuous_layout((2,))
    written = []
    for size in (1, 64, 1500):
        path = tmp_path / f"out{size}{suffix}"
        write_rows(path, chunks(values, size), layout, len(values))
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_png_is_a_grid_with_the_range_from_black_to_white(tmp_path):
    images = np.zeros((5, 8, 8), dtype=np.uint8)
    images[0], images[4, :, 0] = 16, 8
    layout = array_layout(tmp_path, images)
    with Image.open(write(tmp_path / "out.png", images, layout)) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 33 - 1, 3 * 33 - 1)
    assert (pixels[:32, :32] == 255).all()
    assert (pixels[:, 32] == 128).all()
    assert (pixels[33:, 33:37] == 128).all()
    assert (pixels[33:, 37:65] == 0).all()


def test_png_of_color_images_is_rgb(tmp_path):
    images = np.zeros((4, 40, 40, 3), dtype=np.uint8)
    images[1, ..., 0], images[2, ..., 1] = 255, 255
    layout = array_layout(tmp_path, images)
    with Image.open(write(tmp_path / "out.png", images, layout)) as picture:
        assert (picture.mode, picture.size) == ("RGB", (81, 81))
        assert picture.getpixel((41, 0)) == (255, 0, 0)
        assert picture.getpixel((0, 41)) == (0, 255, 0)


IMAGES = dataclasses.replace(continuous_layout((28, 28)), minimum=(0.0,), maximum=(255.0,))
PLANES = dataclasses.replace(IMAGES, shape=(3, 32, 32))
LARGE = dataclasses.replace(IMAGES, shape=(512, 512))
VECTORS = continuous_layout((4,))


@pytest.mark.parametrize(
    ("name", "layout", "num_rows", "fragment"),
    [
        ("out.txt", VECTORS, 9, "the suffix must be one of .npy, .npz, .csv, .parquet, .png, got '.txt'"),
        ("out", VECTORS, 9, "got no suffix"),
        ("out.csv.gz", VECTORS, 9, "got '.gz'"),
        ("out.npy", VECTORS, 0, "the number of rows must be at least 1, got 0"),
        ("out.csv", IMAGES, 9, ".csv holds tables, and a row has the shape (28, 28); use .npy or .npz"),
        ("out.parquet", IMAGES, 9, ".parquet holds tables"),
        (
            "out.png",
            VECTORS,
            9,
            ".png shows images of shape (h, w), (h, w, 1) or (h, w, 3), and a row has the shape (4,)",
        ),
        ("out.png", PLANES, 9, "and a row has the shape (3, 32, 32)"),
        ("out.png", continuous_layout((8, 8)), 9, ".png needs values of a known range"),
        ("out.png", IMAGES, 10_001, ".png shows at most 10000 images, got 10001"),
        ("out.png", LARGE, 1000, "would have 16415 x 16415 pixels"),
        ("old.npy", VECTORS, 9, "exists already; --force replaces it"),
        ("folder.npy", VECTORS, 9, "is a directory"),
        ("nowhere/out.npy", VECTORS, 9, "nowhere does not exist; create it with: mkdir -p"),
        ("old.npy/out.npy", VECTORS, 9, "old.npy is not a folder"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_at_once(tmp_path, name, layout, num_rows, fragment):
    (tmp_path / "old.npy").write_text("old")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(UsageError) as caught:
        check_output(tmp_path / name, layout, num_rows, force=False)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert fragment in str(caught.value)


def test_outputs_that_can_be_written_pass(tmp_path):
    (tmp_path / "old.npy").write_text("old")
    check_output(tmp_path / "old.npy", VECTORS, 9, force=True)
    for suffix in TABLE:
        check_output(tmp_path / f"out{suffix}", VECTORS, 9, force=False)
    check_output(tmp_path / "out.png", IMAGES, 10_000, force=False)


def failing(values, error):
    yield values
    raise error


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), DataError("not finite")], ids=["ctrl-c", "failure"])
def test_a_failure_midway_keeps_the_old_file_and_leaves_no_other(tmp_path, suffix, error):
    path = tmp_path / f"out{suffix}"
    path.write_text("old")
    layout = IMAGES if suffix == ".png" else VECTORS
    with pytest.raises(type(error)):
        write_rows(path, failing(np.zeros((3, *layout.shape)), error), layout, 9)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", TABLE)
@pytest.mark.parametrize("num_rows", [19, 21])
def test_another_number_of_rows_than_promised_is_refused(tmp_path, suffix, num_rows):
    with pytest.raises(ValueError, match=f"must have {num_rows} rows in all"):
        write_rows(tmp_path / f"out{suffix}", chunks(np.zeros((20, 4))), VECTORS, num_rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chunk", [np.zeros((2, 3)), np.zeros((2, 4), complex)])
def test_chunks_of_another_shape_or_type_are_refused(tmp_path, chunk):
    with pytest.raises(ValueError, match="chunks must have shape"):
        write_rows(tmp_path / "out.npy", [chunk], VECTORS, 2)


def test_a_folder_that_vanished_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be written: No such file or directory"):
        write_rows(tmp_path / "gone" / "out.npy", [np.zeros((2, 4))], VECTORS, 2)


def test_a_replaced_file_keeps_its_permissions_and_a_link_its_target(tmp_path):
    real, link = tmp_path / "real.npy", tmp_path / "link.npy"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write(link, np.zeros((3, 4)), VECTORS)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert read_rows(real).values.shape == (3, 4)
