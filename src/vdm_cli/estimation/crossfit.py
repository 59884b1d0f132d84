"""Scores of rows that no critic had seen: split, scale, fit, score and calibrate, fold by fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vdm_cli.estimation.calibration import fit_combination
from vdm_cli.estimation.critic import CriticBudget, FitRows, Params, ensemble_scores, fit_critics
from vdm_cli.estimation.reduction import fit_reduction
from vdm_cli.estimation.scaling import fit_scaling
from vdm_cli.estimation.splits import Indices, Split, split_rows
from vdm_cli.estimation.trees import Trees
from vdm_cli.estimation.witness import Floats

# Networks see smooth differences best and trees fine detail; calibration rows say how they combine.
Score = Callable[[npt.NDArray[np.float32]], Floats]
EQUAL_WEIGHTS = np.array([0.5, 0.5])
_VALIDATION_SHARE = 0.15
_VALIDATION_ROWS = 2048


@dataclass(frozen=True)
class FoldScores:
    """One fold's calibrated scores, estimates of log p/q; `evaluate` rows were unseen by every choice."""

    rows_p: Split
    rows_q: Split
    calibrate_p: Floats
    calibrate_q: Floats
    evaluate_p: Floats
    evaluate_q: Floats


def _member_rows(
    fit: Indices, members: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Each member's own (train, valid) partition of a fold's fit rows: (members, ...) each."""
    orders = np.stack([rng.permutation(fit) for _ in range(members)])
    valid = min(max(1, round(_VALIDATION_SHARE * len(fit))), _VALIDATION_ROWS)
    return orders[:, valid:], orders[:, :valid]


def _grow(p: npt.NDArray[np.float32], q: npt.NDArray[np.float32], seed: int) -> Score:
    """Trees on fit rows, wide ones in fewer numbers."""
    reduce = fit_reduction(p, q, seed)
    trees = Trees(reduce(p), reduce(q), seed)
    return lambda rows: trees(reduce(rows))


def cross_fit(
    p: npt.NDArray[np.generic],
    q: npt.NDArray[np.generic],
    *,
    folds: int,
    budget: CriticBudget,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> list[FoldScores]:
    """Fit every fold's critics on its fit rows and score its other rows.

    Args:
        p: Rows of P, shape (n, d), any real dtype.
        q: Rows of Q, shape (m, d).
        folds: Cross-fitting folds, or 1 for a single split.
        budget: Sizes of the critics and of their training.
        seed: Of splits, initial weights and batches.
        progress: Called with the share of the step budget that is done, in [0, 1].
    """
    rng = np.random.default_rng(seed)
    splits = list(zip(split_rows(len(p), folds, rng), split_rows(len(q), folds, rng), strict=True))
    scalings = [fit_scaling(p[side_p.fit], q[side_q.fit]) for side_p, side_q in splits]
    scaled_p = np.stack([scaling(p) for scaling in scalings])
    scaled_q = np.stack([scaling(q) for scaling in scalings])
    parts_p = [_member_rows(side.fit, budget.members, rng) for side, _ in splits]
    parts_q = [_member_rows(side.fit, budget.members, rng) for _, side in splits]
    indices = [
        jnp.asarray(np.stack([part[k] for part in parts]), jnp.int32)
        for k in (0, 1)
        for parts in (parts_p, parts_q)
    ]
    # Small samples take smaller batches: the largest power of two within a member's training rows.
    smallest = min(part[0].shape[1] for part in (*parts_p, *parts_q))
    budget = replace(budget, batch=min(budget.batch, 1 << (smallest.bit_length() - 1)))
    rows = FitRows(jnp.asarray(scaled_p), jnp.asarray(scaled_q), *indices)
    params = jax.device_get(fit_critics(rows, budget=budget, seed=seed, progress=progress))
    found = []
    for fold, (side_p, side_q) in enumerate(splits):
        members = jax.tree.map(lambda leaf, fold=fold: leaf[fold], params)
        trees = _grow(scaled_p[fold][side_p.fit], scaled_q[fold][side_q.fit], seed)

        def scores(rows: npt.NDArray[np.float32], members: Params = members, trees: Score = trees) -> Floats:
            return np.stack([ensemble_scores(members, rows), trees(rows)], axis=1)

        calibrate = scores(scaled_p[fold][side_p.calibrate]), scores(scaled_q[fold][side_q.calibrate])
        evaluate = scores(scaled_p[fold][side_p.evaluate]), scores(scaled_q[fold][side_q.evaluate])
        combine = fit_combination(*calibrate, EQUAL_WEIGHTS)
        found.append(FoldScores(side_p, side_q, *map(combine, (*calibrate, *evaluate))))
    return found
