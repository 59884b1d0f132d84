from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from threadpoolctl import threadpool_limits

from vdm_cli.estimation.gaussian import fit_gaussian


def laws(dim: int, rng: np.random.Generator) -> list[multivariate_normal]:
    """Two correlated normal laws."""
    found = []
    for _ in range(2):
        root = 0.4 * rng.normal(size=(dim, dim)) + np.eye(dim)
        found.append(multivariate_normal(0.5 * rng.normal(size=dim), root @ root.T))
    return found


def test_two_normal_laws_give_their_log_ratio() -> None:
    rng = np.random.default_rng(0)
    p, q = laws(4, rng)
    critic = fit_gaussian(p.rvs(20_000, random_state=1), q.rvs(20_000, random_state=2))
    x = q.rvs(1000, random_state=3)
    truth = np.clip(p.logpdf(x) - q.logpdf(x), -30, 30)
    assert np.corrcoef(critic(x), truth)[0, 1] > 0.999
    assert np.median(np.abs(critic(x) - truth)) < 0.05


def test_equal_covariances_are_shared_where_rows_are_few() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.normal(size=(400, 30)), rng.normal(size=(400, 30))
    p[:, 0] += 1.0
    critic = fit_gaussian(p, q)
    np.testing.assert_allclose(critic.variance_p, 1.0, atol=1e-9)
    held = rng.normal(size=(4000, 30))
    assert np.corrcoef(critic(held), held[:, 0])[0, 1] > 0.8


def test_rows_of_no_weight_do_not_count() -> None:
    rng = np.random.default_rng(2)
    p, q = rng.normal(1.0, size=(3000, 2)), rng.normal(size=(3000, 2))
    spoiled = np.concatenate([p, rng.normal(50.0, size=(3000, 2))])
    weights = np.concatenate([np.ones(3000), np.zeros(3000)])
    order = rng.permutation(6000)
    critic = fit_gaussian(spoiled[order], q, weights[order], None)
    x = rng.normal(size=(1000, 2))
    assert np.corrcoef(critic(x), x.sum(axis=1))[0, 1] > 0.99


@pytest.mark.parametrize("columns", [1, 5])
def test_constant_columns_give_finite_scores(columns: int) -> None:
    rows = np.ones((60, columns))
    assert np.isfinite(fit_gaussian(rows, 2 * rows)(rows)).all()
    assert np.isfinite(fit_gaussian(rows, rows)(rows)).all()


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(1500, 250)) * 1.1, rng.normal(size=(1500, 250))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(fit_gaussian(p, q)(p))
    np.testing.assert_array_equal(found[0], found[1])
