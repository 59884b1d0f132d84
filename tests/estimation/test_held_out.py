from __future__ import annotations

import numpy as np
import pytest

from vdm_cli.divergences.catalog import KL, catalog
from vdm_cli.divergences.names import parse_divergences
from vdm_cli.estimation.crossfit import FoldScores, Sample
from vdm_cli.estimation.held_out import HeldOut
from vdm_cli.estimation.splits import Split


def test_ratios_of_rows_far_outside_all_others_have_finite_squares() -> None:
    rows = np.arange(4)
    split = Split(rows[:0], rows[:0], rows)
    scores = np.array([0.1, -0.2, 0.3, 690.0])
    empty = scores[:0]
    fold = FoldScores(split, split, (empty, empty), (scores, scores))
    sample = Sample(np.zeros((4, 1)))
    ratio, shares = HeldOut(sample, sample, [fold]).ratios()
    assert np.isfinite((shares @ ratio) ** 2)
    assert np.isfinite(np.square(shares) @ np.square(ratio))


def test_a_gain_is_counted_row_by_row_where_both_critics_saw_the_rows() -> None:
    rng = np.random.default_rng(0)
    sample = Sample(np.zeros((400, 1)))
    calibrate = rng.normal(0.5, 1.0, 5000), rng.normal(-0.5, 1.0, 5000)  # true log-ratios: wide caps

    def held_out(order: np.ndarray, p: np.ndarray, q: np.ndarray) -> HeldOut:
        split = Split(order, order, order)
        return HeldOut(sample, sample, [FoldScores(split, split, calibrate, (p[order], q[order]))])

    p, q = np.clip(rng.normal((0.5, -0.5), 1.0, (400, 2)), -1.0, 1.0).T
    noise = rng.normal(0.0, 0.2, (2, 400))
    order = rng.permutation(400)
    ours = held_out(order, p, q)
    theirs = held_out(order[:250], p + noise[0], q + noise[1])
    same = held_out(rng.permutation(400)[:300], p, q).gain(ours, KL)
    gain = ours.gain(theirs, KL)
    seen = order[:250]
    # KL: T(v) = 1 + v and f*(T(v)) = e^v
    differences = -noise[0][seen], np.exp(q[seen]) - np.exp(q + noise[1])[seen]
    assert gain.value == pytest.approx(differences[0].mean() - differences[1].mean(), abs=1e-9)
    errors = [values.std(ddof=1) / np.sqrt(250) for values in differences]
    assert gain.error == pytest.approx(np.hypot(*errors), rel=1e-9)
    assert gain.error < 0.5 * ours.bound(KL).error
    assert (same.value, same.error) == (0.0, 0.0)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "jeffreys", "pearson_chi2", "neyman_chi2"])
def test_what_the_caps_cut_off_completes_the_bound_of_true_log_ratios(name: str) -> None:
    rng = np.random.default_rng(0)
    n, distance = 4000, 1.2
    p, q = distance * rng.normal((0.5 * distance, -0.5 * distance), 1.0, (n, 2)).T
    sample, rows = Sample(np.zeros((n, 1))), np.arange(n)
    split = Split(rows, rows, rows)
    bound = HeldOut(sample, sample, [FoldScores(split, split, (p, q), (p, q))]).bound(catalog()[name])
    kl, chi2 = 0.5 * distance**2, np.expm1(distance**2)
    truth = {"kl": kl, "reverse_kl": kl, "jeffreys": 2.0 * kl, "pearson_chi2": chi2, "neyman_chi2": chi2}
    assert bound.value + bound.lost == pytest.approx(truth[name], rel=0.12)
    assert (bound.lost > 0.05 * bound.value) == name.endswith("chi2")


def test_what_is_cut_off_of_separated_samples_is_a_number_for_every_f() -> None:
    n = 200
    sample, rows = Sample(np.zeros((n, 1))), np.arange(n)
    split = Split(rows, rows, rows)
    scores = np.linspace(5.0, 600.0, n), np.linspace(-600.0, -5.0, n)
    held_out = HeldOut(sample, sample, [FoldScores(split, split, scores, scores)])
    for divergence in parse_divergences(["all", "alpha:20", "alpha:-5"], ["(u-1)**4"]):
        bound = held_out.bound(divergence)
        assert np.isfinite(bound.value)
        assert np.isfinite(bound.lost)
        assert bound.lost >= -1e-9
