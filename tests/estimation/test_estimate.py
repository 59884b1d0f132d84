from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from vdm_cli.divergences.catalog import JENSEN_SHANNON, KL, PEARSON_CHI2, REVERSE_KL, catalog
from vdm_cli.errors import DataError
from vdm_cli.estimation.budget import BUDGETS
from vdm_cli.estimation.critic import Perceptron
from vdm_cli.estimation.crossfit import Sample, cross_fit
from vdm_cli.estimation.estimate import estimate_divergences
from vdm_cli.estimation.result import Estimation
from vdm_cli.estimation.splits import certifying_split
from vdm_cli.estimation.weights import Weights

Pair = Callable[..., tuple[np.ndarray, np.ndarray]]

EXACT = {
    "kl": 0.5,
    "reverse_kl": 0.5,
    "jensen_shannon": 0.11142,
    "total_variation": 0.38292,
    "squared_hellinger": 0.23501,
    "jeffreys": 1.0,
}


@pytest.mark.parametrize("name", EXACT)
def test_shifted_gaussians_are_measured_within_four_standard_errors(
    shifted_estimation: Estimation, name: str
) -> None:
    row = next(row for row in shifted_estimation.estimates if row.divergence == name)
    assert abs(row.estimate - EXACT[name]) < 4 * row.standard_error
    assert row.standard_error < 0.1 * EXACT[name]
    assert 0 < row.certified_lower < EXACT[name]
    assert row.ci[0] < row.estimate < row.ci[1]
    assert row.p_value < 1e-6


def test_every_estimate_respects_identities_between_divergences(shifted_estimation: Estimation) -> None:
    value = {row.divergence: row.estimate for row in shifted_estimation.estimates}
    # Jeffreys narrows its own caps.
    np.testing.assert_allclose(value["gan"], 2 * value["jensen_shannon"] - math.log(4), atol=1e-9)
    np.testing.assert_allclose(value["alpha:0.5"], 2 * value["squared_hellinger"], rtol=1e-6)
    np.testing.assert_allclose(value["jeffreys"], value["kl"] + value["reverse_kl"], rtol=2e-3)


def test_the_document_is_valid_json_in_the_order_asked(shifted_estimation: Estimation) -> None:
    document = json.loads(json.dumps(shifted_estimation.to_json(), allow_nan=False))
    assert list(document) == ["level", "seed", "critic", "estimates", "warnings"]
    assert [row["divergence"] for row in document["estimates"]] == [d.label for d in catalog().values()]
    rows = {row["divergence"]: row for row in document["estimates"]}
    assert rows["kl"]["exact"] == 0.5
    assert rows["kl"]["exact_standard_error"] is None
    assert rows["total_variation"]["exact"] == 0.383
    assert rows["total_variation"]["exact_standard_error"] == 0.002
    assert rows["kl"]["supremum"] is None
    assert rows["jensen_shannon"]["supremum"] == math.log(2)
    assert rows["jensen_shannon"]["exact"] is None
    assert document["critic"]["auc"] == pytest.approx(0.76, abs=0.03)
    assert document["critic"]["mean_ratio"] == pytest.approx(1.0, abs=0.15)


def test_a_truth_that_is_infinite_is_null_with_a_status_and_a_warning(shifted_estimation: Estimation) -> None:
    row = next(row for row in shifted_estimation.estimates if row.divergence == "neyman_chi2")
    assert row.exact is None
    assert row.status == "heavy_tail"
    assert any("neyman_chi2" in warning and "infinite" in warning for warning in shifted_estimation.warnings)


def test_the_critic_is_reported_with_what_its_ratios_are_worth(shifted_estimation: Estimation) -> None:
    critic = shifted_estimation.critic
    assert critic.effective_rows == pytest.approx(3000 / math.e, rel=0.25)  # 1 / E_Q[r^2] = e^-1
    assert critic.pareto_k is not None
    assert critic.pareto_k < 0.6
    assert critic.certified_rows == (1650, 1650)
    assert 0.5 + 0.5 * 0.3 < critic.observer < 0.5 + 0.5 * EXACT["total_variation"]
    assert critic.p_value < 1e-9
    assert 0.0 < critic.auc_spread < 0.05


def test_the_floor_is_what_two_halves_of_p_give(pair: Pair) -> None:
    found = estimate_divergences(*pair(600, 2, 1.0, seed=0), [KL, JENSEN_SHANNON], floor=True)
    for row in found.estimates:
        assert row.floor is not None
        assert abs(row.floor) < 0.03 < row.estimate


def weighted_sample(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Uniform rows whose weights make them draws of the density 2x."""
    x = rng.uniform(size=(rows, 1))
    return x, x[:, 0]


def test_weighted_rows_stand_for_their_law_on_either_side() -> None:
    # KL(2x || 1) = log 2 - 1/2, reverse log(1/2) + 1.
    rng = np.random.default_rng(0)
    x, w = weighted_sample(rng, 4000)
    y = rng.uniform(size=(4000, 1))
    declared = estimate_divergences(x, y, [KL, REVERSE_KL], budget="fast", p_weights=Weights(w, 1.0))
    kl, reverse = declared.estimates
    assert abs(kl.estimate - (math.log(2) - 0.5)) < 4 * kl.standard_error
    assert abs(reverse.estimate - (1 - math.log(2))) < 4 * reverse.standard_error
    assert 0.03 < kl.certified_lower < math.log(2) - 0.5
    assert declared.critic.certified_rows[0] == pytest.approx(0.55 * 2000, rel=0.1)
    swapped = estimate_divergences(y, x, [REVERSE_KL], budget="fast", q_weights=Weights(w, 1.0)).estimates[0]
    assert abs(swapped.estimate - (math.log(2) - 0.5)) < 4 * swapped.standard_error


def test_a_weight_above_the_declared_maximum_is_refused() -> None:
    with pytest.raises(DataError, match="a weight is 5, and the declared maximum of all is 1"):
        Weights(np.array([0.5, 5.0]), 1.0)


def test_rows_that_weights_drew_for_the_certificate_are_not_weighted_again() -> None:
    # Weighted twice they are rows of 3x^2, and scores are off by .4 in the mean.
    rng = np.random.default_rng(1)
    x, w = weighted_sample(rng, 6000)
    split = certifying_split(np.flatnonzero(rng.random(len(x)) < w), rng)
    other = certifying_split(np.arange(3000), rng)
    sizes = BUDGETS["fast"]
    (found,) = cross_fit(
        Sample(x, w),
        Sample(rng.uniform(size=(3000, 1))),
        [(split, other)],
        network=Perceptron(1, sizes.critic.hidden),
        budget=sizes,
        seed=0,
    )
    true = np.log(2 * x[split.evaluate, 0])
    assert float(np.mean(np.abs(found.evaluate[0] - true))) < 0.2


def test_without_a_declared_maximum_weighted_rows_certify_nothing() -> None:
    rng = np.random.default_rng(0)
    x, w = weighted_sample(rng, 400)
    found = estimate_divergences(x, rng.uniform(size=(400, 1)), [KL], budget="fast", p_weights=Weights(w))
    row = found.estimates[0]
    assert (row.certified_lower, row.p_value, row.route) == (0.0, 1.0, "none")
    assert found.critic.certified_rows == (0, 0)
    assert row.estimate > 0.05


@pytest.mark.parametrize("seed", [0, 1])
def test_equal_distributions_are_indistinguishable_and_certify_nothing(pair: Pair, seed: int) -> None:
    found = estimate_divergences(
        *pair(300, 2, 0.0, seed), list(catalog().values()), level=0.999, budget="fast"
    )
    for row, divergence in zip(found.estimates, catalog().values(), strict=True):
        assert row.status == "indistinguishable"
        assert row.certified_lower == divergence.at_equality
        assert row.ci[0] <= divergence.at_equality + 4 * row.standard_error


def test_disjoint_supports_give_finite_saturated_numbers(pair: Pair) -> None:
    found = estimate_divergences(*pair(300, 2, 40.0, seed=0), list(catalog().values()), budget="fast")
    json.dumps(found.to_json(), allow_nan=False)
    assert {row.status for row in found.estimates} == {"saturated"}
    assert found.critic.auc == 1.0
    js = found.estimates[2]
    assert js.certified_lower < js.estimate <= math.log(2)
    assert js.estimate == pytest.approx(math.log(2), rel=0.02)


def test_heavy_tails_are_measured() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.standard_cauchy((1500, 1)) + 1.0, rng.standard_cauchy((1500, 1))
    found = estimate_divergences(p, q, [KL, REVERSE_KL], budget="fast")
    for row in found.estimates:
        assert abs(row.estimate - math.log(1.25)) < 4 * row.standard_error


def test_images_and_unequal_numbers_of_rows_are_taken() -> None:
    rng = np.random.default_rng(0)
    p = rng.integers(0, 200, size=(400, 3, 2, 1)).astype(np.uint8)
    q = rng.integers(0, 200, size=(90, 3, 2, 1)).astype(np.uint8)
    found = estimate_divergences(p, q, [JENSEN_SHANNON], budget="fast")
    assert (found.n_p, found.n_q) == (400, 90)
    assert found.estimates[0].certified_lower == 0.0


@pytest.mark.parametrize("constants", [(1.0, 1.0), (1.0, 0.0)])
def test_constant_columns_are_equal_or_separated_and_never_nan(constants: tuple[float, float]) -> None:
    p, q = np.full((60, 2), constants[0]), np.full((60, 2), constants[1])
    found = estimate_divergences(p, q, list(catalog().values()), budget="fast")
    json.dumps(found.to_json(), allow_nan=False)
    expected = "indistinguishable" if constants[0] == constants[1] else "saturated"
    assert {row.status for row in found.estimates} == {expected}


def test_the_same_rows_twice_are_warned_of(pair: Pair) -> None:
    p, _ = pair(60, 2, 0.0, seed=0)
    found = estimate_divergences(p, p.copy(), [JENSEN_SHANNON], budget="fast")
    assert any("same rows" in warning for warning in found.warnings)
    assert found.estimates[0].certified_lower == 0.0


def test_the_same_seed_repeats_every_number(pair: Pair) -> None:
    rows = pair(60, 2, 1.0, seed=0)
    first, again = (estimate_divergences(*rows, [KL], seed=5, budget="fast") for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (np.zeros((10, 2)), np.zeros((60, 2)), "P has 10 rows: at least 50"),
        (np.zeros((60, 2)), np.zeros((60, 3)), "must agree"),
        (np.zeros((60, 2)), np.full((60, 2), np.nan), "Q has 60 rows with NaN"),
        (np.zeros((60, 2)), np.full((60, 2), "a"), "real numbers"),
        (np.zeros((60, 0)), np.zeros((60, 0)), "no columns"),
    ],
)
def test_rows_that_cannot_be_measured_are_refused_with_the_reason(
    p: np.ndarray, q: np.ndarray, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        estimate_divergences(p, q, [PEARSON_CHI2])
