"""The variational bound: tight at the true log-ratio, never above the divergence, 0 for a constant critic."""

from __future__ import annotations

import math

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.precision import double_precision
from vdm_cli.objectives.bound import bound_score, variational_bound

ROWS = (*catalog().values(), alpha_divergence(-1.0), alpha_divergence(1.5), skewed_jensen_shannon(0.8))
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)


@every_row
def test_bound_is_exact_at_the_optimal_critic(row: FDivergence) -> None:
    """Within 5 SE on N(0.6, 0.9^2) against N(0, 1), with v = log p/q."""
    p, q = GaussianMixture.gaussian(0.6, 0.9), GaussianMixture.gaussian(0.0, 1.0)
    data, model = (np.asarray(law.sample(jax.random.key(i), 50_000)) for i, law in enumerate((p, q)))
    on_data, on_model = (jnp.asarray(p.log_density(x) - q.log_density(x), jnp.float32) for x in (data, model))
    bound = float(variational_bound(row, on_data, on_model))
    spread = np.var(row.witness(on_data)) + np.var(row.witness_conjugate(on_model))
    exact = exact_divergence(row, p, q)
    assert exact is not None
    assert abs(bound - exact) < 5.0 * math.sqrt(spread / 50_000)


def discrete(seed: int, atoms: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two laws on a few atoms, with counts that sum to 1000, and an arbitrary critic on the atoms."""
    rng = np.random.default_rng(seed)
    p, q = (1 + rng.multinomial(1000 - atoms, rng.dirichlet(np.full(atoms, 0.5))) for _ in range(2))
    return p, q, rng.normal(0.0, rng.uniform(0.1, 5.0), atoms)


@every_row
@given(seed=st.integers(0, 10**6))
@hypothesis.settings(max_examples=10)
def test_no_critic_exceeds_the_divergence(row: FDivergence, seed: int) -> None:
    """Exactly, on discrete laws: samples repeated in proportion make the mean the expectation."""
    p, q, critic = discrete(seed)
    with double_precision():
        divergence = float(np.sum(q / 1000 * np.asarray(row.f(jnp.asarray(p / q)))))
        for v, smooth in ((critic, False), (critic, True), (np.log(p / q), True)):
            bound = float(
                variational_bound(
                    row, jnp.asarray(np.repeat(v, p)), jnp.asarray(np.repeat(v, q)), smooth=smooth
                )
            )
            assert bound <= divergence + 1e-9 * (1.0 + abs(divergence))


@every_row
@given(seed=st.integers(0, 10**6))
@hypothesis.settings(max_examples=5)
def test_the_log_ratio_attains_the_divergence(row: FDivergence, seed: int) -> None:
    p, q, _ = discrete(seed)
    with double_precision():
        divergence = float(np.sum(q / 1000 * np.asarray(row.f(jnp.asarray(p / q)))))
        v = np.log(p / q)
        bound = float(variational_bound(row, jnp.asarray(np.repeat(v, p)), jnp.asarray(np.repeat(v, q))))
    assert bound == pytest.approx(divergence, rel=1e-9, abs=1e-9)


@every_row
def test_a_constant_critic_gives_at_most_zero(row: FDivergence, float64: None) -> None:
    """sup_t t - f*(t) = f(1), reached at the score 0."""
    values = [float(variational_bound(row, jnp.full(3, v), jnp.full(5, v))) for v in np.linspace(-6, 6, 25)]
    assert max(values) == pytest.approx(row.at_equality, abs=1e-12)
    assert values[12] == pytest.approx(row.at_equality, abs=1e-12)


def test_smooth_bound_is_below_the_tight_one_at_the_log_ratio(float64: None) -> None:
    v = jnp.linspace(-3.0, 3.0, 7)
    row = catalog()["total_variation"]
    smooth, tight = (float(variational_bound(row, v + 0.5, v - 0.5, smooth=flag)) for flag in (True, False))
    assert smooth == pytest.approx(float(jnp.mean(jnp.tanh((v + 0.5) / 2) - jnp.tanh((v - 0.5) / 2)) / 2))
    assert tight == pytest.approx(float(jnp.mean(jnp.sign(v + 0.5) - jnp.sign(v - 0.5)) / 2))


@pytest.mark.parametrize(
    ("data", "model", "name"), [((4, 1), (4,), "data"), ((4,), (4, 1), "model"), ((), (4,), "data")]
)
def test_scores_that_are_not_one_dimensional_are_refused(
    data: tuple[int, ...], model: tuple[int, ...], name: str
) -> None:
    with pytest.raises(ValueError, match=f"{name}_scores must have shape"):
        variational_bound(catalog()["kl"], jnp.zeros(data), jnp.zeros(model))


def test_sample_sizes_may_differ() -> None:
    bound = variational_bound(catalog()["kl"], jnp.array([0.0, 1.0]), jnp.array([0.0, 0.0, 0.0]))
    assert bound.shape == ()
    assert float(bound) == pytest.approx(0.5)


@given(raw=st.floats(-1e6, 1e6), limit=st.floats(0.5, 50.0))
def test_bounded_score_keeps_range_sign_and_order(raw: float, limit: float) -> None:
    score, above = (float(bound_score(jnp.float32(s), limit)) for s in (raw, raw + 1.0))
    assert abs(score) <= limit * (1.0 + 1e-6)
    assert score * raw >= 0.0
    # XLA's float32 tanh may step back by a unit in the last place where it is flat
    assert above >= score - 1e-6 * limit


def test_bounded_score_is_the_identity_near_zero() -> None:
    raw = jnp.linspace(-0.1, 0.1, 21)
    np.testing.assert_allclose(bound_score(raw, 10.0), raw, atol=0.1**3 / 3 / 100 + 1e-7)
    assert float(jax.grad(bound_score)(jnp.float32(0.0), 10.0)) == pytest.approx(1.0)
    assert bound_score(jnp.zeros((2, 3), jnp.bfloat16), 10.0).dtype == jnp.bfloat16
