from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.stream.npy_rows import NpyRows
from vdm_cli.data.stream.row_file import BLOCK_BYTES, in_order
from vdm_cli.errors import DataError


def saved(path: Path, values: np.ndarray) -> NpyRows:
    np.save(path, values)
    return NpyRows(path, path.name)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", ">u2", "?", "i1", "<f2"])
def test_rows_are_those_of_the_file_in_native_byte_order(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 2, (50, 3, 2)).astype(dtype)
    file = saved(tmp_path / "a.npy", values)
    read = file.read(7, 33)
    np.testing.assert_array_equal(read, values[7:33])
    assert read.dtype == file.dtype
    assert read.dtype.isnative
    assert (file.count, file.shape) == (50, (3, 2))


def test_rows_may_be_single_numbers(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.arange(10.0))
    np.testing.assert_array_equal(file.read(3, 6), [3.0, 4.0, 5.0])
    assert file.shape == ()


def test_blocks_cover_the_file_and_are_of_the_size_they_say(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.zeros((1_000, 1_000)))
    assert file.edges[0] == 0
    assert file.edges[-1] == 1_000
    assert np.all(np.diff(file.edges) >= 1)
    assert np.diff(file.edges).max() == BLOCK_BYTES // 8_000


def test_ranges_in_order_are_whole_blocks_that_cover_the_file(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.zeros((1_000, 1_000)))
    for most in (1, 10_000, 10**6, 10**9):
        ranges = list(in_order(file, most))
        assert [start for start, _ in ranges] == [0, *(stop for _, stop in ranges[:-1])]
        assert ranges[-1][1] == 1_000
        assert all(stop in file.edges for _, stop in ranges)
        assert all((stop - start) * 8_000 <= max(most, BLOCK_BYTES) for start, stop in ranges)


def test_fortran_order_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.npy: is in Fortran order.*ascontiguousarray"):
        saved(tmp_path / "a.npy", np.asfortranarray(np.zeros((5, 3))))


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 64)}
        )
        stream.write(b"\0" * 256)
    with pytest.raises(DataError, match="promises 256000000000000 bytes"):
        NpyRows(path, "a.npy")


def test_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="Python objects"):
        NpyRows(path, "a.npy")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        NpyRows(tmp_path / "a.npy", "a.npy")


def test_a_file_that_shrinks_is_an_error_and_no_crash(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.ones((1_000, 4)))
    os.truncate(tmp_path / "a.npy", 5_000)
    with pytest.raises(DataError, match=r"was changed during the run \(noticed at rows 500 to 599\)"):
        file.read(500, 600)


def test_a_file_written_to_is_an_error(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.ones((1_000, 4)))
    with (tmp_path / "a.npy").open("r+b") as stream:
        stream.seek(1_000)
        stream.write(b"1234")
    os.utime(tmp_path / "a.npy", ns=(1, 1))  # a clock may be too coarse to show the change
    with pytest.raises(DataError, match="was changed"):
        file.read(500, 600)


def test_a_file_replaced_by_renaming_goes_on_as_it_was(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.npy", np.ones((1_000, 4)))
    np.save(tmp_path / "b.npy", np.zeros((5, 4)))
    (tmp_path / "b.npy").replace(tmp_path / "a.npy")
    assert file.read(500, 600).min() == 1.0
