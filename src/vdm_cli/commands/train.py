"""Train a generator: `vdm train`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import flax.linen as nn

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.build.objective import build_objective
from vdm_cli.commands.diagnosis import Finding, diagnose, facts_of
from vdm_cli.commands.environment import environment
from vdm_cli.commands.live_modes import ModesReached, modes_reached
from vdm_cli.commands.observed_run import ObservedRun, is_finished
from vdm_cli.commands.start import copy_weights, newest_intact, require_same_experiment
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment, load_experiment
from vdm_cli.console import Report, SilentReport
from vdm_cli.interruption import stop_requests
from vdm_cli.networks.network import count_parameters
from vdm_cli.run_directory import CONFIG, ENVIRONMENT, RunDirectory


@dataclass(frozen=True)
class TrainResult:
    """What a run reached.

    Attributes:
        directory: The run directory.
        steps: Generator steps done.
        best_step: The step whose samples a fresh critic found closest to the validation rows.
        validation_divergence: Of every kept step: Jensen-Shannon lower bound of a fresh critic, in nats.
        validation_rows: How many rows it was evaluated on.
        resumed_from: The step it continued from, or None.
        stopped_early: Whether it ended before ``training.steps``, out of ``checkpoints.patience``.
        modes: How the last samples fall on the data's modes, where these are known.
        findings: What is wrong with the run, as far as its metrics tell.
    """

    directory: Path
    steps: int
    best_step: int
    validation_divergence: dict[int, float]
    validation_rows: int
    resumed_from: int | None
    stopped_early: bool
    modes: ModesReached | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Plan:
    """What a run would do, for ``--dry-run``.

    Attributes:
        config: Resolved.
        generator_parameters: Trainable scalars of the generator, for one seed.
        critic_parameters: The same for the critic.
        train_rows: Rows that the players see; None for fresh draws.
    """

    config: ExperimentConfig
    generator_parameters: int
    critic_parameters: int
    train_rows: int | None


def plan(config: ExperimentConfig) -> Plan:
    """Resolve an experiment without running it; the data are read, nothing is written."""
    experiment = build_experiment(config, load_dataset(config.data, config.seed))
    train = experiment.dataset.train
    return Plan(
        config=experiment.config,
        generator_parameters=count_parameters(experiment.players.generator),
        critic_parameters=count_parameters(experiment.players.critic),
        train_rows=None if train is None else len(train),
    )


def train(
    config: ExperimentConfig | str,
    *,
    overrides: Sequence[str] = (),
    run_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    init_from: str | Path | None = None,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
    report: Report | None = None,
    command: str = "vdm_cli.train",
) -> TrainResult:
    """Train and keep checkpoints.

    Args:
        config: An experiment, or the path or shipped name of its YAML.
        overrides: ``KEY=VALUE`` changes of that YAML.
        run_dir: Where the run goes; ``runs/<name>`` if not given.
        resume: Continue the run that is there, bit for bit; start it where nothing usable is there.
        overwrite: Replace the run that is there.
        init_from: A run or checkpoint whose weights the run starts from, at step 0.
        generator: A Linen module in place of the configured generator: ``module(z, train=...)``.
        critic: A Linen module in place of the configured critic: ``module(x, train=...)`` -> (n,).
        report: Where progress goes; nowhere if not given.
        command: Recorded in environment.json.

    Raises:
        UsageError: If a run is there already, or another experiment is.
        DataError: If the data cannot be read.
        NonFiniteError: If training diverged.
        Interrupted: After Ctrl-C or SIGTERM, once the state is saved.
    """
    report = report or SilentReport()
    if isinstance(config, str):
        config = load_experiment(config, overrides)
    directory = RunDirectory(Path(run_dir) if run_dir is not None else Path("runs") / config.name)
    directory.check(resume=resume, overwrite=overwrite)
    with stop_requests(report.note) as stop:
        build_objective(config)  # what it refuses is told before the data are read, which may take minutes
        dataset = load_dataset(config.data, config.seed, report.note)
        experiment = build_experiment(config, dataset, generator, critic)
        state = experiment.initial_state()
        if init_from is not None:
            state = copy_weights(state, init_from, generator, critic)
        with directory.locked():
            directory.check(resume=resume, overwrite=overwrite)  # another process may have been quicker
            start = 0
            if resume:
                require_same_experiment(directory, experiment.config)
                start, state = newest_intact(directory, state, experiment, report)
            elif overwrite:
                directory.clear()
            if not is_finished(experiment.config, directory.records(), start):
                directory.write_text(CONFIG, dump_experiment(experiment.config))
                directory.write_text(
                    ENVIRONMENT, environment(command, config.seed, directory.path / ENVIRONMENT)
                )
                directory.rewind(start)
            ObservedRun(experiment, directory, report, stop).from_step(start, state)
    records, steps = directory.records(), experiment.config.training.steps
    best = directory.checkpoints.best()
    done = int(records[-1]["step"])
    return TrainResult(
        directory=directory.path,
        steps=done,
        best_step=done if best is None else best,
        validation_divergence=directory.checkpoints.validation(),
        validation_rows=len(dataset.validation),
        resumed_from=start or None,
        stopped_early=done < steps,
        modes=modes_reached(records[-1], dataset.law),
        findings=diagnose(records, facts_of(experiment)),
    )
