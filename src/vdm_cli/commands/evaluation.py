"""What is asked of two samples, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vdm_cli.commands.column_divergences import FeatureDivergence, column_divergences
from vdm_cli.commands.extremes import Extremes, extreme_rows
from vdm_cli.commands.mapped import Compared, Mapped, compare, default_map, with_proposal
from vdm_cli.commands.sides import Sides
from vdm_cli.comparison.compare import Comparison, compare_tables
from vdm_cli.data.dataset import Part
from vdm_cli.data.features import fit_features
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.budget import BudgetName
from vdm_cli.estimation.estimate import estimate_divergences
from vdm_cli.estimation.importance import ImportanceWeights, importance_weights
from vdm_cli.estimation.map_name import MapName
from vdm_cli.estimation.result import Estimation
from vdm_cli.pictures.images import are_images


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
    """

    divergences: tuple[FDivergence, ...]
    level: float = 0.95
    seed: int = 0
    budget: BudgetName = "default"
    features: MapName | None = None
    noise: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Estimates with the samples they were made from.

    Attributes:
        sides: P and Q.
        estimation: What was found.
        comparison: Marginals and associations, for information; None for images.
        features: Bounds on divergences of single columns, the largest first; none for images.
        extremes: The rows that look least like the other side.
        way: What the rows went through before they were compared.
        mapped: What was found of images in features; None for other rows.
    """

    sides: Sides
    estimation: Estimation
    comparison: Comparison | None
    features: tuple[FeatureDivergence, ...] = ()
    extremes: Extremes | None = None
    way: Way = AS_THEY_ARE
    mapped: Mapped | None = None

    @property
    def weights(self) -> ImportanceWeights:
        """Weights of the evaluated rows of Q, in the order of their scores, that turn them into rows of P."""
        given, scores = self.sides.q_weights, self.estimation.scores
        return importance_weights(scores.q, None if given is None else given.values[scores.q_rows])

    def to_json(self) -> dict[str, Any]:
        """The document of ``--format json``, schema 1."""

        def side(part: Part, source: str) -> dict[str, Any]:
            return {"source": source, "n": len(part), "shape": list(part.rows.shape[1:])}

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
            "way": self.way.to_json(),
            "mapped": None if self.mapped is None else self.mapped.to_json(),
        }


def evaluate(sides: Sides, asked: Asked, progress: Callable[[float], None] | None = None) -> Evaluation:
    """Estimate every divergence that is asked for, and compare what can be compared without a critic.

    Raises:
        DataError: If the rows cannot be measured.
    """
    features = fit_features([sides.p.rows, sides.q.rows], sides.forms, sides.label)
    p, q = (features(part.rows, part.labels) for part in (sides.p, sides.q))
    estimation = estimate_divergences(
        p,
        q,
        asked.divergences,
        level=asked.level,
        seed=asked.seed,
        exact=sides.exact,
        budget=asked.budget,
        p_weights=sides.p_weights,
        q_weights=sides.q_weights,
        progress=progress,
    )
    comparison: Comparison | None = None
    columns: tuple[FeatureDivergence, ...] = ()
    if not are_images(sides.p.rows.shape[1:]):
        comparison = compare_tables(sides.p.rows, sides.q.rows, sides.columns, sides.forms, asked.seed)
        columns = column_divergences(sides, asked.divergences, asked.seed)
    extremes = extreme_rows(sides, estimation.scores, columns)
    return Evaluation(sides, estimation, comparison, columns, extremes)
