"""Two files as rows of the same columns: names, kinds, weights, labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vdm_cli.data.choice import Choice
from vdm_cli.data.pair import read_pair
from vdm_cli.data.row_weights import check_weights
from vdm_cli.data.weight_column import WeightColumn, parse_weight_column
from vdm_cli.errors import DataError, UsageError

ROWS = np.array([[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def csv(path: str, names: str, *rows: str) -> str:
    Path(path).write_text("\n".join([names, *rows]) + "\n")
    return path


@pytest.mark.usefixtures("place")
class TestColumns:
    def test_columns_are_matched_by_name_whatever_their_order_and_the_format(self) -> None:
        csv("p.csv", "a,b,c", "1.5,2,3", "4,5,6")
        pq.write_table(
            pa.table({name: ROWS[:, index] for index, name in [(2, "c"), (0, "a"), (1, "b")]}), "q.parquet"
        )
        pair = read_pair("p.csv", "q.parquet")
        assert pair.p.columns == pair.q.columns == ("a", "b", "c")
        np.testing.assert_array_equal(pair.p.values, pair.q.values)
        assert pair.warnings == ()

    @pytest.mark.parametrize("dtype", [np.float32, np.int64])
    def test_an_array_beside_a_table_has_its_columns_by_position(self, dtype: type) -> None:
        np.save("p.npy", ROWS.astype(dtype))
        csv("q.csv", "a,b,c", "1,2,3")
        for choice, kept in ((Choice(), [0, 1, 2]), (Choice(columns=("c", "a")), [2, 0])):
            pair = read_pair("p.npy", "q.csv", choice)
            assert pair.p.columns == pair.q.columns
            np.testing.assert_array_equal(pair.p.values, ROWS.astype(dtype)[:, kept])
            assert "p.npy has no column names" in pair.warnings[0]

    def test_columns_of_arrays_are_chosen_by_the_names_of_the_report(self) -> None:
        np.save("p.npy", ROWS)
        np.save("q.npy", 2 * ROWS)
        pair = read_pair("p.npy", "q.npy", Choice(drop=("x1",)))
        assert pair.p.columns == ("x0", "x2")
        np.testing.assert_array_equal(pair.q.values, 2 * ROWS[:, [0, 2]])

    def test_a_vector_is_one_column(self) -> None:
        np.save("p.npy", ROWS[:, 0])
        csv("q.csv", "a", "1", "2")
        assert read_pair("p.npy", "q.csv").p.values.shape == (2, 1)

    def test_what_one_file_has_more_can_be_dropped_and_is_never_read(self) -> None:
        csv("p.csv", "a,id", "1,x7", "2,3", "3,2024")
        csv("q.csv", "b,a", "9,1")
        pair = read_pair("p.csv", "q.csv", Choice(drop=("id", "b")))
        assert pair.p.columns == pair.q.columns == ("a",)
        assert read_pair("p.csv", "q.csv", Choice(columns=("a",))).q.columns == ("a",)

    def test_names_are_held_against_each_other_before_rows_are_read(self) -> None:
        csv("p.csv", "a,b", "1,not a number among", "2,3", *["4,5"] * 99)
        csv("q.csv", "a", "1")
        with pytest.raises(
            DataError, match=r"only in P: b\); rename .* --drop b \(the same as --columns a\)"
        ):
            read_pair("p.csv", "q.csv")

    def test_an_index_without_a_name_is_not_compared(self) -> None:
        csv("p.csv", ",a", "0,1", "1,2")
        csv("q.csv", "a", "1")
        pair = read_pair("p.csv", "q.csv")
        assert pair.p.columns == ("a",)
        assert "column without a name" in pair.warnings[0]


@pytest.mark.usefixtures("place")
class TestMixedTables:
    def test_categories_blanks_and_dates_of_one_side_are_coded_alike(self) -> None:
        csv("p.csv", "town,price,day", "Rome,1.5,2024-01-01", "Lyon,2.5,2024-01-02")
        csv("q.csv", "town,price,day", "York,,2024-01-01 06:00", "Rome,7,2024-01-03 00:00")
        pair = read_pair("p.csv", "q.csv")
        town, price, day = pair.p.forms
        assert pair.q.forms == pair.p.forms
        assert town.categories == ("Lyon", "Rome", "York")
        assert price.blank is not None
        assert day.unit == "h"
        np.testing.assert_array_equal(pair.p.values[:, 0], [1, 0])
        np.testing.assert_array_equal(pair.q.values[:, 0], [2, 1])
        np.testing.assert_array_equal(pair.q.values[:, 1], [np.nan, 7])
        np.testing.assert_array_equal(pair.q.values[:, 2] - pair.p.values[0, 2], [6, 48])

    def test_text_and_parquet_hold_the_same_categories_dates_and_blanks(self) -> None:
        csv("p.csv", "town,flag,count,day", "Rome,True,1,2024-01-01", "Lyon,False,,2024-01-02")
        days = pa.array(np.array(["2024-01-01", "2024-01-02"], "datetime64[ms]"))
        columns = {"count": pa.array([1, None], pa.int64()), "day": days, "flag": [True, False]}
        pq.write_table(pa.table({**columns, "town": ["Rome", "Lyon"]}), "q.parquet")
        pair = read_pair("p.csv", "q.parquet")
        np.testing.assert_array_equal(pair.p.values, pair.q.values)

    def test_columns_of_other_kinds_are_named_with_a_remedy(self) -> None:
        csv("p.csv", "a,b", "1,x", "2,y")
        csv("q.csv", "a,b", "1,2024-01-01", "2,2024-01-02")
        with pytest.raises(DataError, match=r"column 'b' holds dates, but text in p.csv; .* --drop"):
            read_pair("p.csv", "q.csv")


@pytest.mark.usefixtures("place")
class TestImages:
    def test_gray_images_need_no_axis_of_channels(self) -> None:
        np.save("p.npy", np.zeros((3, 4, 5), np.uint8))
        np.save("q.npy", np.zeros((2, 4, 5, 1), np.uint8))
        pair = read_pair("p.npy", "q.npy")
        assert pair.p.values.shape[1:] == pair.q.values.shape[1:] == (4, 5)

    def test_labels_of_both_are_compared_with_the_classes_of_either(self) -> None:
        for side, classes in (("p", "ab"), ("q", "bc")):
            for index, name in enumerate(classes):
                folder = Path(side, name)
                folder.mkdir(parents=True)
                self.draw(folder / "image.png", 40 * index)
        pair = read_pair("p", "q")
        assert pair.p.labels is not None
        assert pair.q.labels is not None
        assert pair.p.labels.form.categories == ("a", "b", "c")
        np.testing.assert_array_equal([pair.p.labels.values, pair.q.labels.values], [[0, 1], [1, 2]])
        assert "--drop label" in pair.warnings[0]
        assert read_pair("p", "q", Choice(drop=("label",))).p.labels is None

    def test_labels_of_one_side_are_left_out_and_said(self) -> None:
        Path("p", "a").mkdir(parents=True)
        self.draw(Path("p", "a", "image.png"), 3)
        np.save("q.npy", np.zeros((2, 4, 4), np.uint8))
        pair = read_pair("p", "q.npy")
        assert pair.p.labels is pair.q.labels is None
        assert pair.warnings == ("only P has labels, so that they are not compared",)

    @staticmethod
    def draw(path: Path, gray: int) -> None:
        from PIL import Image

        Image.new("L", (4, 4), gray).save(path)


@pytest.mark.usefixtures("place")
class TestWeights:
    def test_a_column_of_weights_is_not_compared(self) -> None:
        csv("p.csv", "a,w,b", "1,0.5,3", "2,1,4")
        csv("q.csv", "b,a", "1,2")
        pair = read_pair("p.csv", "q.csv", Choice(p_weights=WeightColumn("w", 2.0)))
        assert pair.p.columns == pair.q.columns == ("a", "b")
        np.testing.assert_array_equal(pair.p.values, [[1, 3], [2, 4]])
        assert pair.p_weights is not None
        np.testing.assert_array_equal(pair.p_weights, [0.5, 1])
        assert pair.q_weights is None

    def test_an_array_beside_the_rows_holds_weights_too(self) -> None:
        np.savez("p.npz", samples=ROWS, w=np.array([1, 2], np.uint8))
        np.save("q.npy", ROWS)
        pair = read_pair("p.npz", "q.npy", Choice(p_weights=WeightColumn("w")))
        assert pair.p_weights is not None
        assert pair.p_weights.dtype == np.float64
        np.testing.assert_array_equal(pair.p_weights, [1, 2])

    @pytest.mark.parametrize(
        ("text", "name", "maximum"),
        [("w", "w", None), ("w:2.5", "w", 2.5), ("a:b", "a:b", None), ("a:b:1e3", "a:b", 1000.0)],
    )
    def test_a_maximum_is_the_number_after_the_last_colon(
        self, text: str, name: str, maximum: float | None
    ) -> None:
        assert parse_weight_column(text, "--p-weights") == WeightColumn(name, maximum, "--p-weights")

    @pytest.mark.parametrize("text", ["", ":3", "w:0", "w:-1", "w:nan", "w:inf"])
    def test_a_maximum_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="--p-weights"):
            parse_weight_column(text, "--p-weights")

    @pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, 3.0])
    def test_weights_that_are_none_are_refused_with_their_row(self, bad: float) -> None:
        with pytest.raises(DataError, match=r"row 1 of 'w' is .* \(1 such"):
            check_weights(WeightColumn("w", 2.0), np.array([1.0, bad]), "p.csv")
