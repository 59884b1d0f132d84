"""IDX files: every type and shape, the labels beside images, and what is said of damaged ones."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

DATA = Path("../shared/data")
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {dtype: code for code, dtype in TYPES.items()}


def idx_bytes(values, dtype=">u1"):
    header = bytes([0, 0, CODES[dtype], values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(dtype).tobytes()


def idx_claiming(shape, payload=b"\0" * 64):
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + payload


@pytest.mark.parametrize("dtype", TYPES.values())
@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2), (4, 3, 2, 3)])
def test_every_type_and_shape(tmp_path, dtype, shape):
    values = np.arange(np.prod(shape)).reshape(shape) - (0 if dtype == ">u1" else 5)
    path = tmp_path / "a.idx"
    path.write_bytes(idx_bytes(values, dtype))
    rows = read_rows(path)
    np.testing.assert_array_equal(rows.values, values)
    assert rows.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert rows.integer[0] == (np.dtype(dtype).kind in "iu")
    assert rows.labels is None


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
    ],
)
def test_labels_beside_the_images_are_theirs(tmp_path, images, labels):
    for name, values in ((images, np.zeros((4, 2, 2))), (labels, np.array([10, 2, 10, 0]))):
        content = idx_bytes(values)
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    rows = read_rows(tmp_path / images)
    assert rows.values.shape == (4, 2, 2)
    assert rows.labels.form.categories == ("0", "2", "10")
    np.testing.assert_array_equal(rows.labels.values, [2.0, 1.0, 2.0, 0.0])


def test_labels_of_another_number_are_refused(tmp_path):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((4, 2, 2))))
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(3)))
    with pytest.raises(DataError, match=r"a-labels-idx1-ubyte: has 3 labels, and .* has 4 rows"):
        read_rows(tmp_path / "a-images-idx3-ubyte")


BAD = {
    "empty": (b"", "is not an IDX file: its first bytes are missing"),
    "another format": (b"\x89PNG\r\n", "is not an IDX file: its first bytes are 89 50 4e 47"),
    "unknown type": (bytes([0, 0, 0x0A, 1, 0, 0, 0, 0]), "is not an IDX file"),
    "no dimensions": (bytes([0, 0, 8, 0, 7]), "is a single number"),
    "half a header": (bytes([0, 0, 8, 3, 0, 0, 0, 1]), "the file ends within its header"),
    "no rows": (idx_claiming((0, 2, 2), b""), "has no rows"),
    "cut short": (
        idx_bytes(np.zeros((4, 2)))[:-1],
        "the header promises 8 bytes of values (shape (4, 2), uint8), but 7 follow",
    ),
    "too long": (idx_bytes(np.zeros((4, 2))) + b"\0", "but 9 follow; the file is incomplete or damaged"),
    "10^12 rows": (idx_claiming((4 * 10**9, 250)), "promises 1000000000000 bytes"),
    "more than memory": (idx_claiming((2**32 - 1,) * 8), "but 64 follow"),
    "nan": (idx_bytes(np.array([1.0, np.nan]), ">f4"), "row 1 is nan"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(tmp_path, name):
    content, fragment = BAD[name]
    path = tmp_path / "a.idx"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "fragment"),
    [
        ((4 * 10**9, 250), "but at most 33554420 follow"),
        ((1 << 24,), "but only 64 follow"),
        ((63,), "but more follow"),
    ],
)
def test_what_a_compressed_file_claims_takes_no_memory(tmp_path, shape, fragment):
    path = tmp_path / "a.idx.gz"
    path.write_bytes(gzip.compress(idx_claiming(shape)))
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert fragment in str(caught.value)


def test_a_bomb_that_keeps_its_promise_is_refused_for_its_size(tmp_path):
    path = tmp_path / "a.idx.gz"
    path.write_bytes(gzip.compress(idx_claiming((1 << 16, 1 << 12), bytes(1 << 28))))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="the header promises 268435456 bytes"):
            read_rows(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mnist/train-images-idx3-ubyte.gz", (60_000, 28, 28)),
        ("fashion-mnist/t10k-images-idx3-ubyte.gz", (10_000, 28, 28)),
    ],
)
def test_real_images_have_ten_classes(name, shape):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    rows = read_rows(path)
    assert (rows.values.shape, rows.values.dtype) == (shape, np.uint8)
    assert rows.labels.form.categories == tuple("0123456789")
    counts = np.bincount(rows.labels.values.astype(int))
    assert len(counts) == 10
    assert counts.sum() == shape[0]
