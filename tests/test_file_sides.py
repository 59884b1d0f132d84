"""What two files become before they are compared: rows chosen, copies counted once, weights beside them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from vdm_cli.commands.file_sides import sides_of_files
from vdm_cli.commands.sides import Sides
from vdm_cli.data.choice import Choice
from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.errors import DataError

NORMAL = np.random.default_rng(0).normal(size=(400, 3))
OTHER = np.random.default_rng(1).normal(size=(300, 3))


def sides(
    folder: Path,
    p: np.ndarray,
    q: np.ndarray,
    choice: Choice | None = None,
    num_samples: int | None = None,
    **beside: np.ndarray,
) -> Sides:
    np.save(folder / "p.npy", p)
    np.savez(folder / "q.npz", samples=q, **beside)
    choice = dataclasses.replace(choice or Choice(), num_samples=num_samples)
    return sides_of_files(folder / "p.npy", folder / "q.npz", choice)


def test_copies_of_continuous_rows_are_left_out_and_said(tmp_path: Path) -> None:
    found = sides(tmp_path, np.concatenate([NORMAL, NORMAL[:100]]), OTHER)
    np.testing.assert_array_equal(found.p.rows, NORMAL)
    assert found.p_places is not None
    np.testing.assert_array_equal(found.p_places, np.arange(400))
    assert found.q_places is None
    assert found.warnings[0].startswith("100 rows (20 %) of P repeat another")


def test_repeated_rows_of_a_discrete_law_stay(tmp_path: Path) -> None:
    found = sides(tmp_path, NORMAL.round(0), OTHER.round(0))
    assert len(np.unique(found.p.rows, axis=0)) < len(found.p) == 400
    assert found.warnings == ()


def test_rows_are_chosen_with_their_weights_and_before_copies_are_told(tmp_path: Path) -> None:
    weights = np.linspace(0.5, 1.0, 300)
    choice = Choice(q_weights=WeightColumn("w", 2.0))
    found = sides(tmp_path, np.repeat(NORMAL, 2, axis=0), OTHER, choice, 200, w=weights)
    assert found.q_weights is not None
    assert found.q_weights.maximum == 2.0
    np.testing.assert_array_equal(found.q_weights.values, weights[found.q_places])
    np.testing.assert_array_equal(found.q.rows, OTHER[found.q_places])
    assert found.p_places is not None
    assert len(found.p) == len(np.unique(found.p.rows, axis=0)) < 200
    np.testing.assert_array_equal(found.p.rows, np.repeat(NORMAL, 2, axis=0)[found.p_places])


@pytest.mark.parametrize(
    ("maximum", "weights", "said"),
    [
        (None, np.ones(300), "nothing is certified: the weights of Q have no declared maximum"),
        (1e3, np.ones(300), "nothing is certified: rows of Q are kept for the certificate"),
        (None, np.r_[np.full(299, 1e-3), 1.0], "the 300 weighted rows of Q count like 2 equal ones"),
    ],
)
def test_weights_that_certify_nothing_are_told(
    tmp_path: Path, maximum: float | None, weights: np.ndarray, said: str
) -> None:
    found = sides(tmp_path, NORMAL, OTHER, Choice(q_weights=WeightColumn("w", maximum)), w=weights)
    assert any(warning.startswith(said) for warning in found.warnings)


def test_too_few_rows_without_copies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="P has 40 different rows, and at least 50 are needed"):
        sides(tmp_path, np.repeat(NORMAL[:40], 3, axis=0), OTHER)
