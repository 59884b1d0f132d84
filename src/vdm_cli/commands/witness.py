"""T as pictures show it: of the live critic, at its optimum f'(p/q), and the scale that both share."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.networks.network import Aux, Params
from vdm_cli.objectives.wasserstein import Wasserstein
from vdm_cli.pictures.view import RowFunction, WitnessScale
from vdm_cli.training.state import TrainState
from vdm_cli.training.step import Players, critic_scores

LEVELS = np.linspace(-3.0, 3.0, 13)  # log p/q whose T are the levels of a picture
MARGIN = 0.6  # of an axis beyond T(-1) and T(1), as a share of their distance
CENTERED = 3.0  # ends of the scale of a T that is centered, in standardized units
CENTER_ROWS = 1_000


def witness_scale(experiment: Experiment) -> WitnessScale | None:
    """Values of T that suit its divergence; None where T is not a function of one row.

    Levels are at even distances of log p/q; T(-1) to T(1) is the middle of an axis, so that neither steep
    tails of T nor early critics set its size.
    """
    dataset, objective = experiment.dataset, experiment.players.objective
    if not objective.judges_single_rows or dataset.conditioning is not None or dataset.transform.blocks:
        return None
    if isinstance(objective.divergence, Wasserstein):
        levels = np.linspace(-CENTERED, CENTERED, len(LEVELS))
        return WitnessScale(-CENTERED, CENTERED, tuple(levels.tolist()), "T(x) less its mean over the data")
    levels = np.unique(_optimal(objective.divergence, LEVELS))
    if len(levels) < len(LEVELS):  # steps, as total variation's: what is trained is smooth
        smooth = objective.divergence.training_pair[0](jnp.asarray(LEVELS, jnp.float32))
        levels = np.unique(np.concatenate([levels, np.asarray(smooth, np.float64)]))
    low, high = _optimal(objective.divergence, np.array([-1.0, 1.0])).tolist()
    margin = MARGIN * (high - low) or 1.0
    return WitnessScale(low - margin, high + margin, tuple(levels.tolist()))


def live_witness(experiment: Experiment, state: TrainState) -> RowFunction:
    """T of the first seed's critic on rows in data units; the baseline's less its mean over the data."""
    players, dataset = experiment.players, experiment.dataset
    params, aux = jax.tree.map(lambda leaf: leaf[0], (state.critic.params, state.critic.aux))

    def witness(rows: np.ndarray) -> np.ndarray:
        x = jnp.asarray(dataset.transform.forward(rows))
        return np.asarray(_live_witness(players, params, aux, x), np.float64)

    if not isinstance(players.objective.divergence, Wasserstein):
        return witness
    center = witness(dataset.validation.rows[:CENTER_ROWS]).mean()
    return lambda rows: witness(rows) - center


def optimal_witness(divergence: FDivergence, p: GaussianMixture, q: GaussianMixture) -> RowFunction:
    """T* = f'(p/q) on rows (n, d) in data units."""

    def witness(rows: np.ndarray) -> np.ndarray:
        x = rows.reshape(len(rows), -1)
        return _optimal(divergence, p.log_density(x) - q.log_density(x))

    return witness


def _optimal(divergence: FDivergence, log_ratio: np.ndarray) -> np.ndarray:
    limit = divergence.score_limit  # beyond it T overflows, far outside of every picture
    v = jnp.asarray(np.clip(log_ratio, -limit, limit), jnp.float32)
    return np.asarray(divergence.witness(v), np.float64)


@partial(jax.jit, static_argnums=0)
def _live_witness(players: Players, params: Params, aux: Aux, x: jax.Array) -> jax.Array:
    scores, _ = critic_scores(players, params, aux, x, False)
    return players.objective.divergence.training_pair[0](scores)
