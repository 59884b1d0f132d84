"""Labels beside arrays and images: from a file of their own, or from an array of the same file."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from vdm_cli.data.labels import MAX_CLASSES
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

IMAGES = np.zeros((4, 2, 2), np.uint8)


@pytest.fixture
def images(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    return tmp_path / "x.npy"


def idx(codes):
    return bytes([0, 0, 8, 1]) + struct.pack(">I", len(codes)) + bytes(codes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("y.npy", np.array([7, 10, 7, 2])),
        ("y.npy", np.array([[7], [10], [7], [2]], np.int16)),
        ("y.csv", "digit\n7\n10\n7\n2\n"),
        ("y.csv", "7\n10\n7\n2\n"),
        ("y.idx", idx([7, 10, 7, 2])),
    ],
)
def test_whole_numbers_are_classes_in_their_order(tmp_path, images, name, content):
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    labels = read_rows(images, labels=str(path)).labels
    assert (labels.form.kind, labels.form.categories, labels.name) == ("category", ("2", "7", "10"), "label")
    np.testing.assert_array_equal(labels.values, [1.0, 2.0, 1.0, 0.0])


def test_texts_are_classes_by_their_names(tmp_path, images):
    (tmp_path / "y.csv").write_text("animal\ndog\ncat\ndog\nemu\n")
    labels = read_rows(images, labels=str(tmp_path / "y.csv")).labels
    assert labels.form.categories == ("cat", "dog", "emu")
    np.testing.assert_array_equal(labels.values, [1, 0, 1, 2])


@pytest.mark.parametrize("values", [[0.5, 1.25, 3.0, 3.0], [1.0, 2.0, 1.0, 2.0]])
def test_floats_are_numbers(tmp_path, images, values):
    np.save(tmp_path / "y.npy", np.array(values, np.float32))
    labels = read_rows(images, labels=str(tmp_path / "y.npy")).labels
    assert labels.form.kind == "number"
    np.testing.assert_array_equal(labels.values, values)


def test_an_array_of_the_same_npz_or_of_another(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=np.array([1, 0, 1, 1]))
    np.savez(tmp_path / "b.npz", y=np.array([5, 5, 6, 5]))
    for path in (f"{tmp_path}/a.npz:x_train", f"{tmp_path}/a.npz"):
        key = "x_train" if path.endswith(".npz") else None
        np.testing.assert_array_equal(read_rows(path, key=key, labels="y_train").labels.values, [1, 0, 1, 1])
        own = read_rows(path, key=key, labels=f"{tmp_path}/b.npz:y").labels
        assert own.form.categories == ("5", "6")
    with pytest.raises(DataError, match=r"has no array 'y'; it holds x_train, y_train\."):
        read_rows(f"{tmp_path}/a.npz:x_train", labels="y")


def test_labels_given_take_the_place_of_those_beside_the_images(tmp_path):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(
        bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 1, 1) + bytes(2)
    )
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx([0, 1]))
    np.save(tmp_path / "y.npy", np.array([8, 9]))
    labels = read_rows(tmp_path / "a-images-idx3-ubyte", labels=str(tmp_path / "y.npy")).labels
    assert labels.form.categories == ("8", "9")


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("y.npy", np.arange(3), "y.npy: has 3 labels, and "),
        ("y.npy", np.zeros((4, 2), int), "labels must be one a row, but each has the shape (2,)"),
        ("y.csv", "a,b\n1,2\n1,2\n1,2\n1,2\n", "labels must be one a row, but each has the shape (2,)"),
        ("y.csv", 'a\ndog\ncat\n""\ndog\n', "has blank cells; every row needs its label"),
        (
            "y.npy",
            np.arange(MAX_CLASSES + 1),
            "has 10001 different whole numbers, and classes are at most 10000",
        ),
        ("y.txt", "1\n2\n", "files of type '.txt' are not supported"),
        ("z.npy", None, "z.npy: no such file"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, images, name, content, fragment):
    if isinstance(content, np.ndarray):
        np.save(tmp_path / name, content)
    elif content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as caught:
        read_rows(images, labels=str(tmp_path / name))
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert fragment in str(caught.value)
