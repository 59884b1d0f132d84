from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.data.conditioning import KNOWN_ROWS, Conditioning, fit_conditioning
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.errors import DataError, UsageError

DIGIT = Form(kind="category", categories=("0", "1", "2"))


def labels() -> Conditioning:
    return fit_conditioning(["label"], [DIGIT], (), np.repeat([[0.0], [1.0], [2.0]], [10, 30, 60], axis=0))


def mixed() -> Conditioning:
    """A class and a number; digit 2 is never seen with a number above zero."""
    rng = np.random.default_rng(0)
    digit = rng.integers(0, 3, 900).astype(float)
    number = np.where(digit == 2, -1.0, 1.0) * rng.exponential(1.0, 900)
    return fit_conditioning(["digit", "size"], [DIGIT, NUMBER], (2, 0), np.stack([digit, number], axis=1))


def test_conditions_are_drawn_as_the_training_rows_have_them() -> None:
    drawn = labels().draw(20_000, (0,))
    shares = np.bincount(drawn[:, 0].astype(int)) / len(drawn)
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.6], atol=4 * np.sqrt(0.25 / len(drawn)))


def test_the_first_conditions_of_a_longer_draw_are_those_of_a_shorter_one() -> None:
    np.testing.assert_array_equal(mixed().draw(7, (3, 0)), mixed().draw(100, (3, 0))[:7])
    assert np.any(mixed().draw(7, (3, 1024)) != mixed().draw(7, (3, 0)))


def test_what_is_asked_is_given_and_the_rest_drawn_with_it() -> None:
    drawn = mixed().draw(200, (0,), {"digit": "2"})
    np.testing.assert_array_equal(drawn[:, 0], 2.0)
    assert np.all(drawn[:, 1] < 0)
    np.testing.assert_array_equal(mixed().draw(5, (0,), {"size": "0.25"})[:, 1], 0.25)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"lable": "1"}, r"--condition lable: the run is conditioned on label. Did you mean 'label'\?"),
        ({"label": "7"}, r"--condition label=7: no such class in the training data \(0, 1, 2\)"),
        ({"label": ""}, "no such class"),
    ],
)
def test_unseen_classes_and_names_are_errors(asked: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        labels().draw(1, (0,), asked)


@pytest.mark.parametrize("text", ["many", "nan", "inf", ""])
def test_a_number_must_be_one(text: str) -> None:
    with pytest.raises(UsageError, match="must be a number"):
        mixed().draw(1, (0,), {"size": text})


def test_an_unseen_value_of_a_few_valued_number_is_an_error() -> None:
    quality = fit_conditioning(["quality"], [NUMBER], (0,), np.repeat([[3.0], [5.0], [8.0]], 40, axis=0))
    assert quality.draw(1, (0,), {"quality": "5"})[0, 0] == 5.0
    with pytest.raises(UsageError, match=r"quality=6: no training row has such a class or value \(3, 5, 8\)"):
        quality.draw(1, (0,), {"quality": "6"})


def test_classes_are_one_hot_and_numbers_standardized() -> None:
    conditioning = mixed()
    drawn = conditioning.draw(2_000, (0,))
    encoded = conditioning.encode(drawn)
    assert encoded.shape == (2_000, conditioning.dim) == (2_000, 4)
    np.testing.assert_array_equal(np.argmax(encoded[:, :3], axis=1), drawn[:, 0])
    np.testing.assert_allclose(encoded[:, :3].sum(axis=1), 1.0)
    assert abs(encoded[:, 3].mean()) < 0.15


def test_conditions_go_back_to_their_columns() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    conditioning = mixed()
    given = conditioning.of(rows, None)
    np.testing.assert_array_equal(given, rows[:, [2, 0]])
    np.testing.assert_array_equal(conditioning.join(np.delete(rows, [2, 0], axis=1), given), rows)


def test_known_rows_are_bounded() -> None:
    many = fit_conditioning(["x"], [NUMBER], (0,), np.random.default_rng(0).normal(size=(20_000, 1)))
    assert many.known.shape == (KNOWN_ROWS, 1)


def test_json_keeps_conditions_to_the_bit() -> None:
    conditioning = mixed()
    restored = Conditioning.from_json(json.loads(json.dumps(conditioning.to_json())))
    np.testing.assert_array_equal(restored.draw(50, (1,)), conditioning.draw(50, (1,)))
    np.testing.assert_array_equal(restored.encode(restored.known), conditioning.encode(conditioning.known))
    assert (restored.names, restored.places) == (conditioning.names, conditioning.places)


def test_a_file_of_conditions_is_matched_by_name_and_text(tmp_path: Path) -> None:
    path = tmp_path / "wanted.csv"
    path.write_text("size,digit\n0.5,2\n-1.5,0\n")
    np.testing.assert_array_equal(mixed().read(path), [[2.0, 0.5], [0.0, -1.5]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("digit,size\n3,1.0\n", "column 'digit' asks for '3', which no training row has"),
        ("digit\n1\n", "has no column 'size'"),
        ("digit,size\n1,\n2,0.5\n", "column 'size': no training row has a blank"),
        ("digit,size\n,0.5\n2,0.5\n", "column 'digit': no training row has a blank"),
        ("digit,size\n1,2024-01-01\n", "column 'size' must hold numbers"),
    ],
)
def test_a_file_that_gives_no_conditions_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wanted.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        mixed().read(path)


DAY = Form(kind="date", pattern="%d.%m.%Y", unit="D")
TOWN = Form(kind="category", categories=("Rome", "York"), blank="")


def dated() -> Conditioning:
    """A date, a town that may be blank, and a number that may be blank."""
    rows = [[19_000.0 + day, day % 2, np.nan if day % 3 == 0 else 0.37 * day] for day in range(200)]
    rows += [[19_500.0, np.nan, 1.0]]
    return fit_conditioning(["day", "town", "size"], [DAY, TOWN, Form(blank="NA")], (0, 1, 2), np.array(rows))


@pytest.mark.parametrize("text", ["08.01.2022", "2022-01-08"])
def test_dates_are_asked_for_as_the_file_writes_them_or_in_iso(text: str) -> None:
    assert dated().draw(1, (0,), {"day": text})[0, 0] == 19_000.0


def test_blanks_are_asked_for_by_nothing_or_the_marker_of_the_file() -> None:
    assert np.isnan(dated().draw(5, (0,), {"town": ""})[:, 1]).all()
    assert np.isnan(dated().draw(5, (0,), {"size": "NA"})[:, 2]).all()
    with pytest.raises(UsageError, match="day=: must be a date"):
        dated().draw(1, (0,), {"day": ""})


def test_any_number_may_be_asked_for_where_some_are_blank() -> None:
    assert dated().draw(1, (0,), {"size": "0.123"})[0, 2] == 0.123


def test_a_file_of_conditions_may_have_other_units_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "wanted.csv"
    path.write_text("day,town,size\n2022-01-08 12:00:00,York,\n2022-01-09 00:00:00,,0.5\n")
    np.testing.assert_array_equal(dated().read(path), [[19_000.5, 1, np.nan], [19_001.0, np.nan, 0.5]])


def test_what_is_drawn_beside_a_number_of_few_values_goes_with_it() -> None:
    pairs = np.repeat([[0.0, 2020.0], [1.0, 2021.0], [2.0, 2022.0]], 50, axis=0)
    conditioning = fit_conditioning(["kind", "year"], [DIGIT, NUMBER], (0, 1), pairs)
    np.testing.assert_array_equal(conditioning.draw(100, (0,), {"year": "2021"})[:, 0], 1.0)


def test_weighted_rows_have_weighted_conditions() -> None:
    digits = np.repeat([[0.0], [1.0], [2.0]], 100, axis=0)
    weights = np.repeat([1.0, 0.0, 9.0], 100)
    drawn = fit_conditioning(["label"], [DIGIT], (), digits, weights).draw(10_000, (0,))[:, 0]
    assert set(drawn) == {0.0, 2.0}
    assert np.mean(drawn == 2.0) == pytest.approx(0.9, abs=0.015)


def test_a_rare_class_survives_the_bound_on_known_rows_and_keeps_its_share() -> None:
    rng = np.random.default_rng(0)
    rows = np.stack([(np.arange(20_000) >= 5) + 1.0, rng.normal(size=20_000)], axis=1)
    conditioning = fit_conditioning(["label", "x"], [DIGIT, NUMBER], (0, 1), rows)
    assert len(conditioning.known) == KNOWN_ROWS
    rare = conditioning.known[:, 0] == 1.0
    assert conditioning.counts[rare].sum() == pytest.approx(5.0)
    assert conditioning.counts.sum() == pytest.approx(20_000)
    np.testing.assert_array_equal(conditioning.draw(3, (0,), {"label": "1"})[:, 0], 1.0)
    with pytest.raises(UsageError, match=r"label=0: no training row has such a class or value \(1, 2\)"):
        conditioning.draw(1, (0,), {"label": "0"})
