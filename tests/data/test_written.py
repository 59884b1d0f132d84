from __future__ import annotations

import numpy as np

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.written import as_written


def test_values_stand_as_in_their_file() -> None:
    gap = np.nan
    assert as_written(np.array([7.0, 7.25, -0.1]), NUMBER) == [7, 7.25, -0.1]
    assert as_written(np.array([1.5, gap]), Form(blank="NA")) == [1.5, None]
    assert as_written(np.array([1.0, gap, 0.0]), Form("category", ("low", "3,5"), blank="")) == [
        "3,5",
        None,
        "low",
    ]
    assert as_written(np.array([0.0, gap]), Form("date", pattern="%d.%m.%Y", unit="D", blank="-")) == [
        "01.01.1970",
        None,
    ]


def test_numbers_have_the_digits_of_their_type() -> None:
    tenth = np.array([0.1], np.float32)
    assert as_written(tenth, NUMBER) == [0.1]
    assert as_written(tenth.astype(np.float64), Form(stored="float")) == [0.1]
    assert as_written(np.array([255], np.uint8), NUMBER) == [255]
    assert [type(value) for value in as_written(np.array([2.0, 1e300]), NUMBER)] == [int, float]
