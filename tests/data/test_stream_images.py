from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vdm_cli.data.rows import read_rows
from vdm_cli.data.stream.image_rows import ImageRows
from vdm_cli.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for index in range(20):
            pixels = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    return tmp_path


def test_images_are_those_that_reading_the_whole_folder_gives(folder: Path) -> None:
    whole, file = read_rows(folder), ImageRows(folder, str(folder))
    assert (file.count, file.shape) == (40, (6, 5, 3))
    np.testing.assert_array_equal(file.read(3, 25), whole.values[3:25])
    np.testing.assert_array_equal(file.read_blocks(np.array([0, 7, 39])), whole.values[[0, 7, 39]])
    assert file.labels is not None
    assert whole.labels is not None
    np.testing.assert_array_equal(file.labels.values, whole.labels.values)
    assert file.labels.form == whole.labels.form
    assert file.describe(whole.values[:9]).integer == whole.integer


def test_each_image_is_a_block_so_that_the_order_is_a_uniform_permutation(folder: Path) -> None:
    np.testing.assert_array_equal(ImageRows(folder, "f").edges, np.arange(41))


def test_an_image_that_vanishes_is_an_error(folder: Path) -> None:
    file = ImageRows(folder, "f")
    (folder / "dog" / "3.png").unlink()
    with pytest.raises(DataError, match=r"dog.3\.png"):
        file.read(0, 40)


def test_an_image_that_is_replaced_by_one_of_another_size_is_an_error(folder: Path) -> None:
    file = ImageRows(folder, "f")
    Image.fromarray(np.zeros((6, 6, 3), np.uint8)).save(folder / "dog" / "3.png")
    with pytest.raises(DataError, match=r"dog.3\.png: is now 6 x 6 pixels"):
        file.read(0, 40)
