"""Which columns differ: a bound on the divergence of each alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from vdm_cli.commands.sides import Sides
from vdm_cli.data.form import NUMBER
from vdm_cli.divergences.catalog import JENSEN_SHANNON
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.marginal import marginal_bounds


@dataclass(frozen=True)
class Bound:
    """A held-out lower bound, in nats.

    Attributes:
        divergence: The divergence's label.
        estimate: In expectation at most the divergence; slightly below f(1) by chance where nothing differs.
        standard_error: Of the estimate.
    """

    divergence: str
    estimate: float
    standard_error: float


@dataclass(frozen=True)
class FeatureDivergence:
    """How much one column differs, its blanks included, whatever the others do.

    Attributes:
        name: Of the column.
        kind: ``number``, ``category`` or ``date``.
        bound: On its Jensen-Shannon divergence, which ranks columns: bounded, and calm where tails are not.
        first_asked: On the first divergence that was asked for; None where that is Jensen-Shannon.
    """

    name: str
    kind: Literal["number", "category", "date"]
    bound: Bound
    first_asked: Bound | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        asked = None if self.first_asked is None else asdict(self.first_asked)
        return {"name": self.name, "kind": self.kind, **asdict(self.bound), "first_asked": asked}


def column_names(sides: Sides) -> tuple[str, ...]:
    """Names of the columns; x0, x1, ... where they have none."""
    if sides.columns is not None:
        return sides.columns
    return tuple(f"x{index}" for index in range(int(np.prod(sides.p.rows.shape[1:]))))


def column_divergences(
    sides: Sides, asked: Sequence[FDivergence], seed: int = 0
) -> tuple[FeatureDivergence, ...]:
    """The columns of both sides, those that differ most first.

    Args:
        sides: Rows of a table.
        asked: Divergences in the order of the report; the first is bounded for each column too.
        seed: Of the choice of rows, where there are many, and of the halves that fit and evaluate.
    """
    first = [row for row in asked[:1] if row.label != JENSEN_SHANNON.label]
    wanted = [JENSEN_SHANNON, *first]
    found = marginal_bounds(
        sides.p.rows,
        sides.q.rows,
        sides.forms,
        wanted,
        seed=seed,
        p_weights=sides.p_weights,
        q_weights=sides.q_weights,
    )
    names = column_names(sides)
    forms = sides.forms or (NUMBER,) * len(names)
    rows = []
    for index, (name, form) in enumerate(zip(names, forms, strict=True)):
        bounds = [
            Bound(row.label, float(found.estimates[k, index]), float(found.standard_errors[k, index]))
            for k, row in enumerate(wanted)
        ]
        rows.append(FeatureDivergence(name, form.kind, bounds[0], bounds[1] if first else None))
    return tuple(sorted(rows, key=lambda row: -row.bound.estimate))
