"""From configuration to objective: links, normalized losses, and a score bound that f can bear."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.build.objective import build_objective, score_bound
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.errors import UsageError
from vdm_cli.objectives.bound import variational_bound
from vdm_cli.objectives.critic_loss import critic_loss
from vdm_cli.objectives.objective import Objective

GRADIENT_PENALTY = {"kind": "gradient_penalty", "weight": 10.0}
DATA, MODEL = jnp.linspace(-1.0, 3.0, 9), jnp.linspace(-3.0, 1.0, 9)


def experiment(divergence: Any, **objective: Any) -> ExperimentConfig:
    sections = {"data": {"kind": "ring"}, "divergence": divergence, "objective": objective}
    return ExperimentConfig.model_validate(sections)


def built(divergence: Any, **objective: Any) -> Objective:
    return build_objective(experiment(divergence, **objective))


def trained(objective: Objective) -> FDivergence:
    assert isinstance(objective.divergence, FDivergence)
    return objective.divergence


def test_the_links_are_as_asked_for() -> None:
    usual, paper = built("kl"), built("kl", link="paper")
    assert (usual.link, paper.link, usual.value_name, paper.value_name) == (
        "log_ratio",
        "paper",
        "bound",
        "bound",
    )
    assert usual.divergence is catalog()["kl"]
    expected = jnp.mean(DATA) - jnp.mean(jnp.exp(MODEL - 1.0))
    assert float(paper.value(DATA, MODEL)) == pytest.approx(float(expected))
    assert float(usual.value(DATA, MODEL)) == pytest.approx(
        float(1.0 + jnp.mean(DATA) - jnp.mean(jnp.exp(MODEL)))
    )


@pytest.mark.parametrize("name", ["kl", "neyman_chi2", "squared_hellinger", "total_variation", "alpha"])
def test_generator_losses_follow_the_link(name: str) -> None:
    """Minimax descends the bound itself; the other one raises T of generated rows."""
    minimax, other = (
        built(name, link="paper", generator_loss=loss, normalize=False)
        for loss in ("minimax", "non_saturating")
    )
    ours = jax.grad(lambda v: minimax.descended(v))(MODEL)
    bound = jax.grad(lambda v: variational_bound(trained(minimax), DATA, v, smooth=True))(MODEL)
    np.testing.assert_allclose(ours, bound, rtol=1e-6)
    expected = -jnp.mean(trained(other).training_pair[0](MODEL))
    assert float(other.descended(MODEL)) == pytest.approx(float(expected))


@pytest.mark.parametrize("link", ["log_ratio", "paper"])
@pytest.mark.parametrize("name", ["jensen_shannon", "pearson_chi2", "jeffreys"])
def test_normalized_losses_leave_the_bound_in_nats(name: str, link: str) -> None:
    penalties = [{"kind": "r1", "weight": 0.7}, {"kind": "roth", "weight": 0.4}]
    plain, scaled = (built(name, link=link, penalties=penalties, normalize=flag) for flag in (False, True))
    curvature = trained(plain).curvature
    assert plain.scale == 1.0
    assert scaled.scale == pytest.approx(1.0 / curvature)
    assert float(scaled.value(DATA, MODEL)) == float(plain.value(DATA, MODEL))
    assert float(scaled.descended(MODEL)) == pytest.approx(float(plain.descended(MODEL)) / curvature)

    def linear(aux: Any, rows: jax.Array) -> tuple[jax.Array, Any]:
        return 2.0 * rows[:, 0], aux

    def loss(objective: Objective) -> Any:
        rows = DATA[:, None], MODEL[:, None]
        return critic_loss(objective, linear, None, *rows, jnp.zeros((), int), jax.random.key(0))

    before, after = loss(plain), loss(scaled)
    r1 = 0.5 * 0.7 * 4.0
    assert float(after.value) == float(before.value)
    assert float(before.loss) == pytest.approx(float(before.penalty - before.value))
    assert float(after.loss) == pytest.approx(r1 + (float(before.loss) - r1) / curvature, rel=1e-5)
    assert float(after.penalty) == pytest.approx(r1 + (float(before.penalty) - r1) / curvature, rel=1e-5)


@pytest.mark.parametrize(
    "name", [name for name, row in catalog().items() if not math.isnan(row.curvature) and name != "gan"]
)
def test_normalized_divergences_are_alike_near_equality(name: str, float64: None) -> None:
    """D_f is about chi^2 / 2 for every f, so its bound has the same slope in the critic's parameters."""
    scaled = built(name, normalize=True)
    v = jnp.array([0.01, -0.01])
    bound = scaled.scaled(scaled.value(v[:1], v[1:]) - scaled.value(jnp.zeros(1), jnp.zeros(1)))
    assert float(bound) == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(("name", "twin"), [("gan", "jensen_shannon"), ("alpha", "squared_hellinger")])
def test_multiples_of_one_divergence_train_alike(name: str, twin: str) -> None:
    """2 JS - log 4, and 2 H^2: a constant moves nobody, and normalizing takes the factor away."""

    def gradients(name: str) -> tuple[Any, ...]:
        objective = built(name)
        ascent = jax.grad(lambda v: objective.scaled(objective.value(v[0], v[1])))(jnp.stack([DATA, MODEL]))
        return ascent, jax.grad(objective.descended)(MODEL)

    for ours, theirs in zip(gradients(name), gradients(twin), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-6)
    assert score_bound(experiment(name)) == score_bound(experiment(twin))


@pytest.mark.parametrize("link", ["log_ratio", "paper"])
def test_losses_are_normalized_by_default_where_they_can_be(link: str) -> None:
    assert built("neyman_chi2", link=link).scale == built("neyman_chi2", normalize=True).scale == 0.5


@pytest.mark.parametrize(
    ("divergence", "slope"),
    [
        ("total_variation", math.tanh(0.25)),
        ("(u - 1)**4", 4.0 * ((math.exp(0.5) - 1.0) ** 3 - (math.exp(-0.5) - 1.0) ** 3)),
        ("maximum(log(u)*u, 3*(u - 1))", 2.5),
    ],
)
def test_without_a_curvature_the_default_divides_by_the_slope_of_t(divergence: str, slope: float) -> None:
    """T(1/2) - T(-1/2); for a smooth f that is f''(1) nearly."""
    assert 1.0 / built(divergence).scale == pytest.approx(slope, rel=1e-4)


def test_the_baseline_is_never_normalized_by_default() -> None:
    assert built("wasserstein", penalties=[GRADIENT_PENALTY]).scale == 1.0


@pytest.mark.parametrize(
    ("divergence", "objective", "words"),
    [
        (
            "total_variation",
            {"normalize": True},
            r"f''\(1\), .* does not exist for total_variation; leave it out",
        ),
        ("maximum((u - 1)**2, 2*(u - 1))", {"normalize": True}, "does not exist for maximum"),
        ("(u - 1)**4", {"normalize": True}, r"f''\(1\), .* is 0 for \(u - 1\)"),
        ("le_cam", {"link": "paper"}, "no activation for le_cam; it has one for kl, "),
        ("u*log(u)", {"link": "paper"}, "no activation for u"),
        ({"kind": "alpha", "alpha": 0.95}, {"link": "paper"}, "takes alpha <= 0.85 or > 1"),
        ("wasserstein", {"link": "paper", "penalties": [GRADIENT_PENALTY]}, "is no f-divergence"),
        (
            "wasserstein",
            {"normalize": True, "penalties": [GRADIENT_PENALTY]},
            "does not exist for wasserstein",
        ),
    ],
)
def test_what_a_divergence_has_not_is_a_usage_error(
    divergence: Any, objective: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        built(divergence, **objective)


def test_a_paper_link_of_pairs_is_a_configuration_error() -> None:
    with pytest.raises(ValueError, match=r"objective\.pairing trains on differences"):
        experiment("gan", link="paper", pairing="relativistic")


@pytest.mark.parametrize(
    ("divergence", "objective", "asked", "expected"),
    [
        ("kl", {}, 10.0, 10.0),
        ("kl", {}, 100.0, 30.0),
        ("kl", {"pairing": "relativistic"}, 100.0, 30.0),
        ({"kind": "alpha", "alpha": 20.0}, {}, 10.0, 2.0),
        ({"kind": "alpha", "alpha": 20.0}, {"pairing": "relativistic"}, 10.0, 2.0),
        ({"kind": "alpha", "alpha": 20.0}, {"link": "paper"}, 100.0, 100.0),
        ({"kind": "alpha", "alpha": 20.0}, {}, 1.0, 1.0),
        ("wasserstein", {"penalties": [GRADIENT_PENALTY]}, 10.0, math.inf),
    ],
)
def test_the_score_bound_stays_where_f_is_finite(
    divergence: Any, objective: dict[str, Any], asked: float, expected: float
) -> None:
    config = experiment(divergence, **objective)
    config = config.model_copy(update={"critic": config.critic.model_copy(update={"score_bound": asked})})
    assert score_bound(config) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("divergence", "expected"),
    [
        ("kl", 6.0),
        ("jeffreys", 6.0),
        ("jensen_shannon", 10.0),
        ("total_variation", 10.0),
        ("pearson_chi2", 3.0),
        ("neyman_chi2", 3.0),
    ],
)
def test_without_a_score_bound_a_steep_f_gets_a_smaller_one(divergence: str, expected: float) -> None:
    """T and f* of a score stay within e^6: e^(2v) does up to 3."""
    config = experiment(divergence)
    assert config.critic.score_bound is None
    assert score_bound(config) == pytest.approx(expected)


@pytest.mark.parametrize(("divergence", "expected"), [("kl", 7.0), ("pearson_chi2", 10.0)])
def test_the_score_bound_is_of_the_link_that_is_trained(divergence: str, expected: float) -> None:
    """f-GAN's f* after T is e^(v - 1) for KL and v^2 / 4 + v for Pearson."""
    assert score_bound(experiment(divergence, link="paper")) == pytest.approx(expected)


def test_the_score_bound_of_a_users_f_is_where_it_is_mild() -> None:
    assert score_bound(experiment("exp(u)")) == pytest.approx(1.54, abs=0.02)
