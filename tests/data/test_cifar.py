"""CIFAR's binary files: pixels in their place, classes by name, and sizes that fit no version."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

DATA = Path("../shared/data")


def records(classes, seed=0):
    """Images (n, 32, 32, 3), and their records with the given class bytes, (n, k)."""
    classes = np.array(classes, np.uint8)
    images = np.random.default_rng(seed).integers(0, 256, (len(classes), 32, 32, 3), dtype=np.uint8)
    planes = images.transpose(0, 3, 1, 2).reshape(len(classes), -1)
    return images, np.concatenate([classes, planes], axis=1).tobytes()


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".bin", bytes), (".bin.gz", gzip.compress), (".bin.xz", lzma.compress)]
)
def test_planes_become_channels(tmp_path, suffix, compress):
    images, content = records([[3], [9], [0]])
    path = tmp_path / f"batch{suffix}"
    path.write_bytes(compress(content))
    rows = read_rows(path)
    np.testing.assert_array_equal(rows.values, images)
    np.testing.assert_array_equal(rows.labels.values, [3, 9, 0])
    assert rows.labels.form.categories == tuple("0123456789")
    assert (rows.integer, rows.columns) == ((True,), None)


def test_classes_are_called_as_the_text_beside_says(tmp_path):
    (tmp_path / "batch.bin").write_bytes(records([[3], [9]])[1])
    names = [f"thing-{code}" for code in range(10)]
    (tmp_path / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    assert read_rows(tmp_path / "batch.bin").labels.form.categories == tuple(names)
    (tmp_path / "batches.meta.txt").write_text("\n".join(names[:9]))
    with pytest.raises(DataError, match=r"batches\.meta\.txt: names 9 classes; it should name 10"):
        read_rows(tmp_path / "batch.bin")


def test_the_fine_classes_of_cifar_100_are_taken(tmp_path):
    (tmp_path / "train.bin").write_bytes(records([[1, 99], [19, 0]])[1])
    rows = read_rows(tmp_path / "train.bin")
    np.testing.assert_array_equal(rows.labels.values, [99, 0])
    assert len(rows.labels.form.categories) == 100


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "has 0 bytes, no multiple of a record's"),
        (bytes(3072), "has 3072 bytes, no multiple of a record's; it is incomplete or no CIFAR file"),
        (bytes(3073 * 3074), "has 9446402 bytes, a multiple of either record's; split the file in two"),
        (records([[3], [10]])[1], "has the size of CIFAR-10, but record 1 starts with the class 10"),
        (records([[20, 3]])[1], "has the size of CIFAR-100, but record 0 starts with the class 20, 3"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_is_none_is_refused(tmp_path, content, fragment, compressed):
    path = tmp_path / ("a.bin.xz" if compressed else "a.bin")
    path.write_bytes(lzma.compress(content) if compressed else content)
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert fragment in str(caught.value)


def test_the_real_batch(tmp_path):
    path = DATA / "cifar10/data_batch_1.bin.xz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    rows = read_rows(path)
    assert (rows.values.shape, rows.values.dtype) == ((10_000, 32, 32, 3), np.uint8)
    names = rows.labels.form.categories
    assert names[0] == "airplane"
    # the batch starts with a frog, two trucks, a deer and an automobile
    first = [names[int(code)] for code in rows.labels.values[:5]]
    assert first == ["frog", "truck", "truck", "deer", "automobile"]
    np.testing.assert_array_equal(rows.values[0, 0, 0], [59, 62, 63])
