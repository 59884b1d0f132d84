r"""Estimate f-divergences between two files of rows: one critic, every divergence.

    L_f(v) = E_P[T(v)] - E_Q[f*(T(v))] <= D_f(P || Q)   for every score v fixed before the rows

(Nguyen, Wainwright and Jordan 2010, IEEE TIT 56, eq. 11).  Five folds: each fold's critics are fitted,
calibrated and clipped on the other four, and its own rows are only evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import KnownValue
from vdm_cli.errors import DataError
from vdm_cli.estimation.budget import BUDGETS, BudgetName
from vdm_cli.estimation.calibration import caps_for
from vdm_cli.estimation.certificate import (
    CutChooser,
    count_above,
    merge_limits,
    merge_p_values,
    merged_rank,
)
from vdm_cli.estimation.crossfit import FoldScores, cross_fit
from vdm_cli.estimation.result import CriticReport, DivergenceEstimate, Estimation, RowScores
from vdm_cli.estimation.splits import FOLDS, SINGLE_SPLIT_ROWS
from vdm_cli.estimation.status import judge, tail_share
from vdm_cli.estimation.weights import Weights
from vdm_cli.estimation.witness import witness_pair

MINIMUM_ROWS = 50


def _as_rows(values: np.ndarray, side: str) -> npt.NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim == 0 or array.dtype.kind not in "biuf":
        raise DataError(f"{side} must be an array of real numbers with one row a sample, got {array.dtype}")
    if len(array) < MINIMUM_ROWS:
        raise DataError(f"{side} has {len(array)} rows: at least {MINIMUM_ROWS} a side are needed")
    rows = array.reshape(len(array), -1)
    if rows.shape[1] == 0:
        raise DataError(f"{side} has no columns: shape {array.shape}")
    bad = len(rows) - int(np.sum(np.isfinite(rows).all(axis=1)))
    if bad:
        raise DataError(f"{side} has {bad} rows with NaN or infinite values: drop or fill them first")
    return rows


def _auc(folds: Sequence[FoldScores]) -> float:
    """The mean over folds: scores of different critics are not compared with each other."""
    values = []
    for fold in folds:
        labels = np.concatenate([np.ones(len(fold.evaluate_p)), np.zeros(len(fold.evaluate_q))])
        values.append(roc_auc_score(labels, np.concatenate([fold.evaluate_p, fold.evaluate_q])))
    return float(np.mean(values))


def estimate_divergences(
    p: np.ndarray,
    q: np.ndarray,
    divergences: Sequence[FDivergence],
    *,
    level: float = 0.95,
    seed: int = 0,
    exact: Mapping[str, KnownValue] | None = None,
    budget: BudgetName = "default",
    p_weights: Weights | None = None,
    q_weights: Weights | None = None,
    progress: Callable[[float], None] | None = None,
) -> Estimation:
    """Estimate every D_f(P || Q) from rows of P and of Q, with an interval and a certified lower limit.

    Args:
        p: Independent rows of P (data or reference), shape (n, ...), in the data's own units.
        q: Independent rows of Q (model or new), shape (m, ...) with the same trailing shape.
        divergences: Which f, reported in this order.
        level: Of intervals and limits, in (0, 1), for each divergence separately.
        seed: Of splits, initial weights and batches.
        exact: True values in nats by divergence label, where known; infinite is allowed.
        budget: How much work goes into the critics.
        p_weights: Of the rows of P; None where all count the same.
        q_weights: Of the rows of Q.
        progress: Called with the share of the work that is done, in [0, 1].

    Raises:
        DataError: If the shapes differ, a side has fewer than 50 rows, or a value is not a finite number.
        ValueError: If the level is not strictly between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}")
    if np.shape(p)[1:] != np.shape(q)[1:]:
        raise DataError(f"rows of P have shape {np.shape(p)[1:]}, rows of Q {np.shape(q)[1:]}: must agree")
    rows_p, rows_q = _as_rows(p, "P"), _as_rows(q, "Q")
    delta, few = 1.0 - level, min(len(rows_p), len(rows_q))
    warnings = []
    if np.array_equal(rows_p, rows_q):
        warnings.append(
            "P and Q hold the same rows: the samples are not independent, and nothing is certified"
        )

    folds = FOLDS if few <= SINGLE_SPLIT_ROWS else 1
    scores = cross_fit(
        rows_p, rows_q, folds=folds, budget=BUDGETS[budget].critic, seed=seed, progress=progress
    )
    fold_delta = delta * merged_rank(folds) / folds
    choosers = [CutChooser(fold.calibrate_p, fold.calibrate_q, fold_delta) for fold in scores]
    tests = [
        count_above(fold.evaluate_p, fold.evaluate_q, chooser.for_test())
        for fold, chooser in zip(scores, choosers, strict=True)
    ]
    p_value = merge_p_values([counts.p_value() for counts in tests])
    v_p = np.concatenate([fold.evaluate_p for fold in scores])
    v_q = np.concatenate([fold.evaluate_q for fold in scores])
    auc, width = _auc(scores), float(norm.ppf(0.5 + 0.5 * level))

    estimates = []
    for divergence in divergences:
        caps = caps_for(divergence, len(v_p), len(v_q))
        t, _ = witness_pair(divergence, caps(v_p))
        _, s = witness_pair(divergence, caps(v_q))
        value = float(np.mean(t) - np.mean(s))
        error = math.sqrt(float(np.var(t, ddof=1)) / len(t) + float(np.var(s, ddof=1)) / len(s))
        counts = [
            count_above(fold.evaluate_p, fold.evaluate_q, chooser.for_divergence(divergence))
            for fold, chooser in zip(scores, choosers, strict=True)
        ]
        known = (exact or {}).get(divergence.label)
        truth = None if known is None else known.value
        clipped = float(0.5 * (np.mean(caps.bind(v_p)) + np.mean(caps.bind(v_q))))
        if truth is not None and not math.isfinite(truth):
            warnings.append(
                f"{divergence.label}: the true value is infinite; the estimate only bounds it below"
            )
        status = judge(
            divergence,
            estimate=value,
            p_value=p_value,
            delta=delta,
            auc=auc,
            clipped_share=clipped,
            tail=max(tail_share(t), tail_share(s)),
            exact=truth,
            rows=few,
            columns=rows_p.shape[1],
        )
        estimates.append(
            DivergenceEstimate(
                divergence=divergence.label,
                estimate=value,
                standard_error=error,
                ci=(value - width * error, value + width * error),
                certified_lower=merge_limits(divergence, counts, delta),
                p_value=p_value,
                exact=truth if truth is not None and math.isfinite(truth) else None,
                exact_standard_error=None if known is None else known.standard_error,
                supremum=divergence.supremum if divergence.bounded else None,
                clipped_share=clipped,
                status=status,
            )
        )
    beaten = [
        row.divergence
        for row, divergence in zip(estimates, divergences, strict=True)
        if row.certified_lower > max(row.estimate, divergence.at_equality)
    ]
    if beaten:
        names = ", ".join(beaten)
        warnings.append(f"the certified limit exceeds the capped estimate, and is the better number: {names}")
    ratio = np.exp(np.minimum(v_q, 600.0))
    largest = max((row.clipped_share for row in estimates), default=0.0)
    report = CriticReport(auc, float(np.mean(ratio)), largest, BUDGETS[budget].critic.members, folds)
    seen = RowScores(
        np.concatenate([fold.rows_p.evaluate for fold in scores]),
        v_p,
        np.concatenate([fold.rows_q.evaluate for fold in scores]),
        v_q,
    )
    return Estimation(tuple(estimates), report, tuple(warnings), len(rows_p), len(rows_q), level, seed, seen)
