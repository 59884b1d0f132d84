"""Measure a run again and again: every kept checkpoint, every seed, or both."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flax.linen as nn

from vdm_cli.checkpoint import Checkpoints
from vdm_cli.commands.evaluation import Asked, evaluate
from vdm_cli.commands.load import LoadedRun, load, locate
from vdm_cli.commands.run_sides import RunRows, check_count, rows_of_run
from vdm_cli.errors import CheckpointError, DamagedCheckpointError
from vdm_cli.estimation.budget import BudgetName
from vdm_cli.estimation.result import DivergenceEstimate

ALL = "all"
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Measured:
    """One evaluation of a run.

    Attributes:
        step: Generator steps done.
        seed_index: Which of the run's seeds sampled.
        estimates: In the order asked.
        document: All of it, as `Evaluation.to_json` tells it; the rows themselves are let go.
    """

    step: int
    seed_index: int
    estimates: tuple[DivergenceEstimate, ...]
    document: dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """What the seeds of one step say about one divergence.

    Attributes:
        step: Generator steps done.
        divergence: Its label.
        seeds: How many.
        mean: Of the estimates, in nats.
        sd: Their standard deviation, in nats; None for one seed.  It holds the spread of training and the
            error of the estimates.
        standard_error: Of the mean, by the rows alone, in nats.
    """

    step: int
    divergence: str
    seeds: int
    mean: float
    sd: float | None
    standard_error: float


@dataclass(frozen=True)
class Followed:
    """The evaluations of one run, by step and, within a step, by seed.

    Attributes:
        run: Its name.
        level: Of intervals and certificates.
        evaluations: At least one.
        best_step: Which step the validation rows chose, where they chose one.
        warnings: Which steps were left out, and why.
    """

    run: str
    level: float
    evaluations: tuple[Measured, ...]
    best_step: int | None
    warnings: tuple[str, ...]

    @property
    def steps(self) -> tuple[int, ...]:
        """Ascending, each once."""
        return tuple(dict.fromkeys(each.step for each in self.evaluations))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Ascending, each once."""
        return tuple(dict.fromkeys(each.seed_index for each in self.evaluations))

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the divergences, in the order asked."""
        return tuple(row.divergence for row in self.evaluations[0].estimates)

    def of(self, label: str) -> list[tuple[Measured, DivergenceEstimate]]:
        """The estimates of one divergence."""
        index = self.labels.index(label)
        return [(each, each.estimates[index]) for each in self.evaluations]

    def spreads(self) -> tuple[Spread, ...]:
        """Over the seeds of each step, step by step, for every divergence in the order asked."""
        found = []
        for step in self.steps:
            for label in self.labels:
                rows = [row for each, row in self.of(label) if each.step == step]
                values = [row.estimate for row in rows]
                sd = statistics.stdev(values) if len(values) > 1 else None
                error = math.hypot(*(row.standard_error for row in rows)) / len(rows)
                found.append(Spread(step, label, len(values), statistics.fmean(values), sd, error))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """The document of ``--format json`` for several evaluations, schema 1."""
        return {
            "schema": 1,
            "run": self.run,
            "best_step": self.best_step,
            "evaluations": [
                {"step": each.step, "seed_index": each.seed_index, **each.document}
                for each in self.evaluations
            ],
            "summary": [dataclasses.asdict(spread) for spread in self.spreads()],
            "warnings": list(self.warnings),
        }


def follow_run(
    checkpoint: str | Path,
    *,
    divergences: Sequence[str] = (),
    expressions: Sequence[str] = (),
    num_samples: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    step: int | str | None = ALL,
    seed_index: int | str = 0,
    budget: BudgetName = "default",
    features: str | None = None,
    noise: float | None = None,
    metrics: Sequence[str] | None = None,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
    progress: Progress | None = None,
) -> Followed:
    """Compare the test rows of a run with fresh samples of several of its checkpoints and seeds.

    The rows are read once.  Every evaluation is the one that `eval_checkpoint` makes of that step and seed,
    with the same latents, splits and initial critics.

    Args:
        checkpoint: A run directory or its ``checkpoints``.
        divergences: ``NAME[:PARAM]`` each; all named ones if nothing is asked for.
        expressions: A convex f of u each, such as ``u*log(u)``; they come after the named ones.
        num_samples: As for `eval_checkpoint`, for each evaluation.
        level: Of intervals and certificates, for each number separately.
        seed: Of the draws, the splits and the critics.
        step: ``all`` kept ones, or one as for `eval_checkpoint`.
        seed_index: ``all``, or which of the run's seeds.
        budget: ``fast``, ``default`` or ``thorough``.
        features: As for `eval_checkpoint`.
        noise: As for `eval_checkpoint`.
        metrics: Names of measures beside the divergences, ``all`` or ``none``; all that apply if None.
        generator: The module that the run was trained with, where it was not a configured one.
        critic: The same for the critic.
        progress: Called with the share of the work done, and what is being done.

    Raises:
        UsageError: If a divergence, an expression or a measure is none, or the rows asked for are too few.
        CheckpointError: If there is no run, its data have changed, or the only step is damaged; of ``all``
            steps the damaged ones are left out, unless every one is.
        DataError: If the data cannot be read again, or are too few.
    """
    check_count(num_samples)
    asked = Asked.parse(
        divergences,
        expressions,
        level=level,
        seed=seed,
        budget=budget,
        features=features,
        noise=noise,
        metrics=metrics,
    )
    checkpoints, steps = _steps(Path(checkpoint), step)
    index = 0 if seed_index == ALL else int(seed_index)

    def opened(number: int) -> LoadedRun:
        return load(checkpoint, step=number, seed_index=index, generator=generator, critic=critic)

    measured: list[Measured] = []
    rows: RunRows | None = None
    runs, lost = _intact(checkpoints, steps, opened), []
    for place, run in enumerate(runs):
        if isinstance(run, CheckpointError):
            lost.append(run)
            continue
        rows = rows or rows_of_run(run)
        indices = range(run.config.training.num_seeds) if seed_index == ALL else [index]
        for turn, which in enumerate(indices):
            sides = rows.sides(run, asked.divergences, num_samples=num_samples, seed=seed, seed_index=which)
            part = _part(progress, place, len(steps), turn, len(indices))
            found = evaluate(sides, asked, part)
            measured.append(Measured(run.step, which, found.estimation.estimates, found.to_json()))
    if not measured:
        raise CheckpointError("\n".join(map(str, lost)))
    return Followed(
        run=checkpoints.directory.parent.name,
        level=level,
        evaluations=tuple(measured),
        best_step=checkpoints.best(),
        warnings=tuple(f"left out: {error}" for error in lost),
    )


def _steps(path: Path, step: int | str | None) -> tuple[Checkpoints, list[int]]:
    """Which steps are asked for."""
    checkpoints, chosen = locate(path, None if step == ALL else step)
    if step != ALL:
        return checkpoints, [chosen]
    if path.resolve().parent == checkpoints.directory:
        raise CheckpointError(f"{path} is step {chosen} alone: give the run directory with --step all")
    return checkpoints, checkpoints.steps()


def _intact(
    checkpoints: Checkpoints, steps: Sequence[int], opened: Callable[[int], LoadedRun]
) -> Iterator[LoadedRun | CheckpointError]:
    """Each step, or why it is left out among others: damaged, or deleted by a training that goes on."""
    players = None
    for step in steps:
        try:
            run = opened(step)
        except CheckpointError as error:
            left_out = isinstance(error, DamagedCheckpointError) or step not in checkpoints.steps()
            if len(steps) == 1 or not left_out:
                raise
            yield error
            continue
        players = players or run.players
        yield dataclasses.replace(run, players=players)  # the same network: compiled once


def _part(
    progress: Progress | None, place: int, steps: int, turn: int, seeds: int
) -> Callable[[float], None] | None:
    """The progress of one evaluation as a part of the whole, such as ``step 3 of 10, seed 1 of 4``."""
    if progress is None:
        return None
    report = progress
    told = [f"step {place + 1} of {steps}"] if steps > 1 else []
    told += [f"seed {turn + 1} of {seeds}"] if seeds > 1 else []
    text = ", ".join(told) or "fitting critics"
    return lambda share: report((place * seeds + turn + share) / (steps * seeds), text)
