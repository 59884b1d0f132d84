"""Train a generator: `vdm train`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flax.linen as nn
import numpy as np

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import Experiment, build_experiment
from vdm_cli.build.objective import build_objective
from vdm_cli.commands.environment import environment
from vdm_cli.commands.live import LiveDivergence, averaged_generator
from vdm_cli.commands.run_pictures import PicturesOfRun
from vdm_cli.commands.start import copy_weights, newest_intact, require_same_experiment
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment, load_experiment
from vdm_cli.console import Report, SilentReport
from vdm_cli.data.dataset import Part
from vdm_cli.errors import Interrupted, NonFiniteError
from vdm_cli.interruption import StopRequest, stop_requests
from vdm_cli.networks.network import count_parameters
from vdm_cli.run_directory import CONFIG, ENVIRONMENT, RunDirectory
from vdm_cli.training.loop import Progress, boundaries, run
from vdm_cli.training.state import TrainState
from vdm_cli.training.validation import Validation

EXACT = "exact_divergence"


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
    """

    directory: Path
    steps: int
    best_step: int
    validation_divergence: dict[int, float]
    validation_rows: int
    resumed_from: int | None


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
            if start < experiment.config.training.steps:
                directory.write_text(CONFIG, dump_experiment(experiment.config))
                directory.write_text(
                    ENVIRONMENT, environment(command, config.seed, directory.path / ENVIRONMENT)
                )
                directory.rewind(start)
            _Run(experiment, directory, report, stop).from_step(start, state)
    values = directory.checkpoints.validation()
    best = directory.checkpoints.best()
    return TrainResult(
        directory=directory.path,
        steps=experiment.config.training.steps,
        best_step=experiment.config.training.steps if best is None else best,
        validation_divergence=values,
        validation_rows=len(dataset.validation),
        resumed_from=start or None,
    )


class _Run:
    """Observes a run at its boundaries: validation, metrics, checkpoints, pictures, progress."""

    def __init__(self, experiment: Experiment, directory: RunDirectory, report: Report, stop: StopRequest):
        self._experiment = experiment
        self._directory = directory
        self._report = report
        self._stop = stop
        self._validation = Validation(
            experiment.players, experiment.dataset, experiment.program.source, self._draw
        )
        self._exact_divergence = LiveDivergence(experiment)
        self._pictures = PicturesOfRun(experiment, directory)
        self._clock = time.perf_counter()
        self._last_step = 0
        self._last_measured: dict[str, float] = {}  # what checkpoints alone measure stays on the line

    def from_step(self, start: int, state: TrainState) -> None:
        """Train to the end, or until somebody asks to stop."""
        training = self._experiment.config.training
        period = self._experiment.config.checkpoints.every
        schedule = boundaries(start, training.steps, training.log_every, period)
        self._last_step, self._clock = start, time.perf_counter()
        finished = start == training.steps
        if not finished:
            self._pictures.begin()
        if self._pictures.wanted(start):
            self._pictures.draw(state, start, missing_only=start > 0)  # killed between checkpoint and picture
        try:
            run(self._experiment.program, state, schedule, start, self._observe)
        except NonFiniteError as error:
            self._animate()
            steps = self._directory.checkpoints.steps()
            kept = f"the last good checkpoint is step {steps[-1]}" if steps else "no checkpoint was reached"
            raise NonFiniteError(
                f"{error}; {kept}. Lower the learning rates or critic.score_bound, raise a penalty, "
                "or set optimizers.critic.clip_norm"
            ) from error
        except KeyboardInterrupt:
            raise Interrupted(f"stopped at once; continue with: {self._resume_command()}") from None
        self._animate(missing_only=finished)

    def _observe(self, progress: Progress) -> bool:
        seconds = time.perf_counter() - self._clock
        rate = (progress.step - self._last_step) / max(seconds, 1e-9)
        validation_name = f"validation_{self._experiment.players.objective.value_name}"
        metrics = {**progress.metrics, validation_name: self._validation.bound(progress.state)}
        if progress.checkpoint:
            metrics["validation_divergence"] = self._validation.divergence(progress.state, progress.step)
        for name, values in metrics.items():
            if not np.isfinite(values).all():
                raise NonFiniteError(f"step {progress.step}: {name.replace('_', ' ')} is not finite")
        if self._exact_divergence.quick or progress.checkpoint:
            exact = self._exact_divergence(progress.state)
            metrics |= {} if exact is None else {EXACT: exact}
        self._directory.append(self._directory.metrics, _line(progress.step, metrics))
        self._directory.append(
            self._directory.timings, {"step": progress.step, "steps_per_second": round(rate, 2)}
        )
        stopping = self._stop.signal is not None and progress.step < self._experiment.config.training.steps
        if progress.checkpoint or stopping:
            self._save(progress, metrics)
        self._show(progress, metrics, rate)
        if self._pictures.wanted(progress.step):
            self._pictures.draw(progress.state, progress.step)
        if stopping and self._stop.signal is not None:
            self._animate()
            saved = f"{self._stop.signal.name}: saved at step {progress.step}"
            raise Interrupted(f"{saved}; continue with: {self._resume_command()}")
        self._clock, self._last_step = time.perf_counter(), progress.step
        return True

    def _save(self, progress: Progress, metrics: dict[str, np.ndarray]) -> None:
        dataset = self._experiment.dataset
        value = metrics.get("validation_divergence")
        about = {
            "config": self._experiment.config.model_dump(mode="json"),
            "transform": dataset.transform.to_json(),
            "conditioning": None if dataset.conditioning is None else dataset.conditioning.to_json(),
            "layout": dataset.layout.to_json(),
            "data_digest": dataset.digest,
            "validation_divergence": None if value is None else float(value.mean()),
        }
        self._directory.checkpoints.save(progress.step, progress.state, about)
        self._directory.checkpoints.prune(self._experiment.config.checkpoints.keep)

    def _show(self, progress: Progress, metrics: dict[str, np.ndarray], rate: float) -> None:
        name = self._experiment.players.objective.value_name
        shown = {name.replace("_", " "): float(metrics[name].mean())}
        for measure, told in ((EXACT, "exact"), ("validation_divergence", "val JS")):
            if measure in metrics:
                self._last_measured[told] = float(metrics[measure].mean())
            if told in self._last_measured:
                shown[told] = self._last_measured[told]
        shown["it/s"] = rate
        shown["G"] = float(metrics["generator_loss"].mean())
        shown["C"] = float(metrics["critic_loss"].mean())
        self._report.step(progress.step, shown, important=progress.checkpoint)

    def _animate(self, *, missing_only: bool = False) -> None:
        try:
            self._pictures.animate(missing_only=missing_only)
        except OSError as error:  # the run itself is safe
            self._report.note(f"no animation of {self._directory.samples}: {error.strerror or error}")

    def _draw(self, state: TrainState, seed_index: int, count: int, seed: int) -> Part:
        return averaged_generator(self._experiment, state, seed_index).part(count, seed)

    def _resume_command(self) -> str:
        config, run_dir = str(self._directory.config), str(self._directory.path)
        return shlex.join(["vdm", "train", "--config", config, "--run-dir", run_dir, "--resume"])


def _line(step: int, metrics: dict[str, np.ndarray]) -> dict[str, Any]:
    """One record: means over seeds, and every seed's own values where there are several."""
    record: dict[str, Any] = {"step": step}
    record |= {name: _finite(values.mean()) for name, values in metrics.items()}
    if len(metrics["critic_loss"]) > 1:
        record["seeds"] = {name: [_finite(value) for value in values] for name, values in metrics.items()}
    return record


def _finite(value: float) -> float | None:
    """A number that JSON has; None for an infinite divergence."""
    return float(value) if np.isfinite(value) else None
