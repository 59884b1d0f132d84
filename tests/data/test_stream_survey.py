from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.stream import survey as module
from vdm_cli.data.stream.moments import Moments
from vdm_cli.data.stream.npy_rows import NpyRows
from vdm_cli.data.stream.survey import survey
from vdm_cli.errors import DataError

NOBODY = np.empty(0, np.int64)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 200_000)
    monkeypatch.setattr(module, "_CACHED_BYTES", 3_000)


def saved(path: Path, values: np.ndarray) -> NpyRows:
    np.save(path, values)
    return NpyRows(path, path.name)


def test_moments_are_those_of_the_training_rows(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, (40_000, 5))
    file = saved(tmp_path / "a.npy", values)
    held_out = np.arange(100, 9_000, 7)
    values[held_out] = 1e9  # in the file they are as the others: what is taken in must not hold them
    np.save(tmp_path / "b.npy", values)
    found = survey(NpyRows(tmp_path / "b.npy", "b.npy"), held_out, [held_out]).moments
    training = np.delete(values, held_out, axis=0)
    np.testing.assert_array_equal(found.count, len(training))
    np.testing.assert_allclose(found.mean, training.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.std, training.std(axis=0), rtol=1e-13)
    np.testing.assert_array_equal(found.minimum, training.min(axis=0))
    np.testing.assert_array_equal(found.maximum, training.max(axis=0))
    np.testing.assert_allclose(
        survey(file, NOBODY, []).moments.std, file.read(0, file.count).std(axis=0), rtol=1e-13
    )


def test_a_large_mean_does_not_cost_the_deviation_its_digits() -> None:
    values = 1e9 + np.random.default_rng(0).normal(size=(10_000, 1)) + np.linspace(-50, 50, 10_000)[:, None]
    moments = Moments(1)
    for piece in np.array_split(values, 37):
        moments.add(piece)
    np.testing.assert_allclose(moments.std, (values - 1e9).std(axis=0), rtol=1e-8)


def test_blanks_are_passed_over() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(5.0, 1.0, (1_000, 3))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[:200, 1] = np.nan  # whole pieces of blanks
    moments = Moments(3)
    for piece in np.array_split(values, 11):
        moments.add(piece)
    np.testing.assert_array_equal(moments.count, (~np.isnan(values)).sum(axis=0))
    np.testing.assert_allclose(moments.mean, np.nanmean(values, axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.std, np.nanstd(values, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(moments.minimum, np.nanmin(values, axis=0))
    np.testing.assert_array_equal(moments.maximum, np.nanmax(values, axis=0))


def test_integers_keep_their_range(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (3_000, 4, 4), dtype=np.uint8)
    found = survey(saved(tmp_path / "a.npy", values), NOBODY, []).moments
    np.testing.assert_array_equal(found.maximum, values.reshape(3_000, -1).max(axis=0))
    np.testing.assert_allclose(found.mean, values.reshape(3_000, -1).mean(axis=0), rtol=1e-13)


def test_the_parts_asked_for_are_kept(tmp_path: Path) -> None:
    values = np.arange(60_000.0).reshape(20_000, 3)
    parts = [np.array([0, 5, 19_999]), np.arange(0, 20_000, 3), NOBODY]
    found = survey(saved(tmp_path / "a.npy", values), parts[0], parts)
    for part, rows in zip(parts, found.parts, strict=True):
        np.testing.assert_array_equal(rows, values[part])


@pytest.mark.parametrize(("row", "value"), [(0, np.nan), (12_345, np.inf), (19_999, -np.inf)])
def test_the_first_value_that_is_not_finite_is_named(tmp_path: Path, row: int, value: float) -> None:
    values = np.ones((20_000, 3), np.float32)
    values[row, 2] = value
    values[row + 1 :, 0] = np.nan
    file = saved(tmp_path / "a.npy", values)
    with pytest.raises(DataError, match=rf"^a\.npy: row {row}, feature 2 is {value}"):
        survey(file, np.array([row]), [])


def test_the_digest_changes_with_any_value_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(0).normal(size=(20_000, 3))
    first = survey(saved(tmp_path / "a.npy", values), NOBODY, []).digest
    monkeypatch.setattr(module, "PIECE_BYTES", 77_777)
    again = survey(saved(tmp_path / "b.npy", values.astype(">f8")), np.array([3]), [])
    assert again.digest == first
    assert survey(saved(tmp_path / "c.npy", values[:-1]), NOBODY, []).digest != first
    values[15_000, 1] = np.nextafter(values[15_000, 1], 9.0)
    assert survey(saved(tmp_path / "d.npy", values), NOBODY, []).digest != first


def test_progress_runs_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    survey(saved(tmp_path / "a.npy", np.ones((50_000, 3))), NOBODY, [], lambda *at: told.append(at))
    assert len(told) > 3
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (50_000, 50_000)
