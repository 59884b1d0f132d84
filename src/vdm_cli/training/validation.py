"""How good the run is, on rows that no player is fitted on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.dataset import Dataset, Part, StreamedPart, thin
from vdm_cli.data.features import fit_features
from vdm_cli.data.form import Form
from vdm_cli.data.source import Batch, FreshSource, Source
from vdm_cli.data.stream.source import StreamSource
from vdm_cli.estimation.fresh import fresh_critic_bound, held_out_bound
from vdm_cli.objectives.packing import pack
from vdm_cli.training.program import over_seeds
from vdm_cli.training.state import Player, TrainState
from vdm_cli.training.step import Players, critic_scores
from vdm_cli.two_sample.chosen_rows import fit_units
from vdm_cli.two_sample.neighbors import NEIGHBORS, ball_shares
from vdm_cli.two_sample.pairs import all_pairs

BOUND_ROWS = 2_048  # validation rows of the live critic's bound, at every line of the metrics
RECALL_ROWS = 1_000
FRESH_ROWS = 10_000  # rows that a fresh critic is fitted on, and evaluated on, at every checkpoint
BOUND_STREAM, SUBSET_STREAM, PACK_STREAM = 2, 3, 5

DrawRows = Callable[[TrainState, int, int, int], Part]


class Validation:
    """Judges states on validation rows.

    Args:
        players: Of the run.
        dataset: Of the run.
        source: Of the run; a synthetic law gives the fresh critic's rows where no training rows are held.
        draw: (state, seed index, count, seed) -> that many generated rows in data units, as `vdm sample`
            would write them, with their labels where images are conditioned on labels.
    """

    def __init__(self, players: Players, dataset: Dataset, source: Source | StreamSource, draw: DrawRows):
        self._players = players
        self._dataset = dataset
        self._draw = draw
        some = dataset.validation.take(np.arange(min(BOUND_ROWS, len(dataset.validation))))
        rows, conditions = dataset.encode(some)
        self._bound_rows = Batch(jnp.asarray(rows), None if conditions is None else jnp.asarray(conditions))
        judged = dataset.validation.take(np.arange(min(FRESH_ROWS, len(dataset.validation))))
        fitted = _training_rows(dataset, source)
        self._features = fit_features([fitted.rows], dataset.layout.forms, _label_form(dataset))
        self._evaluation_rows = self._flat(judged)
        self._fit_rows = self._flat(fitted)

    def _flat(self, part: Part) -> np.ndarray:
        return self._features(part.rows, part.labels)

    def bound(self, state: TrainState) -> np.ndarray:
        """The live critic's bound on validation rows against new samples of the live generator: (seeds,).

        With packing it bounds D_f(P^m || Q^m), with pairing or the Wasserstein baseline nothing:
        `Objective.value_name` says which.
        """
        return np.asarray(_live_bound(self._players, state, self._bound_rows), np.float64)

    def checkpoint(self, state: TrainState, step: int) -> dict[str, np.ndarray]:
        """How the averaged generator, which samples, stands: each measure with one value a seed, (seeds,).

        ``validation_divergence``: Jensen-Shannon lower bound, in nats, of a critic fitted from nothing on
        training rows against samples and evaluated on validation rows against other samples.  Unlike the
        live critic's bound it is not small because the live critic is weak.

        ``live_divergence``: the same bound of the live critic, where its score is an estimate of log p/q of
        one row.  What a fresh critic sees beyond it, the generator is not told.

        ``validation_recall``: share of validation rows among samples (Kynkaanniemi et al. 2019); small where
        samples are much less diverse than the data.
        """
        measured = [self._judge(state, index, step) for index in range(state.step.shape[0])]
        return {name: np.asarray([each[name] for each in measured]) for name in measured[0]}

    def _judge(self, state: TrainState, index: int, step: int) -> dict[str, float]:
        fit, evaluate = len(self._fit_rows), len(self._evaluation_rows)
        drawn = self._draw(state, index, fit + evaluate, step)
        model = self._flat(drawn)
        fresh = fresh_critic_bound(self._fit_rows, model[:fit], self._evaluation_rows, model[fit:])
        found = {"validation_divergence": fresh}
        if evaluate > NEIGHBORS:
            images = drawn.rows.ndim > 2
            found["validation_recall"] = _recall(self._evaluation_rows, model[fit:], one_unit=images)
        if self._players.objective.estimates_log_ratio:
            some = np.arange(fit, fit + min(BOUND_ROWS, evaluate))
            rows, conditions = self._dataset.encode(drawn.take(some))
            model_rows = Batch(jnp.asarray(rows), None if conditions is None else jnp.asarray(conditions))
            critic = jax.tree.map(lambda leaf: leaf[index], state.critic)
            sides = (_scores(self._players, critic, side) for side in (self._bound_rows, model_rows))
            found["live_divergence"] = held_out_bound(*sides)
        return found


def _recall(p: np.ndarray, q: np.ndarray, *, one_unit: bool) -> float:
    """Share of rows of p among those of q, of at most `RECALL_ROWS` of a side."""
    count = min(RECALL_ROWS, len(p), len(q))
    units = fit_units(p[:count], q[:count], one_unit=one_unit)
    pairs = all_pairs(units(p[:count]), units(q[:count]))
    return ball_shares(pairs.squared, np.arange(count), np.arange(count, 2 * count), NEIGHBORS)["recall"]


@partial(jax.jit, static_argnums=0)
def _live_scores(players: Players, critic: Player, rows: Batch) -> jax.Array:
    return critic_scores(players, critic.params, critic.aux, rows.x, False, rows.condition)[0]


def _scores(players: Players, critic: Player, rows: Batch) -> np.ndarray:
    return np.asarray(_live_scores(players, critic, rows), np.float64)


@partial(jax.jit, static_argnums=0)
def _live_bound(players: Players, state: TrainState, rows: Batch) -> jax.Array:
    objective = players.objective
    rows = _whole_packs(rows, objective.packing)

    def one_seed(state: TrainState) -> jax.Array:
        key = jax.random.fold_in(jax.random.fold_in(state.key, BOUND_STREAM), state.step)
        latents = players.latent.sample(key, rows.x.shape[0])
        generator, critic, given = state.generator, state.critic, rows.condition
        fake, _ = players.generator.apply(generator.params, generator.aux, latents, False, given)

        def scores(side: Batch) -> jax.Array:
            side = pack(side, objective.packing)
            return critic_scores(players, critic.params, critic.aux, side.x, False, side.condition)[0]

        return objective.value(scores(rows), scores(Batch(fake, given)))

    return over_seeds(one_seed)(state)


def _whole_packs(rows: Batch, size: int) -> Batch:
    """Shuffled, as rows that are neighbors in a file may be alike, and as many as fill their packs."""
    if size == 1:
        return rows
    count = rows.x.shape[0]
    order = jax.random.permutation(jax.random.key(PACK_STREAM), count)[: count - count % size]
    return jax.tree.map(lambda leaf: leaf[order], rows)


def _training_rows(dataset: Dataset, source: Source | StreamSource) -> Part:
    """Rows that the fresh critic is fitted on, by the training rows' weights where they have some."""
    if dataset.train is None:
        assert isinstance(source, FreshSource)
        return Part(np.asarray(source.law.sample(jax.random.key(SUBSET_STREAM), FRESH_ROWS)))
    held = dataset.train.sample if isinstance(dataset.train, StreamedPart) else dataset.train
    train = thin(held, SUBSET_STREAM)
    chosen = np.random.default_rng(SUBSET_STREAM).permutation(len(train))[:FRESH_ROWS]
    return train.take(np.sort(chosen))


def _label_form(dataset: Dataset) -> Form | None:
    """How labels beside images are written, where the model is conditioned on them."""
    conditioning = dataset.conditioning
    return None if conditioning is None or conditioning.places else conditioning.forms[0]
