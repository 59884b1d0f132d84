"""How good the run is, on rows that no player is fitted on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.dataset import Dataset
from vdm_cli.data.source import FreshSource, Source
from vdm_cli.estimation.fresh import fresh_critic_bound
from vdm_cli.objectives.bound import variational_bound
from vdm_cli.training.program import over_seeds
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import Players, critic_scores

BOUND_ROWS = 2_048  # validation rows of the live critic's bound, at every line of the metrics
FRESH_ROWS = 10_000  # rows that a fresh critic is fitted on, and evaluated on, at every checkpoint
BOUND_STREAM, SUBSET_STREAM = 2, 3

DrawRows = Callable[[TrainState, int, int, int], np.ndarray]


class Validation:
    """Judges states on validation rows.

    Args:
        players: Of the run.
        dataset: Of the run.
        source: Of the run; a synthetic law gives the fresh critic's rows where no training rows are held.
        draw: (state, seed index, count, seed) -> generated rows (count, *shape) in data units, as
            `vdm sample` would write them.
    """

    def __init__(self, players: Players, dataset: Dataset, source: Source, draw: DrawRows):
        self._players = players
        self._dataset = dataset
        self._draw = draw
        validation = dataset.transform.forward(dataset.validation)
        self._bound_rows = jnp.asarray(validation[:BOUND_ROWS])
        self._evaluation_rows = _flat(validation[:FRESH_ROWS])
        self._fit_rows = _flat(self._training_rows(source))

    def _training_rows(self, source: Source) -> np.ndarray:
        key = jax.random.key(SUBSET_STREAM)
        if self._dataset.train is None:
            assert isinstance(source, FreshSource)
            return self._dataset.transform.forward(np.asarray(source.law.sample(key, FRESH_ROWS)))
        count = len(self._dataset.train)
        chosen = np.random.default_rng(SUBSET_STREAM).permutation(count)[:FRESH_ROWS]
        return self._dataset.transform.forward(self._dataset.train[np.sort(chosen)])

    def bound(self, state: TrainState) -> np.ndarray:
        """The live critic's bound on validation rows against new samples of the live generator: (seeds,)."""
        return np.asarray(_live_bound(self._players, state, self._bound_rows), np.float64)

    def divergence(self, state: TrainState, step: int) -> np.ndarray:
        """Jensen-Shannon lower bound, in nats, of a critic fitted from nothing, for each seed: (seeds,).

        It is fitted on training rows against samples and evaluated on validation rows against other
        samples.  Unlike the live critic's bound it is not small because the live critic is weak.
        """
        fit, evaluate = len(self._fit_rows), len(self._evaluation_rows)
        values = []
        for index in range(state.step.shape[0]):
            rows = self._draw(state, index, fit + evaluate, step)
            model = _flat(self._dataset.transform.forward(rows))
            values.append(fresh_critic_bound(self._fit_rows, model[:fit], self._evaluation_rows, model[fit:]))
        return np.asarray(values)


@partial(jax.jit, static_argnums=0)
def _live_bound(players: Players, state: TrainState, rows: jax.Array) -> jax.Array:
    def one_seed(state: TrainState) -> jax.Array:
        key = jax.random.fold_in(jax.random.fold_in(state.key, BOUND_STREAM), state.step)
        latents = players.latent.sample(key, rows.shape[0])
        fake, _ = players.generator.apply(state.generator.params, state.generator.aux, latents, False)
        data_scores, _ = critic_scores(players, state.critic.params, state.critic.aux, rows, False)
        model_scores, _ = critic_scores(players, state.critic.params, state.critic.aux, fake, False)
        return variational_bound(players.objective.divergence, data_scores, model_scores, smooth=True)

    return over_seeds(one_seed)(state)


def _flat(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), -1)
