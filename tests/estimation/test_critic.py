from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.estimation.critic import (
    CriticBudget,
    FitRows,
    Perceptron,
    _advance_all,
    ensemble_scores,
    fit_critics,
    init_member,
)

pytestmark = pytest.mark.unoptimized

BUDGET = CriticBudget(hidden=16, members=2, batch=64, period=20, periods=5)
NETWORK = Perceptron(3, 16)


def _rows(separation: float, folds: int = 2) -> FitRows:
    rng = np.random.default_rng(0)
    p = rng.normal(separation, 1.0, size=(folds, 400, 3)).astype(np.float32)
    q = rng.normal(0.0, 1.0, size=(folds, 500, 3)).astype(np.float32)
    index = [
        np.broadcast_to(np.arange(*span, dtype=np.int32), (folds, BUDGET.members, span[1] - span[0]))
        for span in ((100, 400), (100, 500), (0, 100), (0, 100))
    ]
    return FitRows(*map(jnp.asarray, (p, q, *index)))


def test_a_critic_starts_as_the_constant_zero() -> None:
    member = init_member(NETWORK.init(np.random.default_rng(0)), BUDGET)
    x = jax.random.normal(jax.random.key(1), (7, 3))
    np.testing.assert_array_equal(NETWORK.score(member.params, x), np.zeros(7))


def test_fitting_is_repeatable_and_compiles_once_for_a_shape() -> None:
    first = fit_critics(_rows(1.0), network=NETWORK, budget=BUDGET, seed=3)
    compiled = _advance_all._cache_size()
    again = fit_critics(_rows(1.0), network=NETWORK, budget=BUDGET, seed=3)
    assert _advance_all._cache_size() == compiled
    jax.tree.map(np.testing.assert_array_equal, first, again)
    other = fit_critics(_rows(1.0), network=NETWORK, budget=BUDGET, seed=4)
    assert not np.array_equal(other["w1"], first["w1"])


def test_members_differ_and_their_average_is_scored_alike_in_any_blocks() -> None:
    params = jax.tree.map(
        lambda leaf: leaf[0], fit_critics(_rows(1.0), network=NETWORK, budget=BUDGET, seed=0)
    )
    assert not np.array_equal(params["w1"][0], params["w1"][1])
    x = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    whole = ensemble_scores(NETWORK, params, x)
    np.testing.assert_allclose(ensemble_scores(NETWORK, params, x, block=16), whole, atol=1e-5)
    each = [NETWORK.score(jax.tree.map(lambda leaf, m=m: leaf[m], params), jnp.asarray(x)) for m in (0, 1)]
    np.testing.assert_allclose(whole, np.mean(each, axis=0), atol=1e-5)


def test_progress_rises_to_the_share_of_the_budget_that_was_used() -> None:
    seen: list[float] = []
    fit_critics(_rows(1.0), network=NETWORK, budget=BUDGET, seed=0, progress=seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] <= seen[-1] <= 1
