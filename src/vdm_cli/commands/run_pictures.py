"""The pictures of a run as it goes: what they show, at which steps, and the animation of them all."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.live import averaged_generator, live_generator
from vdm_cli.commands.witness import live_witness, optimal_witness, witness_scale
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.pictures.animation import frame_period, write_animation
from vdm_cli.pictures.figure import shortened
from vdm_cli.pictures.run import run_pictures
from vdm_cli.pictures.view import RowFunction, View
from vdm_cli.run_directory import RunDirectory
from vdm_cli.training.state import TrainState

ANIMATION = "training.gif"
SEED = 0  # of the latents of every picture: samples move, and are not drawn anew
LONGEST = 32  # letters of a name, and of a divergence, in a title


class PicturesOfRun:
    """Draws the first seed of a run into its directory.

    Where the density of the generator is known, a picture shows the live one, which the critic judges;
    elsewhere the averaged one, which samples.

    Args:
        experiment: The run.
        directory: Where it lies.
    """

    def __init__(self, experiment: Experiment, directory: RunDirectory):
        self._experiment = experiment
        self._animation = directory.samples / ANIMATION
        scale = witness_scale(experiment)
        self._judges = scale is not None
        self._pictures = run_pictures(experiment.dataset, scale)
        training = experiment.config.training
        self._last, self._every = training.steps, experiment.config.checkpoints.every
        self._period = frame_period(self._last, training.log_every, self._every, self._pictures.frames)

    def wanted(self, step: int) -> bool:
        """Whether a step has a picture: frames and checkpoints do, wherever a run was interrupted."""
        return step == self._last or step % self._every == 0 or step % self._period == 0

    def draw(self, state: TrainState, step: int, *, missing_only: bool = False) -> None:
        """Draw the picture of a step."""
        path = self._path(step)
        if missing_only and path.exists():
            return
        live = live_generator(self._experiment, state, 0)
        law = live.density()
        generator = averaged_generator(self._experiment, state, 0) if law is None else live
        given = generator.classes_in_turn() if len(generator.layout.shape) >= 2 else None
        view = View(
            title=self._title(step),
            samples=generator.sample(self._pictures.count, SEED, given),
            witness=live_witness(self._experiment, state) if self._judges else None,
            density=None if law is None else _density(law),
            optimum=None if law is None else self._optimum(law),
        )
        self._pictures.draw(path, view)

    def begin(self) -> None:
        """Forget the animation: what follows makes it incomplete."""
        self._animation.unlink(missing_ok=True)

    def animate(self, *, missing_only: bool = False) -> None:
        """Put the frames that have been drawn into one GIF; nothing where there are less than two.

        Raises:
            OSError: If it cannot be written.
        """
        if missing_only and self._animation.exists():
            return
        steps = itertools.chain(range(0, self._last, self._period), [self._last])
        write_animation(self._animation, [self._path(step) for step in steps])

    def _optimum(self, law: GaussianMixture) -> RowFunction | None:
        p, divergence = self._experiment.dataset.law, self._experiment.players.objective.divergence
        if p is None or not isinstance(divergence, FDivergence):
            return None
        return optimal_witness(divergence, p, law)

    def _path(self, step: int) -> Path:
        return self._animation.with_name(f"step-{step:08d}.png")

    def _title(self, step: int) -> str:
        name, label = self._experiment.config.name, self._experiment.players.objective.label
        seeds = self._experiment.config.training.num_seeds
        which = f", seed index 0 of {seeds}" if seeds > 1 else ""
        return f"{shortened(name, LONGEST)}: {shortened(label, LONGEST)}, step {step}{which}"


def _density(law: GaussianMixture) -> RowFunction:
    return lambda rows: np.exp(law.log_density(rows.reshape(len(rows), -1)))
