"""The benchmark's pairs of known truth: draws, exact log-ratios and true values agree."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.estimation.pairs import PAIRS, Pair
from benchmarks.estimation.truth import sampled

from vdm_cli.divergences.catalog import catalog

CATALOG = catalog()
ROWS = [
    CATALOG[name] for name in ("kl", "reverse_kl", "jensen_shannon", "total_variation", "squared_hellinger")
]
DRAWS = 5_000


def log_ratios(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return pair.log_ratio(pair.p(rng, DRAWS)), pair.log_ratio(pair.q(rng, DRAWS))


@pytest.mark.parametrize("name", PAIRS)
def test_draws_and_their_exact_log_ratios_give_the_true_divergence(name: str) -> None:
    ratios, truth = log_ratios(PAIRS[name]), PAIRS[name].truth(ROWS)
    for row in ROWS:
        known = truth[row.label]
        if math.isfinite(known.value):
            value, error = sampled(row, *ratios)
            spread = math.hypot(error, known.standard_error or 0.0)
            assert value == pytest.approx(known.value, abs=4.0 * spread + 1e-9), row.label


@pytest.mark.parametrize("name", PAIRS)
def test_rows_are_shown_in_the_dimension_stated_and_repeat(name: str) -> None:
    pair = PAIRS[name]
    p, q = pair.draw(50, seed=1)
    assert p.shape == q.shape == (50, pair.dimension)
    assert np.isfinite(p).all()
    assert np.isfinite(q).all()
    np.testing.assert_array_equal(pair.draw(50, seed=1)[1], q)
    assert not np.array_equal(pair.draw(50, seed=2)[1], q)
