"""What is done with a run at its boundaries: measure, write down, save, show, draw, decide to stop."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.diagnosis import FRESH, diagnose, facts_of
from vdm_cli.commands.live import LiveDivergence, averaged_generator
from vdm_cli.commands.live_modes import COVERED, HIGH_QUALITY, LiveModes
from vdm_cli.commands.run_pictures import PicturesOfRun
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.console import Report
from vdm_cli.data.dataset import Part
from vdm_cli.errors import Interrupted, NonFiniteError
from vdm_cli.interruption import StopRequest
from vdm_cli.run_directory import RunDirectory
from vdm_cli.training.loop import Progress, boundaries, run
from vdm_cli.training.state import TrainState
from vdm_cli.training.validation import Validation

EXACT = "exact_divergence"


class ObservedRun:
    """One run with everything that happens at its boundaries.

    Args:
        experiment: What is run.
        directory: Where it lies; held by this process.
        report: Where progress goes.
        stop: Says when somebody asks to stop.
    """

    def __init__(self, experiment: Experiment, directory: RunDirectory, report: Report, stop: StopRequest):
        self._experiment = experiment
        self._directory = directory
        self._report = report
        self._stop = stop
        self._validation = Validation(
            experiment.players, experiment.dataset, experiment.program.source, self._draw
        )
        self._exact_divergence = LiveDivergence(experiment)
        self._modes = LiveModes(experiment)
        self._pictures = PicturesOfRun(experiment, directory)
        self._facts = facts_of(experiment)
        self._told: set[str] = set()  # kinds of findings
        self._clock = time.perf_counter()
        self._last_step = 0
        self._last_measured: dict[str, float] = {}  # what checkpoints alone measure stays on the line

    def from_step(self, start: int, state: TrainState) -> None:
        """Train to the end, until validation has not improved for long, or until somebody asks to stop."""
        training = self._experiment.config.training
        period = self._experiment.config.checkpoints.every
        schedule = boundaries(start, training.steps, training.log_every, period)
        self._last_step, self._clock = start, time.perf_counter()
        finished = is_finished(self._experiment.config, self._directory.records(), start)
        if not finished:
            self._pictures.begin()
        if self._pictures.wanted(start):
            self._pictures.draw(state, start, missing_only=start > 0)  # killed between checkpoint and picture
        try:
            if not finished:
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
            metrics |= self._validation.checkpoint(progress.state, progress.step)
        for name, values in metrics.items():
            if not np.isfinite(values).all():
                raise NonFiniteError(f"step {progress.step}: {name.replace('_', ' ')} is not finite")
        metrics |= self._modes(progress.state)
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
        if progress.checkpoint and progress.step < self._experiment.config.training.steps:
            self._tell_new_findings(progress.step)
        if self._pictures.wanted(progress.step):
            self._pictures.draw(progress.state, progress.step)
        if stopping and self._stop.signal is not None:
            self._animate()
            saved = f"{self._stop.signal.name}: saved at step {progress.step}"
            raise Interrupted(f"{saved}; continue with: {self._resume_command()}")
        self._clock, self._last_step = time.perf_counter(), progress.step
        if not progress.checkpoint:  # the lines so far are read where a run may end, and only there
            return True
        return not is_finished(self._experiment.config, self._directory.records(), progress.step)

    def _save(self, progress: Progress, metrics: dict[str, np.ndarray]) -> None:
        dataset = self._experiment.dataset
        value = metrics.get(FRESH)
        about = {
            "config": self._experiment.config.model_dump(mode="json"),
            "transform": dataset.transform.to_json(),
            "conditioning": None if dataset.conditioning is None else dataset.conditioning.to_json(),
            "layout": dataset.layout.to_json(),
            "data_digest": dataset.digest,
            FRESH: None if value is None else float(value.mean()),
        }
        self._directory.checkpoints.save(progress.step, progress.state, about)
        self._directory.checkpoints.prune(self._experiment.config.checkpoints.keep)

    def _show(self, progress: Progress, metrics: dict[str, np.ndarray], rate: float) -> None:
        name = self._experiment.players.objective.value_name
        shown = {name.replace("_", " "): float(metrics[name].mean())}
        for measure, told in ((EXACT, "exact"), (FRESH, "val JS")):
            if measure in metrics:
                self._last_measured[told] = float(metrics[measure].mean())
            if told in self._last_measured:
                shown[told] = self._last_measured[told]
        if COVERED in metrics:
            shown["modes"] = float(metrics[COVERED].min())
            shown["HQ"] = float(metrics[HIGH_QUALITY].mean())
        shown["it/s"] = rate
        shown["G"] = float(metrics["generator_loss"].mean())
        shown["C"] = float(metrics["critic_loss"].mean())
        self._report.step(progress.step, shown, important=progress.checkpoint)

    def _tell_new_findings(self, step: int) -> None:
        """What goes wrong is told when it is first seen; the summary of the run has what is left of it."""
        for finding in diagnose(self._directory.records(), self._facts):
            if finding.kind not in self._told:
                self._told.add(finding.kind)
                self._report.note(f"step {step}: {finding.text}")

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


def is_finished(config: ExperimentConfig, records: Sequence[dict[str, Any]], step: int) -> bool:
    """Whether a run ends at this step: the last one, or a checkpoint at which its patience is exhausted."""
    if step >= config.training.steps:
        return True
    checks = [record for record in records if FRESH in record and record["step"] <= step]
    patience = config.checkpoints.patience
    if patience is None or not checks or checks[-1]["step"] != step:
        return False
    best = int(np.argmin([record[FRESH] for record in checks]))
    return len(checks) - 1 - best >= patience


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
