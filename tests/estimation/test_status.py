from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vdm_cli.divergences.catalog import JENSEN_SHANNON, KL
from vdm_cli.estimation.status import Evidence, Gain, judge, pareto_shape, tail_share, unstable

GOOD = Evidence(
    estimate=0.4,
    error=0.01,
    gained=Gain(0.01, 0.001),
    p_value=1e-9,
    delta=0.05,
    auc=(0.8, 0.81),
    clipped=0.0,
    lost=0.0,
    tail=0.1,
    exact=None,
    rows=5000,
    columns=3,
)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "ok"),
        ({"p_value": 0.2}, "indistinguishable"),
        ({"auc": (1.0, 1.0)}, "saturated"),
        ({"auc": (0.995, 0.995), "clipped": 0.2}, "saturated"),
        ({"clipped": 0.2}, "undersampled"),
        ({"lost": 0.03}, "undersampled"),
        ({"lost": 0.01}, "ok"),
        ({"tail": 0.9}, "heavy_tail"),
        ({"exact": float("inf")}, "heavy_tail"),
        ({"rows": 200}, "undersampled"),
        ({"columns": 1000}, "undersampled"),
        ({"gained": Gain(0.04, 0.01)}, "undersampled"),
        ({"gained": Gain(0.04, 0.03)}, "ok"),
        ({"gained": None}, "ok"),
        ({"exact": 0.5}, "undersampled"),
        ({"exact": 0.43}, "ok"),
    ],
)
def test_one_fact_decides_the_status(change: dict[str, object], status: str) -> None:
    assert judge(KL, replace(GOOD, **change)) == status


def test_a_bounded_divergence_near_its_supremum_is_saturated() -> None:
    assert judge(JENSEN_SHANNON, replace(GOOD, estimate=0.69, gained=None)) == "saturated"
    assert judge(KL, replace(GOOD, estimate=0.69, gained=None)) == "ok"


def test_folds_that_disagree_are_unstable_and_chance_is_not() -> None:
    assert judge(KL, GOOD, stable=False) == "critic_unstable"
    assert unstable((0.9, 0.6, 0.9, 0.9, 0.9), 400, 400)
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert not unstable(tuple(0.76 + 0.017 * rng.normal(size=5)), 400, 400)


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0, 2.0])
def test_the_shape_of_a_pareto_tail_is_found(shape: float) -> None:
    rng = np.random.default_rng(1)
    found = [pareto_shape(rng.pareto(1.0 / shape, 20_000) + 1.0) for _ in range(20)]
    assert np.mean(np.array(found, float)) == pytest.approx(shape, abs=0.1)


def test_tails_that_cannot_be_judged_have_no_shape() -> None:
    assert pareto_shape(np.ones(1000)) is None
    assert pareto_shape(np.arange(10.0)) is None


def test_the_tail_share_is_what_few_rows_carry() -> None:
    values = np.concatenate([np.zeros(9995), np.full(5, 100.0)])
    assert tail_share(values) > 0.99
    assert tail_share(np.random.default_rng(0).normal(size=10_000)) < 0.02
    assert tail_share(np.zeros(10)) == 0.0
