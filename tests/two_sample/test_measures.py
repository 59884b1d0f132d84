"""Each measure against its definition or a known truth."""

from __future__ import annotations

import json

import jax
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binomtest, fisher_exact

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.two_sample.c2st import c2st
from vdm_cli.two_sample.knn_kl import knn_kl
from vdm_cli.two_sample.measure import Line, Measure, missing, noted
from vdm_cli.two_sample.memorization import memorization
from vdm_cli.two_sample.modes import has_separate_modes, modes
from vdm_cli.two_sample.neighbors import neighbor_measures
from vdm_cli.two_sample.pairs import all_pairs
from vdm_cli.two_sample.renyi import renyi
from vdm_cli.two_sample.sliced_wasserstein import sliced_wasserstein


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# sliced Wasserstein


def test_sliced_wasserstein_of_a_shift_is_the_mean_projection_of_it():
    """W1 of a shift by s is |s.u| along u; over directions of the plane the mean is |s| 2/pi."""
    p = rng().normal(size=(500, 2))
    found = sliced_wasserstein(p, np.tile(p, (2, 1)) + np.array([3.0, 4.0]), rng())
    # 64 directions: sd of |cos| is .31, and k = 4
    assert found.value == pytest.approx(5.0 * 2 / np.pi, abs=4 * 5.0 * 0.31 / 8)
    assert found.rows == (500, 1000)


def test_sliced_wasserstein_on_the_line_is_the_wasserstein_distance():
    p, q = rng().normal(size=(400, 1)), 2.0 * rng(1).normal(size=(400, 1))
    found = sliced_wasserstein(p, q, rng())
    assert found.value == pytest.approx(np.abs(np.sort(p[:, 0]) - np.sort(q[:, 0])).mean())
    assert found.details["projections"] == 1


def test_sliced_wasserstein_of_equal_laws_is_what_a_random_deal_gives():
    found = sliced_wasserstein(rng().normal(size=(2000, 5)), rng(1).normal(size=(1000, 5)), rng())
    assert found.value == pytest.approx(found.details["at_equality"], rel=0.5)
    assert 0.0 < found.value < 0.1


# precision, recall, density, coverage


def test_the_four_neighbor_measures_are_their_definitions():
    p, q, k = rng().normal(size=(60, 2)), rng(1).normal(size=(60, 2)) * 1.5 + 0.3, 5

    def reach(rows: np.ndarray) -> np.ndarray:
        return np.sort(cdist(rows, rows), axis=1)[:, k]

    between = cdist(p, q)
    expected = {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    for j in range(60):
        expected["precision"] += any(between[i, j] <= reach(p)[i] for i in range(60)) / 60
        expected["density"] += sum(between[i, j] <= reach(p)[i] for i in range(60)) / (60 * k)
    for i in range(60):
        expected["recall"] += any(between[i, j] <= reach(q)[j] for j in range(60)) / 60
        expected["coverage"] += any(between[i, j] <= reach(p)[i] for j in range(60)) / 60
    found = neighbor_measures(all_pairs(p, np.concatenate([q, q + 9.0])), rng(), k)
    assert {each.name: each.value for each in found} == pytest.approx(expected)
    assert {each.rows for each in found} == {(60, 60)}


def test_density_and_coverage_of_equal_laws_are_those_of_naeem_et_al():
    """Density 1 and coverage 1 - (n-1)...(n-5) / (2n-1)...(2n-5), means over 30 pairs, k = 4."""
    values = []
    for seed in range(30):
        draws = rng(seed)
        found = neighbor_measures(all_pairs(draws.normal(size=(100, 3)), draws.normal(size=(100, 3))), draws)
        values.append([found[2].value, found[3].value, found[3].details["at_equality"]])
    truth = 1.0 - np.prod([(99 - j) / (199 - j) for j in range(5)])
    error = 4 * np.std(values, axis=0) / 30**0.5
    np.testing.assert_array_less(np.abs(np.mean(values, axis=0) - [1.0, truth, truth]), error)


def test_a_dropped_mode_lowers_recall_and_coverage_and_an_invented_one_precision_and_density():
    two = rng().normal(size=(400, 2)) + 20.0 * (np.arange(400)[:, None] % 2)
    one = rng(1).normal(size=(400, 2))
    dropped = {each.name: each.value for each in neighbor_measures(all_pairs(two, one), rng())}
    invented = {each.name: each.value for each in neighbor_measures(all_pairs(one, two), rng())}
    assert dropped["recall"] < 0.6 < 0.9 < dropped["precision"]
    assert dropped["coverage"] < 0.6
    assert invented["precision"] < 0.6 < 0.9 < invented["recall"]
    assert invented["density"] < 0.7


# nearest-neighbor KL


def test_knn_kl_of_a_shift_by_one_is_near_a_half():
    found = knn_kl(rng().normal(size=(4000, 1)), rng(1).normal(size=(3000, 1)) + 1.0)
    assert found.value == pytest.approx(0.5, abs=0.08)
    assert found.note == "a point estimate without guarantee"


def test_knn_kl_does_not_change_with_a_constant_column():
    p, q = rng().normal(size=(500, 2)), rng(1).normal(size=(400, 2)) + 0.5
    widened = [np.insert(rows, 1, 7.0, axis=1) for rows in (p, q)]
    assert knn_kl(*widened).value == knn_kl(p, q).value


@pytest.mark.parametrize(
    ("p", "why"),
    [
        (rng().normal(size=(100, 6)), "at most 5 columns"),
        (np.ones((100, 2)), "every column is constant"),
        (rng().integers(0, 9, (100, 2)), "repeats its values"),
        (rng().normal(size=(100, 1)) * [1.0, 2.0], "linearly"),
        (np.concatenate([rng().normal(size=(100, 2)), np.zeros((10, 2))]), "rows are equal"),
        (rng().normal(size=(5, 2)), "more than 5 rows"),
    ],
)
def test_knn_kl_says_why_it_is_missing(p, why):
    found = knn_kl(p, p)
    assert found.value is None
    assert why in found.note


# Renyi


@pytest.mark.parametrize("order", [0.5, 2.0, -1.0])
def test_renyi_of_a_gaussian_shift_is_half_its_order_times_the_squared_shift(order):
    """R_a(N(1,1) || N(0,1)) = a/2, so that D_a = (e^((a-1) a / 2) - 1) / (a (a-1))."""
    divergence = np.expm1(order * (order - 1) / 2) / (order * (order - 1))
    found = renyi(order, divergence, 0.9 * divergence, (100, 100))
    assert found.name == f"renyi:{order:g}"
    assert found.value == pytest.approx(order / 2)
    if order > 0:
        assert 0 < found.details["certified_lower"] < found.value
    else:  # decreasing in D: a lower limit on D is an upper limit on R
        assert found.value < found.details["certified_upper"] < 0


def test_renyi_is_missing_above_the_largest_alpha_divergence():
    found = renyi(0.5, 4.0, 3.9, (100, 100))
    assert found.value is None
    assert found.details["certified_lower"] == pytest.approx(-2 * np.log(1 - 0.25 * 3.9))
    assert "infinite" in found.note


# classifier two-sample test


def scored(draws: np.random.Generator, n: int, m: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a critic that is right with probability `share` on either side."""
    p, q = (np.where(draws.random(size) < share, 1.0, -1.0) for size in (n, m))
    return p, -q


def test_c2st_of_one_fold_has_the_interval_of_clopper_and_pearson():
    p, q = scored(rng(), 200, 200, 0.7)
    found = c2st([p], [q], 0.95)
    right = int(np.sum(p > 0) + np.sum(q < 0))
    exact = binomtest(right, 400).proportion_ci(0.95, method="exact")
    assert found.value == pytest.approx(right / 400)
    # the level is 1 - 2 (1 - e^-.025) in place of .95
    assert found.details["ci"] == pytest.approx([exact.low, exact.high], abs=5e-4)
    assert found.details["ci"][0] <= exact.low
    above = [int(np.sum(side > 0)) for side in (p, q)]
    table = [above, [200 - above[0], 200 - above[1]]]
    assert found.details["p_value"] == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_the_interval_of_five_folds_holds_the_mean_of_their_accuracies():
    """Critics of different accuracy: 100 replicates at level .9 miss at most 10 % + 3 SE of the time."""
    shares, missed, rejected = (0.45, 0.5, 0.52, 0.6, 0.7), 0, 0
    draws = rng(3)
    for _ in range(100):
        folds = [scored(draws, 30, 50, share) for share in shares]
        low, high = c2st([p for p, _ in folds], [q for _, q in folds], 0.9).details["ci"]
        missed += not low <= np.mean(shares) <= high
        null = [scored(draws, 30, 50, 0.5) for _ in shares]
        rejected += c2st([p for p, _ in null], [q for _, q in null], 0.9).details["p_value"] <= 0.1
    assert missed <= 100 * 0.1 + 3 * (100 * 0.09) ** 0.5
    assert rejected <= 100 * 0.1 + 3 * (100 * 0.09) ** 0.5


def test_folds_that_repeat_each_other_do_not_narrow_the_interval():
    """Wholly dependent folds, the worst case: the interval of one fold's rows, not of five folds' rows."""
    p, q = scored(rng(), 100, 100, 0.6)
    one, five = c2st([p], [q], 0.95).details["ci"], c2st([p] * 5, [q] * 5, 0.95).details["ci"]
    assert five[0] < one[0] < one[1] < five[1]
    assert c2st([p] * 5, [q] * 5, 0.95).details["p_value"] >= c2st([p], [q], 0.95).details["p_value"]


# modes


@pytest.mark.parametrize(("law", "kl"), [(GaussianMixture.ring(), 0.0014), (GaussianMixture.grid(), 0.0049)])
def test_a_perfect_sampler_of_2500_rows_scores_as_published(law, kl):
    found = modes(np.asarray(law.sample(jax.random.key(0), 2500)), law, rng())
    count = len(law.weights)
    assert found.value == found.details["of"] == count
    assert found.details["high_quality"] == pytest.approx(0.9889, abs=4 * (0.0111 / 2500) ** 0.5)
    assert found.details["sd_ratio"] == pytest.approx(0.974, abs=0.02)
    assert found.details["reverse_kl"] < 3 * kl
    perfect = found.details["perfect"]
    assert perfect["covered"] == count
    assert perfect["high_quality"] == pytest.approx(0.9889, abs=0.002)
    assert perfect["reverse_kl"] == pytest.approx(
        kl, rel=0.4
    )  # the mean of 20 chi-squares of 7 or 24 freedoms
    assert perfect["sd_ratio"] == pytest.approx(0.974, abs=0.004)


def test_dropped_and_shrunken_modes_are_seen():
    law = GaussianMixture.ring()
    half = law.means[:4].repeat(100, axis=0) + 0.005 * rng().normal(size=(400, 2))
    found = modes(half, law, rng())
    assert found.value == 4
    assert found.details["reverse_kl"] == pytest.approx(np.log(2.0))
    assert found.details["sd_ratio"] == pytest.approx(0.5, abs=0.05)


def test_rows_far_from_every_mode_leave_no_histogram():
    found = modes(np.full((50, 2), 9.0), GaussianMixture.ring(), rng())
    assert (found.value, found.details["high_quality"]) == (0, 0.0)
    assert found.details["reverse_kl"] is found.details["sd_ratio"] is None


def test_a_law_of_one_mode_has_no_coverage():
    assert modes(np.zeros((50, 1)), GaussianMixture.gaussian([0.0]), rng()).note == "the law has one mode"


@pytest.mark.parametrize(
    ("law", "separate"),
    [
        (GaussianMixture.ring(), True),
        (GaussianMixture.grid(), True),
        (GaussianMixture.ring(modes=100), True),
        (GaussianMixture.ring(modes=110), False),  # 6 sd of .01 against a spacing of 2 pi / 110 = .057
        (GaussianMixture.mixture([-1.0, 2.0], stds=[0.25, 1.41]), False),
        (GaussianMixture.mixture([-1.0, 2.0], stds=[0.25, 0.25]), True),
        (GaussianMixture.gaussian([0.0]), False),
    ],
)
def test_modes_are_separate_where_no_row_is_of_high_quality_for_two(law, separate):
    assert has_separate_modes(law) is separate


# memorization


def test_a_sampler_that_repeats_training_rows_is_told_from_one_that_does_not():
    draws = rng()
    train, held_out, fresh = (draws.normal(size=(1000, 3)) for _ in range(3))
    honest = memorization(train, held_out, fresh)
    assert honest.value == pytest.approx(0.5, abs=4 * (1 / 6000) ** 0.5)
    assert honest.details["median_ratio"] == pytest.approx(1.0, abs=0.1)
    assert honest.details["copies"] == honest.details["held_out_copies"] == 0.0
    copied = memorization(train, held_out, train[:500])
    assert (copied.value, copied.details["copies"], copied.details["median_ratio"]) == (1.0, 1.0, 0.0)
    near = memorization(train, held_out, train + 0.01 * fresh)
    assert near.value > 0.9
    assert near.details["p_value"] < 1e-9
    assert near.details["copies"] == 0.0


@pytest.mark.parametrize("width", [2, 40])
def test_repeated_rows_of_the_data_are_no_memorization(width):
    """Wide rows have distances by matrix products, which are rounded; those of equal rows are not."""
    known = rng(9).normal(size=(9, width)) + 1e3
    train, held_out, fresh = (known[rng(seed).integers(0, 9, 300)] for seed in range(3))
    found = memorization(train, held_out, fresh)
    assert found.details["copies"] == found.details["held_out_copies"] == 1.0
    assert (found.value, found.details["p_value"], found.details["median_ratio"]) == (0.5, 1.0, None)


# JSON


def test_a_document_holds_no_number_that_json_has_not():
    measure = Measure(
        "x", float("inf"), (3, 4), (Line("x", 1.0),), details={"a": {"b": float("nan")}, "c": 2}
    )
    told = json.loads(json.dumps(noted(measure, "hm").to_json(), allow_nan=False))
    assert told == {"name": "x", "value": None, "a": {"b": None}, "c": 2, "rows": [3, 4], "note": "hm"}
    assert missing("y", "why").to_json() == {"name": "y", "value": None, "rows": [0, 0], "note": "why"}


def test_words_of_a_table_are_short():
    pairs = all_pairs(rng().normal(size=(50, 2)), rng(1).normal(size=(50, 2)))
    p, q = scored(rng(), 50, 50, 0.6)
    found = [
        *neighbor_measures(pairs, rng()),
        c2st([p], [q], 0.95),
        renyi(-0.123456, 0.1, 0.01, (9, 9)),
        knn_kl(rng().normal(size=(50, 2)), rng(1).normal(size=(50, 2))),
        modes(np.zeros((50, 2)), GaussianMixture.ring(), rng()),
        memorization(*(rng(seed).normal(size=(50, 2)) for seed in range(3))),
    ]
    assert max(len(line.what) for each in found for line in each.lines) <= 48
