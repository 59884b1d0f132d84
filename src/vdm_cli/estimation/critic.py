r"""An ensemble of small critics fitted by the balanced logistic loss.

    min_v  1/2 E_P[softplus(-v(x))] + 1/2 E_Q[softplus(v(x))],   attained at v = log(p/q)

The loss is bounded below, unlike the empirical bound of an unbounded f (Sugiyama, Suzuki and Kanamori
2012, ch. 4; Menon and Ong 2016).  One fitted v serves every divergence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

Params = dict[str, jax.Array]
HostParams = dict[str, npt.NDArray[np.float32]]

# Validation loss (nats) below which a member separates the samples and has nothing left to learn.
_SEPARATED_LOSS = 1e-4
_WEIGHTS = 2  # a stream of random numbers of its own


@dataclass(frozen=True)
class CriticBudget:
    """Sizes of the networks and of their training; hashable, hence static under jit.

    Attributes:
        hidden: Width of both hidden layers.
        members: Networks a fold, whose scores are averaged.
        batch: Rows of each side a step.
        period: Steps between two validations.
        periods: Validations at most: period * periods steps of cosine decay.
        patience: Validations without a better loss after which a member has finished.
        learning_rate: Adam's peak rate.
        decay: Decoupled weight decay.
        averaging: Decay of the running average of the weights, which is what is validated and kept.
    """

    hidden: int = 64
    members: int = 4
    batch: int = 128
    period: int = 50
    periods: int = 24
    patience: int = 6
    learning_rate: float = 3e-3
    decay: float = 1e-3
    averaging: float = 0.98


class FitRows(NamedTuple):
    """What one member sees: scaled rows (n, d) and (m, d) float32, and its own index arrays into them."""

    p: jax.Array
    q: jax.Array
    train_p: jax.Array
    train_q: jax.Array
    valid_p: jax.Array
    valid_q: jax.Array


class Member(NamedTuple):
    """One network in training; `best` has the lowest validation loss so far, at first v = 0's log 2 nats."""

    params: Params
    optimizer: optax.OptState
    average: Params
    best: Params
    best_loss: jax.Array
    stale: jax.Array
    step: jax.Array


class Network(Protocol):
    """An architecture; hashable, hence static under jit."""

    @property
    def pixels(self) -> int:
        """How many columns of a row, from the first, are pixels of one image."""

    def init(self, rng: np.random.Generator) -> HostParams:
        """Weights with which every score is 0, float32."""

    def score(self, params: Params, x: jax.Array) -> jax.Array:
        """The estimate of log p/q at scaled rows x, shape (n, d) -> (n,)."""


def uniform_weights(rng: np.random.Generator, inputs: int, outputs: int) -> npt.NDArray[np.float32]:
    """Weights of a layer whose outputs have the scale of its inputs, (inputs, outputs) (He et al. 2015).

    NumPy draws them: JAX's generator takes two seconds to compile on a CPU.
    """
    limit = (6.0 / inputs) ** 0.5
    return rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)


@dataclass(frozen=True)
class Perceptron:
    """Two hidden layers and a linear skip.

    Attributes:
        columns: d, of a row.
        hidden: Width of both hidden layers.
    """

    columns: int
    hidden: int

    @property
    def pixels(self) -> int:
        """None: columns have nothing to do with each other."""
        return 0

    def init(self, rng: np.random.Generator) -> HostParams:
        """Weights with which every score is 0, float32."""
        dim, width = self.columns, self.hidden
        return {
            "w1": uniform_weights(rng, dim, width),
            "b1": np.zeros(width, np.float32),
            "w2": uniform_weights(rng, width, width),
            "b2": np.zeros(width, np.float32),
            "out": np.zeros(width, np.float32),
            "skip": np.zeros(dim, np.float32),
            "bias": np.zeros((), np.float32),
        }

    def score(self, params: Params, x: jax.Array) -> jax.Array:
        """The estimate of log p/q at scaled rows x, shape (n, d) -> (n,)."""
        h = jax.nn.silu(x @ params["w1"] + params["b1"][None, :])
        h = jax.nn.silu(h @ params["w2"] + params["b2"][None, :])
        return h @ params["out"] + x @ params["skip"] + params["bias"]


def _loss(network: Network, params: Params, p: jax.Array, q: jax.Array) -> jax.Array:
    both = network.score(params, jnp.concatenate([p, q]))
    return 0.5 * (jnp.mean(jax.nn.softplus(-both[: len(p)])) + jnp.mean(jax.nn.softplus(both[len(p) :])))


def _optimizer(budget: CriticBudget) -> optax.GradientTransformation:
    schedule = optax.cosine_decay_schedule(budget.learning_rate, budget.period * budget.periods)
    return optax.adamw(schedule, weight_decay=budget.decay)


def init_member(params: Params, budget: CriticBudget) -> Member:
    """A network that starts as the constant v = 0."""
    zero = jnp.zeros((), jnp.int32)
    log2 = jnp.log(jnp.float32(2.0))
    return Member(params, _optimizer(budget).init(params), params, params, log2, zero, zero)


def advance(member: Member, rows: FitRows, network: Network, budget: CriticBudget) -> Member:
    """Train one member for a period of steps on balanced batches, then validate its averaged weights."""
    optimizer = _optimizer(budget)

    def step(carry: tuple[Params, optax.OptState, Params], index: jax.Array):  # type: ignore[no-untyped-def]
        params, state, average = carry
        # A member's rows are in an order of its own: taking them in turn needs no random numbers, whose
        # generator costs seconds of compilation.
        turn = index * budget.batch + jnp.arange(budget.batch)
        batch_p = rows.p[rows.train_p[turn % len(rows.train_p)]]
        batch_q = rows.q[rows.train_q[turn % len(rows.train_q)]]
        grads = jax.grad(partial(_loss, network))(params, batch_p, batch_q)
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        # The average forgets its start early on: decay min(a, (1 + t) / (10 + t)).
        decay = jnp.minimum(budget.averaging, (1.0 + index) / (10.0 + index))
        average = jax.tree.map(lambda a, b: decay * a + (1.0 - decay) * b, average, params)
        return (params, state, average), None

    indices = member.step + jnp.arange(budget.period)
    (params, state, average), _ = jax.lax.scan(
        step, (member.params, member.optimizer, member.average), indices
    )
    loss = _loss(network, average, rows.p[rows.valid_p], rows.q[rows.valid_q])
    better = loss < member.best_loss
    best = jax.tree.map(lambda a, b: jnp.where(better, a, b), average, member.best)
    return Member(
        params,
        state,
        average,
        best,
        jnp.where(better, loss, member.best_loss),
        jnp.where(better, 0, member.stale + 1),
        member.step + budget.period,
    )


# Axes are (fold, member): a fold's members share its rows and differ in start, batches and validation rows.
_MEMBERS = FitRows(None, None, 0, 0, 0, 0)  # type: ignore[arg-type]


@partial(jax.jit, static_argnums=1)
def _init_all(params: Params, budget: CriticBudget) -> Member:
    return jax.vmap(jax.vmap(lambda own: init_member(own, budget)))(params)


@partial(jax.jit, static_argnums=(2, 3), donate_argnums=0)
def _advance_all(state: Member, rows: FitRows, network: Network, budget: CriticBudget) -> Member:
    one = partial(advance, network=network, budget=budget)
    return jax.vmap(jax.vmap(one, in_axes=(0, _MEMBERS)))(state, rows)


@partial(jax.jit, static_argnums=0)
def _score_block(network: Network, params: Params, block: jax.Array) -> jax.Array:
    return jnp.mean(jax.vmap(network.score, in_axes=(0, None))(params, block), axis=0)


def fit_critics(
    rows: FitRows,
    *,
    network: Network,
    budget: CriticBudget,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Params:
    """Fit every fold's ensemble in one compiled program, until each member stopped improving.

    Args:
        rows: p (folds, n, d), q (folds, m, d), index arrays (folds, members, ...).
        network: The architecture of every member.
        budget: Sizes; the same shapes and budget compile once a process.
        seed: Of initial weights and batches.
        progress: Called with the share of the step budget that is done.

    Returns:
        The weights with the lowest validation loss, leaves of shape (folds, members, ...).
    """
    rng, (folds, members) = np.random.default_rng((seed, _WEIGHTS)), rows.train_p.shape[:2]
    drawn = [network.init(rng) for _ in range(folds * members)]
    params = {
        name: np.stack([own[name] for own in drawn]).reshape(folds, members, *weights.shape)
        for name, weights in drawn[0].items()
    }
    state = _init_all(params, budget)
    for period in range(budget.periods):
        state = _advance_all(state, rows, network, budget)
        if progress is not None:
            progress((period + 1) / budget.periods)
        finished = (state.stale >= budget.patience) | (state.best_loss < _SEPARATED_LOSS)
        if bool(np.all(np.asarray(finished))):
            break
    best: Params = state.best
    return best


def ensemble_scores(
    network: Network, params: Params, x: npt.NDArray[np.float32], *, block: int = 8192
) -> npt.NDArray[np.float64]:
    """The averaged score of one fold's members, leaves (members, ...), at rows (n, d) -> (n,), in blocks."""
    out = np.empty(len(x), np.float64)
    for start in range(0, len(x), block):
        part = x[start : start + block]
        padded = np.zeros((block, x.shape[1]), np.float32)
        padded[: len(part)] = part
        out[start : start + len(part)] = np.asarray(_score_block(network, params, padded))[: len(part)]
    return out
