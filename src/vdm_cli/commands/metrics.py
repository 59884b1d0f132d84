"""Measures of the two samples beside the divergences: which rows they see, and what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np
from threadpoolctl import threadpool_limits

from vdm_cli.commands.sides import Sides
from vdm_cli.data.dataset import Part
from vdm_cli.data.features import FeatureMap
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.result import Estimation
from vdm_cli.estimation.weights import Weights
from vdm_cli.two_sample import neighbors
from vdm_cli.two_sample.c2st import c2st
from vdm_cli.two_sample.chosen_rows import (
    FEWEST_ROWS,
    Indices,
    choose_rows,
    fit_units,
    generator_for,
    kept_by_weight,
    pair_rows,
)
from vdm_cli.two_sample.energy import energy
from vdm_cli.two_sample.knn_kl import knn_kl
from vdm_cli.two_sample.measure import Measure, missing, noted
from vdm_cli.two_sample.memorization import memorization
from vdm_cli.two_sample.mmd import mmd
from vdm_cli.two_sample.modes import modes
from vdm_cli.two_sample.names import CONDITIONAL, METRICS, MetricName
from vdm_cli.two_sample.pairs import Pairs, all_pairs
from vdm_cli.two_sample.renyi import renyi, renyi_missing
from vdm_cli.two_sample.sliced_wasserstein import sliced_wasserstein

WEIGHTED = "weighted rows were kept with probability weight / largest weight"


def measure_samples(
    sides: Sides,
    encode: FeatureMap,
    divergences: Sequence[FDivergence],
    found: Estimation,
    names: Sequence[MetricName] | None = None,
) -> tuple[Measure, ...]:
    """Compute measures, each the same whatever others are asked for.

    Args:
        sides: P and Q as they are.
        encode: What makes their rows plain numbers.
        divergences: What was estimated, in the order of `found.estimates`.
        found: The estimation, whose scores and alpha-divergences are used.
        names: Which; None for all that apply.
    """
    if names is not None and not names:
        return ()
    work = _Work(sides, encode, found)
    measures: list[Measure] = []
    with threadpool_limits(1):  # the same bits whatever the number of threads
        for name in METRICS if names is None else names:
            measures += _renyi(divergences, found) if name == "renyi" else [work.measure(name)]
    if names is None:
        measures = [each for each in measures if each.value is not None or each.name not in CONDITIONAL]
    return tuple(measures)


class _Work:
    """What several measures share: chosen rows in common units, and the distances of all their pairs."""

    def __init__(self, sides: Sides, encode: FeatureMap, found: Estimation):
        self._sides, self._encode, self._found = sides, encode, found
        width = self._encoded(sides.p, np.arange(1)).shape[1]
        self._most = pair_rows(width)
        self._p_rows = choose_rows(len(sides.p), width, sides.p_weights, self._generator("rows of p"))
        self._q_rows = choose_rows(len(sides.q), width, sides.q_weights, self._generator("rows of q"))
        self._enough = min(len(self._p_rows), len(self._q_rows)) >= FEWEST_ROWS
        if self._enough:
            p, q = self._encoded(sides.p, self._p_rows), self._encoded(sides.q, self._q_rows)
            self._units = fit_units(p, q, one_unit=sides.p.rows.ndim > 2)
            self._p, self._q = self._units(p), self._units(q)
        self._pairs: Pairs | None = None
        self._neighbors: dict[str, Measure] = {}

    def _encoded(self, part: Part, rows: Indices) -> np.ndarray:
        chosen = part.take(rows)
        return self._encode(chosen.rows, chosen.labels)

    def measure(self, name: MetricName) -> Measure:
        """One measure of the chosen rows."""
        if not self._enough:
            why = f"fewer than {FEWEST_ROWS} rows of a side remain after weighting"
            return missing(name, why, (len(self._p_rows), len(self._q_rows)))
        found = self._computed(name)
        weighted = self._sides.p_weights is not None or self._sides.q_weights is not None
        return noted(found, WEIGHTED) if weighted else found

    def _computed(self, name: MetricName) -> Measure:
        sides, generator = self._sides, self._generator(name)
        match name:
            case "c2st":
                return self._c2st()
            case "mmd":
                return mmd(self._all_pairs(), generator)
            case "energy":
                return energy(self._all_pairs(), generator)
            case "sliced_wasserstein":
                return sliced_wasserstein(self._p, self._q, generator)
            case "precision" | "recall" | "density" | "coverage":
                if not self._neighbors:
                    four = neighbors.neighbor_measures(self._all_pairs(), self._generator("neighbors"))
                    self._neighbors = {each.name: each for each in four}
                return self._neighbors[name]
            case "modes":
                if sides.law is None:
                    return missing(name, "the modes of P are not known")
                return modes(sides.q.rows[np.sort(self._q_rows)], sides.law, generator)
            case "memorization":
                return self._memorization()
            case "knn_kl":
                return knn_kl(self._p, self._q)
            case "renyi":
                raise AssertionError("there may be several: see `_renyi`")
            case _:
                assert_never(name)

    def _all_pairs(self) -> Pairs:
        if self._pairs is None:
            self._pairs = all_pairs(self._p[: self._most], self._q[: self._most])
        return self._pairs

    def _c2st(self) -> Measure:
        """Scores fold by fold: in this order an estimation concatenates them."""
        scores, folds = self._found.scores, self._found.critic.folds
        kept_p = self._kept(scores.p_rows, self._sides.p_weights, "scores of p")
        kept_q = self._kept(scores.q_rows, self._sides.q_weights, "scores of q")
        p, q = (
            [
                own[mask]
                for own, mask in zip(np.array_split(side, folds), np.array_split(kept, folds), strict=True)
            ]
            for side, kept in ((scores.p, kept_p), (scores.q, kept_q))
        )
        if min(map(len, (*p, *q))) == 0:
            return missing("c2st", "the weights leave a fold without rows")
        return c2st(p, q, self._found.level)

    def _kept(self, rows: Indices, weights: Weights | None, purpose: str) -> np.ndarray:
        if weights is None:
            return np.ones(len(rows), bool)
        return np.isin(rows, kept_by_weight(weights, self._generator(purpose)))

    def _memorization(self) -> Measure:
        train = self._sides.train
        if train is None:
            return missing("memorization", "no training rows are known")
        known = self._encode(train.rows, train.labels)
        p, q = self._p[: self._most], self._q[: self._most]
        return memorization(self._units(known), p, q)

    def _generator(self, purpose: str) -> np.random.Generator:
        return generator_for(self._found.seed, purpose)


def _renyi(divergences: Sequence[FDivergence], found: Estimation) -> list[Measure]:
    """One for each alpha-divergence."""
    rows = found.n_p, found.n_q
    pairs = zip(divergences, found.estimates, strict=True)
    orders = [(each.parameter, row) for each, row in pairs if each.name == "alpha"]
    return [
        renyi(order, row.estimate, row.certified_lower, rows) for order, row in orders if order is not None
    ] or [renyi_missing()]
