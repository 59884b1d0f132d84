from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.build.experiment import Experiment
from vdm_cli.checkpoint import Checkpoints
from vdm_cli.commands.load import sampler
from vdm_cli.data.dataset import Part
from vdm_cli.estimation.fresh import held_out_bound
from vdm_cli.training.state import TrainState
from vdm_cli.training.validation import Validation

Build = Callable[..., Experiment]

pytestmark = pytest.mark.unoptimized

STEPS = (0, 200, 800)


def validation_of(experiment: Experiment) -> Validation:
    dataset = experiment.dataset

    def draw(state: TrainState, seed_index: int, count: int, seed: int) -> Part:
        own = sampler(
            experiment.players, state, seed_index, dataset.transform, dataset.layout, experiment.config, None
        )
        return own.part(count, seed)

    return Validation(experiment.players, dataset, experiment.program.source, draw)


@pytest.fixture(scope="module")
def judged(build: Build) -> dict[int, tuple[float, float]]:
    """Of every step: the live critic's bound on validation rows, and a fresh critic's."""
    experiment = build(
        generator={"hidden": [16, 16]},
        critic={"hidden": [32, 32]},
        optimizers={
            "critic": {"learning_rate": 5e-3, "schedule": "constant"},
            "generator": {"learning_rate": 2e-3, "schedule": "constant"},
        },
        objective={"penalties": [{"kind": kind, "weight": 0.1} for kind in ("r1", "r2")]},
        training={"batch_size": 64, "ema_decay": 0.9},
    )
    validation, state, found, done = validation_of(experiment), experiment.initial_state(), {}, 0
    for step in STEPS:
        while done < step:  # by one program
            state, _ = experiment.program.advance(state, STEPS[1])
            done += STEPS[1]
        (bound,), (divergence,) = (
            validation.bound(state),
            validation.checkpoint(state, step)["validation_divergence"],
        )
        found[step] = float(bound), float(divergence)
    return found


def test_the_live_critic_would_prefer_the_untrained_generator(judged: dict[int, tuple[float, float]]) -> None:
    assert judged[0][0] < judged[200][0]


def test_a_fresh_critic_finds_the_untrained_generator_farthest(
    judged: dict[int, tuple[float, float]],
) -> None:
    assert max(judged, key=lambda step: judged[step][1]) == 0
    assert judged[0][1] > 1.3 * judged[STEPS[-1]][1]


def test_the_best_checkpoint_is_a_trained_one(judged: dict[int, tuple[float, float]], tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    for step, (_, divergence) in judged.items():
        checkpoints.save(step, {"x": jnp.zeros(2)}, {"validation_divergence": divergence})
    assert checkpoints.best() in STEPS[1:]


def test_the_validation_divergence_is_a_lower_bound_on_jensen_shannon(
    judged: dict[int, tuple[float, float]],
) -> None:
    for _, divergence in judged.values():
        assert -0.01 < divergence < np.log(2.0)


def test_judging_a_state_twice_gives_the_same_numbers_for_every_seed(build: Build) -> None:
    """The state is not consumed, and each seed is judged by itself: no two seeds get equal numbers."""
    experiment = build(training={"num_seeds": 2})
    validation, state = validation_of(experiment), experiment.initial_state()
    found = {"bound": validation.bound(state), **validation.checkpoint(state, 0)}
    assert set(found) == {"bound", "validation_divergence", "validation_recall", "live_divergence"}
    for name, values in found.items():
        assert values.shape == (2,), name
        assert values[0] != values[1], name
    np.testing.assert_array_equal(validation.bound(state), found["bound"])
    for name, values in validation.checkpoint(state, 0).items():
        np.testing.assert_array_equal(values, found[name])


@pytest.mark.parametrize(
    "sections",
    [
        {"divergence": "total_variation"},
        {"objective": {"link": "paper"}},
        {"objective": {"packing": 2}},
        {"objective": {"pairing": "relativistic"}},
    ],
)
def test_a_score_that_is_no_log_ratio_of_one_row_is_not_taken_for_one(
    build: Build, sections: dict[str, Any]
) -> None:
    experiment = build(**sections)
    measured = validation_of(experiment).checkpoint(experiment.initial_state(), 0)
    assert set(measured) == {"validation_divergence", "validation_recall"}


def test_a_live_critic_that_knows_the_log_ratio_sees_what_a_fresh_one_does() -> None:
    """Two Gaussians one apart, JS .1114: the score that is exactly log p/q on 2,048 rows of a side."""
    draws = np.random.default_rng(0).normal(size=(2, 100_000))
    p, q = draws[0] + 1.0, draws[1]
    assert held_out_bound(p - 0.5, q - 0.5) == pytest.approx(0.1114, abs=0.003)
    assert held_out_bound(np.zeros(9), np.zeros(9)) == 0.0
