"""A few rows of a .npy file are those that the whole would give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.rows import read_rows
from vdm_cli.data.stream import some_rows
from vdm_cli.data.stream.some_rows import read_some_npy
from vdm_cli.errors import DataError


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("places", [None, np.array([0, 3, 4, 899, 999])])
def test_chosen_rows_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str, places: np.ndarray | None
) -> None:
    monkeypatch.setattr(some_rows, "_PIECE", 1 << 10)  # many pieces, some of which hold no chosen row
    path = tmp_path / "p.npy"
    np.save(path, np.asarray(np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32), order=order))  # type: ignore[call-overload]
    whole = read_rows(path)
    rows, found = read_some_npy(path, str(path), lambda count: places if count == 1000 else None)
    assert found is places
    np.testing.assert_array_equal(rows.values, whole.values if places is None else whole.values[places])
    assert (rows.values.dtype, rows.integer, rows.columns) == (np.float32, whole.integer, None)


def test_only_chosen_rows_must_be_finite(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    np.save(path, np.array([[1.0], [np.nan], [3.0]]))
    rows, _ = read_some_npy(path, "p.npy", lambda count: np.array([0, 2]))
    np.testing.assert_array_equal(rows.values, [[1.0], [3.0]])
    with pytest.raises(DataError, match=r"p.npy \(chosen rows\): row 1, feature 0 is nan"):
        read_some_npy(path, "p.npy", lambda count: np.array([0, 1]))
