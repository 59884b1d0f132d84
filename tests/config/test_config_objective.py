"""The objective's knobs: what is accepted, what goes together, and where a message points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment, load_experiment

Load = Callable[..., ExperimentConfig]
Problems = Callable[..., list[str]]

RING = "data: {kind: ring}\n"
NOT_LIPSCHITZ = (
    "'wasserstein' is unbounded unless the critic is kept Lipschitz: add "
    "{kind: gradient_penalty, weight: 10} to objective.penalties, or set critic.normalization to spectral"
)
NO_LOG_RATIO = "'roth' weighs gradients by f*'' at an estimated log-ratio, which the critic is not with "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            RING + "objective: {packing: 3}\n",
            "2:22: objective.packing: must divide training.batch_size, which is 256; got 3",
        ),
        (
            RING + "latent: {draws: sobol}\nobjective: {packing: 2}\n",
            "2:17: latent.draws: 'sobol' draws rows that depend on each other, and objective.packing judges "
            "several at once as independent: leave it at independent",
        ),
        (RING + "objective: {packing: 0}\n", "2:22: objective.packing: must be at least 1, got 0"),
        (
            RING + "objective: {pairing: relative}\n",
            "2:22: objective.pairing: unknown pairing 'relative'; did you mean 'relativistic'? "
            "(allowed: none, relativistic)",
        ),
        (RING + "divergence: wasserstein\n", f"2:13: divergence: {NOT_LIPSCHITZ}"),
        (RING + "divergence: {kind: wasserstein}\n", f"2:13: divergence: {NOT_LIPSCHITZ}"),
        (
            RING + "divergence: wasserstein\nobjective: {penalties: [{kind: gradient_penalty, weight: 0}]}\n",
            f"2:13: divergence: {NOT_LIPSCHITZ}",
        ),
        (
            RING + "divergence: wasserstein\n"
            "objective: {penalties: [{kind: gradient_penalty, weight: 1}, {kind: roth, weight: 1}]}\n",
            f"3:62: objective.penalties.1: {NO_LOG_RATIO}divergence: wasserstein; take r1 and r2",
        ),
        (
            RING + "objective: {pairing: relativistic, penalties: [{kind: roth, weight: 1}]}\n",
            f"2:48: objective.penalties.0: {NO_LOG_RATIO}objective.pairing; take r1 and r2",
        ),
        (
            RING + "objective: {penalties: [{kind: r3, weight: 1}]}\n",
            "2:32: objective.penalties.0.kind: unknown kind 'r3' (allowed: r1, r2, roth, gradient_penalty)",
        ),
        (
            RING + "objective: {penalties: [{kind: r1, weight: 1, target: 2}]}\n",
            "2:47: objective.penalties.0.target: unknown key 'target' for kind 'r1'; it belongs to kind "
            "'gradient_penalty' (known: kind, weight)",
        ),
        (
            RING + "objective: {penalties: [{kind: gradient_penalty, weight: 1, sided: three}]}\n",
            "2:68: objective.penalties.0.sided: unknown sided 'three' (allowed: two, one)",
        ),
        (
            RING + "training: {precision: float16}\n",
            "2:23: training.precision: unknown precision 'float16'; did you mean 'bfloat16'? "
            "(allowed: float32, bfloat16)",
        ),
    ],
)
def test_what_does_not_go_together_is_told_at_its_place(problems: Problems, text: str, expected: str) -> None:
    assert problems(text) == [f"x.yaml:{expected}"]


def test_an_option_is_named_where_it_caused_the_conflict(problems: Problems) -> None:
    option = "objective.packing=7"
    reason = "must divide training.batch_size, which is 256; got 7"
    assert problems(RING, option) == [f"--set {option}: objective.packing: {reason}"]


@pytest.mark.parametrize(
    "text",
    [
        "divergence: wasserstein\nobjective: {penalties: [{kind: gradient_penalty, weight: 10}]}\n",
        "divergence: {kind: wasserstein}\ncritic: {normalization: spectral}\nobjective: {penalties: []}\n",
        "objective: {packing: 4, pairing: relativistic}\ntraining: {precision: bfloat16}\n",
        "objective: {penalties: [{kind: roth, weight: {initial: 1.0, final: 0.1, schedule: linear}}, "
        "{kind: gradient_penalty, weight: {initial: 10, final: 1}, sided: one, target: 0.5}]}\n",
    ],
)
def test_every_knob_survives_being_written_out(load: Load, text: str) -> None:
    config = load(RING + text)
    Path("again.yaml").write_text(dump_experiment(config))
    assert load_experiment("again.yaml") == config
