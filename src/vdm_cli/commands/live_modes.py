"""Mode coverage of a run as it goes, where the modes are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.live import averaged_generator
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.training.state import TrainState
from vdm_cli.two_sample.modes import SCORES, has_separate_modes, mode_scores, perfect_scores

ROWS = 2_500  # generated, as in VEEGAN's and PacGAN's tables
SEED = 0  # of their latents, the same at every step
PREFIX = "modes_"  # of the scores' names in the metrics
COVERED, HIGH_QUALITY, REVERSE_KL, SD_RATIO = (PREFIX + name for name in SCORES)


class LiveModes:
    """Scores of `vdm_cli.two_sample.modes` for the averaged generator, which samples.

    Args:
        experiment: The run.
    """

    def __init__(self, experiment: Experiment):
        law = experiment.dataset.law
        self._experiment = experiment
        self.law = law if law is not None and has_separate_modes(law) else None

    def __call__(self, state: TrainState) -> dict[str, np.ndarray]:
        """Each score with one value a seed, (seeds,), nan where no row is of high quality.

        Empty where the law of the data is not a mixture of separate modes.
        """
        if self.law is None:
            return {}
        found = []
        for index in range(state.step.shape[0]):
            rows = averaged_generator(self._experiment, state, index).sample(ROWS, SEED)
            found.append(mode_scores(rows, self.law))
        return {
            PREFIX + name: np.asarray([getattr(each, name) for each in found], np.float64) for name in SCORES
        }


@dataclass(frozen=True)
class ModesReached:
    """Mode scores of `ROWS` samples at one step.

    Attributes:
        of: Modes of the data.
        seeds: Each score with one value a seed; None where no row is of high quality.
        perfect: What as many rows of the data's own law score in the mean.
    """

    of: int
    seeds: dict[str, list[float | None]]
    perfect: dict[str, float | None]


def modes_reached(record: dict[str, Any], law: GaussianMixture | None) -> ModesReached | None:
    """Read the scores of one line of the metrics; None where it has none."""
    if law is None or PREFIX + SCORES[0] not in record:
        return None
    own = record.get("seeds", {name: [value] for name, value in record.items()})
    perfect = perfect_scores(law, ROWS, np.random.default_rng(SEED))
    return ModesReached(len(law.weights), {name: own[PREFIX + name] for name in SCORES}, perfect)
