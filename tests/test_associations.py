"""Pairwise associations of a mixed table, against SciPy and known values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association, crosstab

from vdm_cli.comparison.associations import association_matrix
from vdm_cli.data.form import NUMBER, Form

BLANK_NUMBER = Form(blank="")
DATE = Form("date", pattern="%Y-%m-%d")


def category(levels: int, blank: str | None = None) -> Form:
    return Form("category", tuple(map(str, range(levels))), blank=blank)


def of_pair(first: np.ndarray, second: np.ndarray, *forms: Form) -> float:
    matrix = association_matrix(np.stack([first, second], axis=1).astype(np.float64), forms)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1.0)
    return float(matrix[0, 1])


def test_numbers_have_spearmans_correlation_over_rows_where_both_are_present() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 12, 300).astype(np.float64)  # many ties
    y = np.round(x + rng.normal(0.0, 4.0, 300))
    x[rng.random(300) < 0.2] = np.nan
    y[rng.random(300) < 0.1] = np.nan
    expected = stats.spearmanr(x, y, nan_policy="omit").statistic
    assert of_pair(x, y, BLANK_NUMBER, BLANK_NUMBER) == pytest.approx(expected, abs=1e-12)
    assert of_pair(x, y, Form("date", blank=""), BLANK_NUMBER) == pytest.approx(expected, abs=1e-12)


def test_numbers_without_blanks_are_ranked_the_same_way() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 5, 200), rng.normal(size=200)
    assert of_pair(x, y, NUMBER, NUMBER) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_a_gaussian_pair_has_its_known_rank_correlation() -> None:
    """6 / pi arcsin(rho / 2); the standard error of a rank correlation is below 1.1 / sqrt(n)."""
    rho, n = -0.6, 20_000
    rows = np.random.default_rng(2).multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    expected = 6 / np.pi * np.arcsin(rho / 2)
    assert of_pair(*rows.T, NUMBER, NUMBER) == pytest.approx(expected, abs=4 * 1.1 / n**0.5)


@pytest.mark.parametrize("blank_numbers", [False, True])
def test_a_number_and_a_category_have_the_ratio_that_kruskal_and_wallis_give(blank_numbers: bool) -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, 300).astype(np.float64)
    values = np.round(codes**2 + rng.normal(0.0, 4.0, 300))
    codes[rng.random(300) < 0.1] = np.nan
    if blank_numbers:
        values[rng.random(300) < 0.2] = np.nan
    present = ~np.isnan(values)
    groups = [values[present & (codes == code)] for code in range(4)] + [values[present & np.isnan(codes)]]
    h, n, k = stats.kruskal(*groups).statistic, int(present.sum()), 5
    expected = np.sqrt((h - k + 1) / (n - k))
    assert 0.2 < expected < 0.9
    assert of_pair(values, codes, BLANK_NUMBER, category(4, "")) == pytest.approx(expected, abs=1e-12)
    assert of_pair(codes, values, category(4, ""), BLANK_NUMBER) == pytest.approx(expected, abs=1e-12)


def test_the_lower_and_the_upper_half_explain_three_quarters_of_the_variance_of_ranks() -> None:
    """Of 0, ..., n - 1: group means +-n / 4 against (n^2 - 1) / 12."""
    values = np.arange(100_000)
    found = of_pair(values, values >= 50_000, NUMBER, category(2))
    assert found == pytest.approx(np.sqrt(0.75), abs=1e-5)


def test_categories_have_cramers_v_less_bergsmas_correction() -> None:
    rng = np.random.default_rng(4)
    a = rng.integers(0, 3, 80)
    b = np.where(rng.random(80) < 0.5, a, rng.integers(0, 5, 80))
    table = crosstab(a, b).count
    assert table.shape == (3, 5)
    phi_squared = association(table, method="cramer") ** 2 * 2
    corrected = phi_squared - 2 * 4 / 79
    rows, columns = 3 - 4 / 79, 5 - 16 / 79
    expected = np.sqrt(corrected / (min(rows, columns) - 1))
    assert of_pair(a, b, category(3), category(5)) == pytest.approx(expected, abs=1e-12)


def test_cramers_v_of_many_rows_is_the_uncorrected_one() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 3, 50_000)
    b = np.where(rng.random(50_000) < 0.4, a, rng.integers(0, 3, 50_000))
    expected = association(crosstab(a, b).count, method="cramer")
    assert of_pair(a, b, category(3), category(3)) == pytest.approx(expected, abs=1e-3)


def test_a_category_renamed_has_association_one() -> None:
    codes = np.random.default_rng(6).integers(0, 7, 60)
    assert of_pair(codes, (3 * codes + 1) % 7, category(7), category(7)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("second_is_category", [True, False])
def test_many_categories_on_few_rows_are_not_taken_for_an_association(second_is_category: bool) -> None:
    """Uncorrected, independent columns would have about sqrt(100 / 300) = 0.6."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(20):
        codes = rng.integers(0, 100, 300)
        other = rng.integers(0, 100, 300) if second_is_category else rng.normal(size=300)
        found.append(of_pair(codes, other, category(100), category(100) if second_is_category else NUMBER))
    assert np.mean(found) < 0.15


def test_a_blank_of_a_category_is_a_level_of_its_own() -> None:
    codes = np.random.default_rng(8).integers(0, 2, 100)
    only_when_zero = np.where(codes == 0, np.nan, 0.0)
    assert of_pair(only_when_zero, codes, category(1, ""), category(2)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (np.full(50, 3.0), NUMBER),
        (np.full(50, np.nan), BLANK_NUMBER),
        (np.r_[1.0, np.full(49, np.nan)], BLANK_NUMBER),
        (np.full(50, 1.0), category(3)),
        (np.full(50, np.nan), category(3, "")),
        (np.arange(50.0), category(50)),  # names of rows say nothing
    ],
)
def test_columns_without_information_are_associated_with_nothing(values: np.ndarray, form: Form) -> None:
    rng = np.random.default_rng(9)
    others = np.stack([values, rng.normal(size=50), rng.integers(0, 3, 50), np.full(50, 7.0)], axis=1)
    matrix = association_matrix(others, (form, NUMBER, category(3), DATE))
    np.testing.assert_array_equal(matrix[0], [1.0, 0.0, 0.0, 0.0])
    assert np.isfinite(matrix).all()


def test_outliers_and_units_change_nothing() -> None:
    rng = np.random.default_rng(10)
    x = rng.normal(size=(200, 3))
    x[:, 2] = rng.integers(0, 3, 200)
    forms = (NUMBER, NUMBER, category(3))
    stretched = np.stack([np.exp(100 * x[:, 0]), -x[:, 1] * 1e300, x[:, 2]], axis=1)
    signs = np.array([[1, -1, 1], [-1, 1, 1], [1, 1, 1]])
    np.testing.assert_allclose(
        association_matrix(stretched, forms), association_matrix(x, forms) * signs, atol=1e-12
    )
