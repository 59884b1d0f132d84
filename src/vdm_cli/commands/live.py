"""The generator of a run as it stands, and the exact divergence of its law from that of the data."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.load import sampler
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.objectives.objective import BOUND
from vdm_cli.sampling import Generator
from vdm_cli.training.state import TrainState


def averaged_generator(experiment: Experiment, state: TrainState, seed_index: int) -> Generator:
    """What `vdm sample` would draw from."""
    dataset = experiment.dataset
    return sampler(
        experiment.players,
        state,
        seed_index,
        dataset.transform,
        dataset.layout,
        experiment.config,
        dataset.conditioning,
    )


def live_generator(experiment: Experiment, state: TrainState, seed_index: int) -> Generator:
    """The generator that the critic is playing against, without averaging."""
    params = jax.tree.map(lambda leaf: leaf[seed_index], state.generator.params)
    return dataclasses.replace(averaged_generator(experiment, state, seed_index), params=params)


class LiveDivergence:
    """D_f(P || Q) of the live generator, which the critic's bound is to be compared with.

    Args:
        experiment: The run.
    """

    def __init__(self, experiment: Experiment):
        self._experiment = experiment
        players = experiment.players
        bounded = players.objective.value_name == BOUND
        self._divergence = players.objective.divergence
        self._law = experiment.dataset.law if bounded and players.generator.is_affine else None
        self.quick = self._law is not None and self._law.dim == 1  # milliseconds; seconds in the plane

    def __call__(self, state: TrainState) -> np.ndarray | None:
        """One value a seed, in nats, ``inf`` where it is infinite: (seeds,); None where it is not known.

        It is known where the critic's value is a bound on it, the data's law is known, the generator is an
        affine map of a normal latent onto all of the space, and `exact_divergence` can reach the pair.
        """
        if self._law is None:
            return None
        assert isinstance(self._divergence, FDivergence), "the baseline bounds nothing"
        values = []
        for index in range(state.step.shape[0]):
            density = live_generator(self._experiment, state, index).density()
            value = None if density is None else exact_divergence(self._divergence, self._law, density)
            if value is None:
                return None
            values.append(value)
        return np.asarray(values)
