from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from vdm_cli.data.rows import read_rows
from vdm_cli.data.stream import parquet_rows
from vdm_cli.data.stream.parquet_rows import ParquetRows
from vdm_cli.data.stream.survey import survey
from vdm_cli.errors import DataError

ROWS, GROUP = 1_000, 130


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Numbers with blanks, categories of which one occurs in the last group alone, and whole numbers."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=ROWS)
    blank = rng.random(ROWS) < 0.1
    kinds = ["red" if coin else "blue" for coin in rng.random(ROWS) < 0.5]
    kinds[-1] = "amber"
    table = pyarrow.table(
        {
            "height": pyarrow.array(numbers, mask=blank),
            "color": kinds,
            "count": rng.integers(0, 100, ROWS),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=GROUP)
    return tmp_path / "t.parquet"


def test_rows_are_those_that_reading_the_whole_file_gives(path: Path) -> None:
    whole = read_rows(path)
    file = ParquetRows(path, "t.parquet")
    assert (file.count, file.shape) == (ROWS, whole.values.shape[1:])
    np.testing.assert_array_equal(np.diff(file.edges), [GROUP] * 7 + [90])
    for start, stop in ((0, ROWS), (5, 6), (129, 131), (130, 260), (700, ROWS)):
        np.testing.assert_array_equal(file.read(start, stop), whole.values[start:stop])
    np.testing.assert_array_equal(
        file.read_blocks(np.array([1, 4])), np.concatenate([whole.values[130:260], whole.values[520:650]])
    )


def test_rows_are_described_as_those_of_the_whole_file(path: Path) -> None:
    whole = read_rows(path)
    described = ParquetRows(path, str(path)).describe(whole.values[:50])
    assert described.forms == whole.forms
    assert described.columns == whole.columns
    assert described.integer == whole.integer
    assert described.text_decimals == whole.text_decimals
    assert described.forms[1].categories == ("amber", "blue", "red")


def test_columns_are_chosen_and_dropped(path: Path) -> None:
    file = ParquetRows(path, "t.parquet", ["count", "height"])
    np.testing.assert_array_equal(file.read(0, 300), read_rows(path).values[:300, [2, 0]])
    assert ParquetRows(path, "t.parquet", drop=["color"]).shape == (2,)


def test_blanks_are_passed_over_in_the_survey(path: Path) -> None:
    values = read_rows(path).values
    found = survey(ParquetRows(path, "t.parquet"), np.array([3, 500]), [np.array([0, 999])])
    training = np.delete(values, [3, 500], axis=0)
    np.testing.assert_allclose(found.moments.mean, np.nanmean(training, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.moments.std, np.nanstd(training, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.parts[0], values[[0, 999]])


def test_an_infinite_number_is_refused(tmp_path: Path) -> None:
    table = pyarrow.table({"a": [1.0] * 99 + [np.inf]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'a' holds inf"):
        survey(ParquetRows(tmp_path / "t.parquet", "t.parquet"), np.array([], np.int64), [])


def test_a_row_group_that_is_too_large_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "LARGEST_GROUP", GROUP * 3 * 8 - 1)
    with pytest.raises(DataError, match=r"a row group of 130 rows.*row_group_size"):
        ParquetRows(path, "t.parquet")


def test_a_file_that_is_cut_short_while_it_is_read_is_an_error(path: Path) -> None:
    file = ParquetRows(path, "t.parquet")
    assert file.forms
    path.write_bytes(path.read_bytes()[:2_000])
    with pytest.raises(DataError, match="was changed during the run"):
        file.read(0, 10)


def test_damage_is_an_error(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:3_000] = bytes(2_800)
    path.write_bytes(content)
    with pytest.raises(DataError, match="is no parquet file, or is damaged"):
        ParquetRows(path, "t.parquet").read(0, ROWS)
