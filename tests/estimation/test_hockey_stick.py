r"""The hockey-stick divergence f(u) = max(u - e^epsilon, 0), whose value is delta(epsilon) of two outputs.

A mechanism with outputs P and Q on neighboring inputs is (epsilon, delta)-private only if both D_f(P || Q)
and D_f(Q || P) are at most delta (Dwork and Roth 2014, definition 2.4; Barthe and Olmedo 2013), so that a
certified lower limit is an audit.  For N(mu, 1) against N(0, 1), Balle and Wang 2018, equation 6:

    delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from vdm_cli.divergences.expression import expression_divergence
from vdm_cli.estimation.cut import CutChooser, count_above

RATIO = 2.7
LEVEL = 0.05


def true_delta(shift: float) -> float:
    epsilon = np.log(RATIO)
    return float(norm.cdf(shift / 2 - epsilon / shift) - RATIO * norm.cdf(-shift / 2 - epsilon / shift))


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_its_variational_form_at_the_log_ratio_is_delta(shift: float) -> None:
    hockey_stick = expression_divergence(f"maximum(u - {RATIO}, 0)")
    x = np.linspace(-12.0, 12.0, 240_001)
    v = (shift * x - shift**2 / 2).astype(np.float32)
    t, s = np.asarray(hockey_stick.witness(v)), np.asarray(hockey_stick.witness_conjugate(v))
    value = np.trapezoid(t * norm.pdf(x, shift) - s * norm.pdf(x), x)
    assert value == pytest.approx(true_delta(shift), abs=2e-4)
    assert hockey_stick.supremum == pytest.approx(1.0)


@pytest.mark.parametrize("shift", [0.5, 1.5])
def test_a_certificate_exceeds_delta_as_seldom_as_it_says(shift: float) -> None:
    hockey_stick = expression_divergence(f"maximum(u - {RATIO}, 0)")
    rng, repeats, rows = np.random.default_rng(0), 100, 400
    truth, limits = true_delta(shift), []
    best_cut = np.log(RATIO) / shift + shift / 2  # where p/q = e^epsilon: the cut of the true delta itself
    for _ in range(repeats):
        p, q = rng.normal(shift, 1.0, rows), rng.normal(0.0, 1.0, rows)
        limits.append(count_above(p, q, best_cut).limit(hockey_stick, LEVEL))
    assert min(limits) >= 0.0
    assert np.sum(np.array(limits) > truth) <= binom.ppf(0.999, repeats, LEVEL)
    if truth > 0.2:
        assert np.median(limits) > 0.5 * truth


def test_the_cut_is_chosen_where_the_ratio_is_e_to_the_epsilon() -> None:
    hockey_stick = expression_divergence(f"maximum(u - {RATIO}, 0)")
    rng, shift = np.random.default_rng(0), 1.5
    p, q = rng.normal(shift, 1.0, 20_000), rng.normal(0.0, 1.0, 20_000)
    cut, _ = CutChooser(p, q, len(p), len(q), LEVEL).for_divergence(hockey_stick)
    assert cut == pytest.approx(np.log(RATIO) / shift + shift / 2, abs=0.15)
