"""What is asked of two samples, and what was found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vdm_cli.commands.column_divergences import FeatureDivergence, column_divergences
from vdm_cli.commands.extremes import Extremes, extreme_rows
from vdm_cli.commands.mapped import (
    UNTREATED,
    Compared,
    Mapped,
    Treatment,
    compare,
    default_map,
    with_proposal,
)
from vdm_cli.commands.metrics import measure_samples
from vdm_cli.commands.sides import Sides
from vdm_cli.comparison.compare import Comparison, compare_tables
from vdm_cli.comparison.warnings import samples_told
from vdm_cli.data.dataset import Part, thin
from vdm_cli.data.features import fit_features
from vdm_cli.data.layout import are_images
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.names import constants_told, parse_divergences
from vdm_cli.estimation.budget import BudgetName
from vdm_cli.estimation.estimate import estimate_divergences
from vdm_cli.estimation.importance import ImportanceWeights, importance_weights
from vdm_cli.estimation.map_name import MapName, asked_map
from vdm_cli.estimation.patch_critic import patch_network
from vdm_cli.estimation.result import Estimation
from vdm_cli.estimation.weights import Weights
from vdm_cli.two_sample.measure import Measure
from vdm_cli.two_sample.names import MetricName, parse_metrics


@dataclass(frozen=True)
class Asked:
    """What an evaluation is asked for.

    Attributes:
        divergences: In the order of the report.
        level: Of intervals and certificates.
        seed: Of splits, critics, resampling.
        budget: How much work goes into the critics.
        features: A map that rows are compared through, and images beside their pixels; None for none, and for
            the default of images.
        noise: Standard deviations of noise added to all rows first; None for none.
        metrics: Measures beside the divergences; None for all that apply.
        told: What to say of the expressions that were asked for.
    """

    divergences: tuple[FDivergence, ...]
    level: float = 0.95
    seed: int = 0
    budget: BudgetName = "default"
    features: MapName | None = None
    noise: float | None = None
    metrics: tuple[MetricName, ...] | None = None
    told: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls,
        divergences: Sequence[str],
        expressions: Sequence[str],
        *,
        level: float,
        seed: int,
        budget: BudgetName,
        features: str | None,
        noise: float | None,
        metrics: Sequence[str] | None,
    ) -> Asked:
        """What options ask for, as they are written.

        Raises:
            UsageError: If a divergence, an expression, a map or a measure is none.
        """
        return cls(
            tuple(parse_divergences(divergences, expressions)),
            level,
            seed,
            budget,
            *asked_map(features, noise),
            parse_metrics(metrics),
            tuple(constants_told(divergences, expressions)),
        )


@dataclass(frozen=True)
class Evaluation:
    """Estimates with the samples they were made from.

    Attributes:
        sides: P and Q.
        estimation: What was found.
        comparison: Marginals and associations, for information; None for images.
        features: Bounds on divergences of single columns, the largest first; none for images.
        extremes: The rows that look least like the other side.
        treatment: What became of the rows before they were compared.
        mapped: What was found of images in features; None for other rows.
        metrics: Measures beside the divergences, of the rows as they are.
    """

    sides: Sides
    estimation: Estimation
    comparison: Comparison | None
    features: tuple[FeatureDivergence, ...] = ()
    extremes: Extremes | None = None
    treatment: Treatment = UNTREATED
    mapped: Mapped | None = None
    metrics: tuple[Measure, ...] = ()

    @property
    def weights(self) -> ImportanceWeights:
        """Weights of the evaluated rows of Q, in the order of their scores, that turn them into rows of P."""
        given, scores = self.sides.q_weights, self.estimation.scores
        return importance_weights(scores.q, None if given is None else given.values[scores.q_rows])

    def to_json(self) -> dict[str, Any]:
        """The document of ``--format json``, schema 1."""

        def side(part: Part, source: str) -> dict[str, Any]:
            return {"source": source, "n": len(part), "shape": list(part.rows.shape[1:])}

        def weighting(given: Weights | None) -> dict[str, Any] | None:
            if given is None:
                return None
            return {"effective_rows": given.effective_rows, "maximum": given.maximum}

        sides = self.sides
        found = self.estimation.to_json()
        found["warnings"] = [*sides.warnings, *found["warnings"]]
        columns = () if self.comparison is None else self.comparison.columns
        return {
            "schema": 1,
            "p": side(sides.p, sides.p_source),
            "q": side(sides.q, sides.q_source),
            **found,
            "columns": [column.to_json() for column in columns],
            "features": [feature.to_json() for feature in self.features],
            "extremes": None if self.extremes is None else self.extremes.to_json(),
            "ratios": self.weights.to_json(),
            "treatment": self.treatment.to_json(),
            "mapped": None if self.mapped is None else self.mapped.to_json(),
            "metrics": [measure.to_json() for measure in self.metrics],
            "weights": {"p": weighting(sides.p_weights), "q": weighting(sides.q_weights)},
        }


def evaluate(sides: Sides, asked: Asked, progress: Callable[[float], None] | None = None) -> Evaluation:
    """Estimate every divergence that is asked for, and compare what can be compared without a critic.

    Raises:
        DataError: If the rows cannot be measured.
    """
    told = samples_told(sides.p.rows, sides.q.rows, sides.columns, sides.forms, sides.drawn)
    sides = dataclasses.replace(sides, warnings=(*sides.warnings, *asked.told, *told))
    images = are_images(sides.p.rows.shape[1:])
    encode = fit_features([sides.p.rows, sides.q.rows], sides.forms, sides.label)
    treat = partial(compare, sides, encode, noise=asked.noise, seed=asked.seed, fit_rows=sides.train)
    rows = treat(features=None if images else asked.features)
    beside = asked.features or default_map(sides) if images else None
    features = None if beside is None else treat(features=beside)
    parts = _parts(progress, (1.0,) if features is None else (0.7, 0.3))
    estimation = _estimate(rows, sides, asked, parts[0])
    mapped = None
    if features is not None:
        mapped = Mapped(features.treatment, _estimate(features, sides, asked, parts[1]))
    comparison: Comparison | None = None
    columns: tuple[FeatureDivergence, ...] = ()
    if not images:
        p = _draws(sides.p, sides.p_weights, asked.seed)
        q = _draws(sides.q, sides.q_weights, asked.seed + 1)
        comparison = compare_tables(p, q, sides.columns, sides.forms, asked.seed)
        columns = column_divergences(sides, asked.divergences, asked.seed)
    extremes = extreme_rows(sides, estimation.scores, columns)
    metrics = measure_samples(sides, encode, asked.divergences, estimation, asked.metrics)
    return Evaluation(
        sides,
        estimation,
        comparison,
        columns,
        extremes,
        treatment=rows.treatment,
        mapped=mapped,
        metrics=metrics,
    )


def _draws(part: Part, weights: Weights | None, seed: int) -> np.ndarray:
    """Rows of the law that the weights describe, fewer than there are; all without weights."""
    return part.rows if weights is None else thin(Part(part.rows, None, weights.values), seed).rows


def _estimate(
    rows: Compared, sides: Sides, asked: Asked, progress: Callable[[float], None] | None
) -> Estimation:
    """Estimate the divergences of rows as they are compared; the true values are known of untreated ones."""
    shape = sides.p.rows.shape[1:]
    pixels = are_images(shape) and rows.treatment.features is None
    found = estimate_divergences(
        rows.p,
        rows.q,
        asked.divergences,
        level=asked.level,
        seed=asked.seed,
        exact=sides.exact if rows.treatment == UNTREATED else None,
        budget=asked.budget,
        p_weights=rows.p_weights,
        q_weights=rows.q_weights,
        floor=True,
        network=patch_network(shape, rows.p.shape[1]) if pixels else None,
        progress=progress,
    )
    mapped = rows.treatment.features is not None or are_images(shape)
    return with_proposal(rows.numbered(found), asked.noise, mapped=mapped)


def _parts(
    progress: Callable[[float], None] | None, shares: tuple[float, ...]
) -> list[Callable[[float], None] | None]:
    """The progress of each part of the work, of which it takes these shares."""
    if progress is None:
        return [None] * len(shares)
    report = progress
    starts = (sum(shares[:place]) for place in range(len(shares)))
    return [
        lambda done, start=start, share=share: report(start + share * done)  # type: ignore[misc]
        for start, share in zip(starts, shares, strict=True)
    ]
