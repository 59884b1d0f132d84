r"""Estimate f-divergences between two samples: one critic, every divergence.

    L_f(v) = E_P[T(v)] - E_Q[f*(T(v))] <= D_f(P || Q)   for every score v fixed before the rows

(Nguyen, Wainwright and Jordan 2010, IEEE TIT 56, eq. 11).  Five folds: each fold's critics are fitted and
calibrated on the other four, and its own rows are only evaluated: the estimate.  One more critic is fitted on
fewer rows, and the many that are left are counted once: the certificate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from vdm_cli.divergences.catalog import TOTAL_VARIATION
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import KnownValue
from vdm_cli.errors import DataError
from vdm_cli.estimation.budget import BUDGETS, Budget, BudgetName
from vdm_cli.estimation.certificate import Certificate, Certifier
from vdm_cli.estimation.critic import Network, Perceptron
from vdm_cli.estimation.crossfit import FoldScores, Sample, cross_fit
from vdm_cli.estimation.held_out import HeldOut
from vdm_cli.estimation.result import CriticReport, DivergenceEstimate, Estimation, RowScores
from vdm_cli.estimation.splits import FOLDS, SINGLE_SPLIT_ROWS, Split, certifying_split, split_rows
from vdm_cli.estimation.status import Evidence, judge, pareto_shape, unstable
from vdm_cli.estimation.weights import Weights

MINIMUM_ROWS = 50
# Entries of a side above which one split does, as it does above so many rows: images.
_SINGLE_SPLIT_ENTRIES = 5_000_000
_CERTIFY = 1  # a stream of random numbers of its own


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
    floor: bool = False,
    network: Network | None = None,
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
        floor: Estimate every divergence between two halves of P too, where the budget has a floor.
        network: The architecture of the critics; a perceptron if None.
        progress: Called with the share of the work that is done, in [0, 1].

    Raises:
        DataError: If the shapes differ, a side has fewer than 50 rows, or a value is not a finite number.
        ValueError: If the level is not strictly between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}")
    if np.shape(p)[1:] != np.shape(q)[1:]:
        raise DataError(f"rows of P have shape {np.shape(p)[1:]}, rows of Q {np.shape(q)[1:]}: must agree")
    sample_p, sample_q = (
        Sample(_as_rows(rows, side), None if weights is None else weights.values)
        for rows, side, weights in ((p, "P", p_weights), (q, "Q", q_weights))
    )
    sizes = BUDGETS[budget]
    columns = sample_p.rows.shape[1]
    network = network or Perceptron(columns, sizes.critic.hidden)
    delta, few = 1.0 - level, min(len(sample_p), len(sample_q))

    entries = max(sample_p.rows.size, sample_q.rows.size)
    folds = FOLDS if few <= SINGLE_SPLIT_ROWS and entries <= _SINGLE_SPLIT_ENTRIES else 1
    splits = _splits(len(sample_p), len(sample_q), folds, seed)
    certifying = _certifying_split(sample_p, sample_q, p_weights, q_weights, seed)
    # A split of many rows is its own certificate's too, unless only some of them count for one.
    alone = few > SINGLE_SPLIT_ROWS and p_weights is None and q_weights is None
    every = splits if alone or certifying is None else [*splits, certifying]
    floor = floor and sizes.floor_rows > 0
    share = 0.8 if floor else 1.0
    scores = cross_fit(
        sample_p,
        sample_q,
        every,
        network=network,
        budget=sizes,
        seed=seed,
        progress=_part(progress, 0.0, share),
    )
    held_out = HeldOut(sample_p, sample_q, scores[: len(splits)])
    certifier = None if certifying is None else _certifier(scores[-1], delta)
    early = None
    if certifying is not None and len(every) > len(splits):
        counted = sample_p.counted(certifying[0]), sample_q.counted(certifying[1])
        early = HeldOut(*counted, scores[-1:])
    floors = (
        _floors(sample_p, divergences, folds, network, sizes, seed, _part(progress, share, 1.0))
        if floor
        else {}
    )

    equality = 1.0 if certifier is None else certifier.equality()
    stable = len(splits) == 1 or not unstable(
        held_out.auc, *(rows / len(splits) for rows in held_out.effective)
    )
    width = float(norm.ppf(0.5 + 0.5 * level))
    warnings, estimates = [], []
    if np.array_equal(sample_p.rows, sample_q.rows):
        warnings.append("P and Q hold the same rows in the same order: of copies nothing here is true")
    for divergence in divergences:
        bound = held_out.bound(divergence)
        certificate = Certificate(divergence.at_equality, 1.0, "none")
        if certifier is not None:
            certificate = certifier.certify(divergence)
        known = (exact or {}).get(divergence.label)
        truth = None if known is None else known.value
        if truth is not None and not math.isfinite(truth):
            warnings.append(
                f"{divergence.label}: the true value is infinite; the estimate only bounds it below"
            )
        evidence = Evidence(
            estimate=bound.value,
            error=bound.error,
            gained=None if early is None else held_out.gain(early, divergence),
            p_value=min(equality, certificate.p_value),
            delta=delta,
            auc=held_out.auc,
            clipped=bound.clipped,
            lost=bound.lost,
            tail=bound.tail,
            exact=truth,
            rows=few,
            columns=columns,
        )
        estimates.append(
            DivergenceEstimate(
                divergence=divergence.label,
                estimate=bound.value,
                standard_error=bound.error,
                ci=(bound.value - width * bound.error, bound.value + width * bound.error),
                certified_lower=certificate.limit,
                p_value=certificate.p_value,
                exact=truth if truth is not None and math.isfinite(truth) else None,
                exact_standard_error=None if known is None else known.standard_error,
                supremum=divergence.supremum if divergence.bounded else None,
                clipped_share=bound.clipped,
                status=judge(divergence, evidence, stable=stable),
                route=certificate.route,
                floor=floors.get(divergence.label),
            )
        )
    beaten = [
        row.divergence
        for row, divergence in zip(estimates, divergences, strict=True)
        if row.certified_lower > max(row.estimate, divergence.at_equality)
    ]
    if beaten:
        names = ", ".join(beaten)
        warnings.append(f"certified is above the estimate, and the better number: {names}")
    ratio, shares = held_out.ratios()
    report = CriticReport(
        auc=float(np.mean(held_out.auc)),
        mean_ratio=float(shares @ ratio),
        clipped_share=max((row.clipped_share for row in estimates), default=0.0),
        members=(sizes.images if network.pixels else sizes.critic).members,
        folds=len(splits),
        auc_spread=max(held_out.auc) - min(held_out.auc),
        effective_rows=float((shares @ ratio) ** 2 / (np.square(shares) @ np.square(ratio))),
        pareto_k=pareto_shape(ratio),
        p_value=equality,
        certified_rows=(0, 0) if certifier is None else certifier.rows,
        observer=0.5 if certifier is None else 0.5 + 0.5 * certifier.certify(TOTAL_VARIATION).limit,
    )
    seen = RowScores(held_out.p_rows, held_out.p, held_out.q_rows, held_out.q)
    return Estimation(
        tuple(estimates), report, tuple(warnings), len(sample_p), len(sample_q), level, seed, seen
    )


def _splits(rows_p: int, rows_q: int, folds: int, seed: int) -> list[tuple[Split, Split]]:
    """The splits of both sides."""
    rng = np.random.default_rng(seed)
    return list(zip(split_rows(rows_p, folds, rng), split_rows(rows_q, folds, rng), strict=True))


def _certifying_split(
    p: Sample, q: Sample, p_weights: Weights | None, q_weights: Weights | None, seed: int
) -> tuple[Split, Split] | None:
    """The certificate's own split, of rows that are draws of P and of Q; None where there are too few."""
    rng = np.random.default_rng((seed, _CERTIFY))
    found = []
    for sample, weights in ((p, p_weights), (q, q_weights)):
        rows = np.arange(len(sample))
        if weights is not None:
            if weights.maximum is None:
                return None
            rows = rows[rng.random(len(rows)) * weights.maximum < weights.values]
        if len(rows) < MINIMUM_ROWS:
            return None
        found.append(certifying_split(rows, rng))
    return found[0], found[1]


def _certifier(scores: FoldScores, delta: float) -> Certifier:
    return Certifier(scores.calibrate, scores.evaluate, delta)


def _floors(
    p: Sample,
    divergences: Sequence[FDivergence],
    folds: int,
    network: Network,
    sizes: Budget,
    seed: int,
    progress: Callable[[float], None] | None,
) -> dict[str, float]:
    """The same estimates between two random halves of P, by label."""
    order = np.random.default_rng((seed, _CERTIFY + 1)).permutation(len(p))
    half = min(len(p) // 2, sizes.floor_rows)
    first, second = (
        Sample(p.rows[rows], p.weights_of(rows)) for rows in (order[:half], order[half : 2 * half])
    )
    scores = cross_fit(
        first,
        second,
        _splits(half, half, folds, seed),
        network=network,
        budget=sizes,
        seed=seed,
        progress=progress,
    )
    held_out = HeldOut(first, second, scores)
    return {divergence.label: held_out.bound(divergence).value for divergence in divergences}


def _part(
    progress: Callable[[float], None] | None, start: float, end: float
) -> Callable[[float], None] | None:
    """Progress of one part of the work."""
    return None if progress is None else lambda share: progress(start + (end - start) * share)
