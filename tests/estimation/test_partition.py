from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.estimation import partition
from vdm_cli.estimation.partition import CELLS, cell_of, cut_points, joined_scores


def likelihood(p: float, q: float) -> float:
    return sum(each * np.log(each / (p + q)) for each in (p, q) if each > 0)


def prunings(first: int, last: int) -> list[list[tuple[int, int]]]:
    """All ways to cut cells first..last-1 by cutting halves in halves."""
    if last - first == 1:
        return [[(first, last)]]
    middle = (first + last) // 2
    cut = [a + b for a in prunings(first, middle) for b in prunings(middle, last)]
    return [[(first, last)], *cut]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_all_prunings_is_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratio = np.exp(0.3 * seed * np.repeat(rng.normal(size=4), 2))
    p, q = rng.poisson(30 * ratio).astype(float), rng.poisson(30, 8).astype(float)

    def value(cells: list[tuple[int, int]]) -> float:
        gained = sum(likelihood(p[a:b].sum(), q[a:b].sum()) for a, b in cells)
        return gained - partition._PRICE * len(cells)

    best = max(prunings(0, 8), key=value)
    share = p.sum() / (p.sum() + q.sum())
    expected = np.concatenate(
        [np.full(b - a, np.log((p[a:b].sum() + share) / (q[a:b].sum() + 1 - share))) for a, b in best]
    ) - np.log(p.sum() / q.sum())
    found = joined_scores(np.append(p, 0.0), np.append(q, 0.0))
    np.testing.assert_allclose(found[:-1], expected, atol=1e-12)
    assert found[-1] == pytest.approx(0.0, abs=1e-12), "nothing is known of blanks"


def test_sides_of_equal_shares_have_the_score_zero() -> None:
    counts = np.array([10.0, 20.0, 5.0, 0.0, 7.0])
    np.testing.assert_allclose(joined_scores(counts, 3 * counts), 0.0, atol=0.05)
    np.testing.assert_allclose(joined_scores(counts, 3 * counts)[:-1], 0.0, atol=1e-3)


def test_cells_hold_equal_shares_of_both_sides_together() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=4000), rng.normal(3.0, size=1000)
    points = cut_points(p, q, NUMBER)
    of_p, of_q = (np.bincount(cell_of(each, points), minlength=CELLS + 1) / len(each) for each in (p, q))
    assert len(points) == CELLS - 1
    np.testing.assert_allclose((of_p + of_q)[:CELLS], 2.0 / CELLS, atol=0.002)


def test_common_values_are_cells_of_their_own() -> None:
    rng = np.random.default_rng(1)
    column = rng.normal(size=3000)
    column[:1000] = 0.25
    points = cut_points(column, column, NUMBER)
    cells = cell_of(column, points)
    assert set(column[cells == cell_of(np.array([0.25]), points)[0]]) == {0.25}


def test_few_values_categories_and_blanks_are_told_apart() -> None:
    column = np.array([3.0, 1.0, np.nan, 7.0])
    assert cell_of(column, cut_points(column, column[:1], NUMBER)).tolist() == [1, 0, 4, 2]
    town = Form("category", ("a", "b", "c"), blank="")
    codes = np.array([2.0, 0.0, np.nan])
    assert cell_of(codes, cut_points(codes, codes[:1], town)).tolist() == [2, 0, 4]
