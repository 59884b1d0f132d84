"""Scores of rows that no critic had seen: scale, fit, score and combine, split by split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vdm_cli.estimation.budget import Budget
from vdm_cli.estimation.calibration import fit_combination
from vdm_cli.estimation.critic import FitRows, Network, Params, ensemble_scores, fit_critics
from vdm_cli.estimation.gaussian import WIDEST, fit_gaussian
from vdm_cli.estimation.reduction import fit_reduction
from vdm_cli.estimation.scaling import fit_scaling
from vdm_cli.estimation.splits import Indices, Split
from vdm_cli.estimation.trees import Trees
from vdm_cli.estimation.witness import Floats

# Networks see smooth differences best and trees fine detail; two normal laws take what pairs of columns tell.
# Calibration rows say how they combine.
_VALIDATION_SHARE = 0.15
_VALIDATION_ROWS = 2048
_TREE_ROWS = 60_000  # of a side: more rows cost time and tell trees little

Score = Callable[[npt.NDArray[np.float32]], Floats]


@dataclass(frozen=True, eq=False)
class Sample:
    """One side's rows.

    Attributes:
        rows: Shape (n, d), any real type.
        weights: How much each counts, (n,); None where all count the same.
    """

    rows: npt.NDArray[np.generic]
    weights: Floats | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def weights_of(self, index: Indices) -> Floats | None:
        """Weights of these rows, (k,)."""
        return None if self.weights is None else self.weights[index]

    def counted(self, split: Split) -> Sample:
        """The sample as rows of a split count: without weights where those drew them."""
        return Sample(self.rows) if split.drawn else self


@dataclass(frozen=True, eq=False)
class FoldScores:
    """One split's calibrated scores, estimates of log p/q; `evaluate` rows were unseen by every choice.

    Attributes:
        rows_p: Which rows of P fit, calibrate and evaluate.
        rows_q: The same of Q.
        calibrate: Scores of the calibration rows of P and of Q.
        evaluate: Scores of the evaluated rows of P and of Q.
    """

    rows_p: Split
    rows_q: Split
    calibrate: tuple[Floats, Floats]
    evaluate: tuple[Floats, Floats]


def _member_rows(
    sample: Sample, fit: Indices, members: int, rng: np.random.Generator
) -> tuple[list[Indices], list[Indices]]:
    """Each member's own partition of a split's fit rows, to train on and to validate on.

    Weighted rows are drawn by their weights within either part, so that batches need no weights.
    """
    valid = min(max(1, round(_VALIDATION_SHARE * len(fit))), _VALIDATION_ROWS)
    train_rows, valid_rows = [], []
    for _ in range(members):
        order = rng.permutation(fit)
        train_rows.append(_by_weight(sample, order[valid:], rng))
        valid_rows.append(_by_weight(sample, order[:valid], rng))
    return train_rows, valid_rows


def _by_weight(sample: Sample, rows: Indices, rng: np.random.Generator) -> Indices:
    weights = sample.weights_of(rows)
    if weights is None or weights.sum() <= 0.0:
        return rows
    return rng.choice(rows, len(rows), p=weights / weights.sum())


def _stacked(parts: Sequence[Sequence[Indices]]) -> jax.Array:
    """Index arrays (splits, members, k), the shorter ones repeated: uniform draws from them stay so."""
    longest = max(len(part) for split in parts for part in split)
    return jnp.asarray([[np.resize(part, longest) for part in split] for split in parts], jnp.int32)


def _shallow_critics(
    p: Sample,
    q: Sample,
    sides: tuple[Split, Split],
    scaled: tuple[np.ndarray, np.ndarray],
    trees: int,
    seed: int,
) -> list[Score]:
    """The critics of one split that are no networks: trees, and two normal laws where columns are few."""
    samples = list(zip((p, q), sides, scaled, strict=True))
    few = [side.fit[:_TREE_ROWS] for _, side, _ in samples]
    rows = [part[index] for (_, _, part), index in zip(samples, few, strict=True)]
    reduce = fit_reduction(rows[0], rows[1], seed)
    weights = [sample.weights_of(index) for (sample, _, _), index in zip(samples, few, strict=True)]
    grown = Trees(reduce(rows[0]), reduce(rows[1]), seed, weights=(weights[0], weights[1]), iterations=trees)
    found: list[Score] = [lambda rows: grown(reduce(rows))]
    if rows[0].shape[1] <= WIDEST:
        found.append(fit_gaussian(rows[0], rows[1], *weights))
    return found


def cross_fit(
    p: Sample,
    q: Sample,
    splits: Sequence[tuple[Split, Split]],
    *,
    network: Network,
    budget: Budget,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> list[FoldScores]:
    """Fit every split's critics on its fit rows and score its other rows.

    Args:
        p: Sample of P, n rows of d columns.
        q: Sample of Q.
        splits: Which rows of P and of Q fit, calibrate and evaluate, one pair a split.
        network: The architecture of the networks.
        budget: Sizes of the critics and of their training.
        seed: Of members' rows, initial weights and batches.
        progress: Called with the share of the step budget that is done, in [0, 1].
    """
    rng = np.random.default_rng(seed)
    sizes = budget.images if network.pixels else budget.critic
    members = sizes.members
    scalings = [
        fit_scaling(p.rows[side_p.fit], q.rows[side_q.fit], pixels=network.pixels)
        for side_p, side_q in splits
    ]
    scaled_p = np.stack([scaling(p.rows) for scaling in scalings])
    scaled_q = np.stack([scaling(q.rows) for scaling in scalings])
    counted = [(p.counted(side_p), q.counted(side_q)) for side_p, side_q in splits]
    parts_p, parts_q = (
        [_member_rows(own[k], sides[k].fit, members, rng) for own, sides in zip(counted, splits, strict=True)]
        for k in (0, 1)
    )
    indices = [_stacked([part[k] for part in parts]) for k in (0, 1) for parts in (parts_p, parts_q)]
    # Small samples take smaller batches: the largest power of two within a member's training rows.
    smallest = min(len(train) for trains, _ in (*parts_p, *parts_q) for train in trains)
    sizes = replace(sizes, batch=min(sizes.batch, 1 << (smallest.bit_length() - 1)))
    rows = FitRows(jnp.asarray(scaled_p), jnp.asarray(scaled_q), *indices)
    with ThreadPoolExecutor(1) as pool:  # trees leave a core, and Python's lock, to the networks
        shallow = [
            pool.submit(_shallow_critics, *own, sides, (of_p, of_q), budget.trees, seed)
            for own, sides, of_p, of_q in zip(counted, splits, scaled_p, scaled_q, strict=True)
        ]
        fitted = fit_critics(rows, network=network, budget=sizes, seed=seed, progress=progress)
        params = jax.device_get(fitted)
        others = [each.result() for each in shallow]
    found = []
    for k, (side_p, side_q) in enumerate(splits):
        own: Params = jax.tree.map(lambda leaf, k=k: leaf[k], params)
        critics: list[Score] = [partial(ensemble_scores, network, own), *others[k]]

        def scores(block: npt.NDArray[np.float32], critics: Sequence[Score] = critics) -> Floats:
            return np.stack([critic(block) for critic in critics], axis=1)

        calibrate = scores(scaled_p[k][side_p.calibrate]), scores(scaled_q[k][side_q.calibrate])
        combine = fit_combination(
            *calibrate,
            weights=(
                counted[k][0].weights_of(side_p.calibrate),
                counted[k][1].weights_of(side_q.calibrate),
            ),
        )
        found.append(
            FoldScores(
                side_p,
                side_q,
                (combine(calibrate[0]), combine(calibrate[1])),
                (
                    combine(scores(scaled_p[k][side_p.evaluate])),
                    combine(scores(scaled_q[k][side_q.evaluate])),
                ),
            )
        )
    return found
