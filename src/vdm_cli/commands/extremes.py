"""The rows that look least like the other sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vdm_cli.commands.column_divergences import FeatureDivergence, column_names
from vdm_cli.commands.sides import Sides
from vdm_cli.data.form import NUMBER
from vdm_cli.data.written import as_written
from vdm_cli.estimation.result import RowScores
from vdm_cli.estimation.weights import Weights

SHOWN_ROWS = 5
MOST_COLUMNS = 20  # whose values are told: of more, those that differ most

Value = float | int | str | None


@dataclass(frozen=True)
class ExtremeRow:
    """One row, and how much likelier it is under P than under Q.

    Attributes:
        row: Which row of the file, or of the test rows or fresh samples of a run, from 0.
        log_ratio: Estimate of log p/q in nats, by critics that had not seen the row.
        values: By column, as they are written, blanks None; None for images.
    """

    row: int
    log_ratio: float
    values: dict[str, Value] | None


@dataclass(frozen=True)
class Extremes:
    """Rows with the most extreme log-ratios, the most extreme first.

    Attributes:
        p: Rows of P that look least like Q: large ratios.
        q: Rows of Q that look least like P: small ratios.
    """

    p: tuple[ExtremeRow, ...]
    q: tuple[ExtremeRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {"p": [asdict(row) for row in self.p], "q": [asdict(row) for row in self.q]}


def extreme_places(scores: RowScores, sides: Sides, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in ``scores.p`` of the largest and in ``scores.q`` of the smallest, by row where equal.

    Rows without weight are left out: they are no rows of their side's law.
    """

    def smallest(ratios: np.ndarray, rows: np.ndarray, weights: Weights | None) -> np.ndarray:
        order = np.lexsort((rows, ratios))
        return order[:count] if weights is None else order[weights.values[rows[order]] > 0][:count]

    return (
        smallest(-scores.p, scores.p_rows, sides.p_weights),
        smallest(scores.q, scores.q_rows, sides.q_weights),
    )


def extreme_rows(sides: Sides, scores: RowScores, features: Sequence[FeatureDivergence]) -> Extremes:
    """The `SHOWN_ROWS` most extreme evaluated rows of each side.

    Args:
        sides: The samples.
        scores: Of their evaluated rows.
        features: Columns, those that differ most first; empty for images.
    """
    names = column_names(sides) if features else ()
    told = {feature.name for feature in features[:MOST_COLUMNS]}
    chosen = [index for index, name in enumerate(names) if name in told]
    first, second = extreme_places(scores, sides, SHOWN_ROWS)

    def rows_of(
        values: np.ndarray, places: np.ndarray | None, rows: np.ndarray, ratios: np.ndarray
    ) -> tuple[ExtremeRow, ...]:
        flat = values[rows].reshape(len(rows), -1)
        forms = sides.forms or (NUMBER,) * len(names)
        columns = {names[index]: as_written(flat[:, index], forms[index]) for index in chosen}
        return tuple(
            ExtremeRow(
                int(row),
                float(ratio),
                {name: column[k] for name, column in columns.items()} if features else None,
            )
            for k, (row, ratio) in enumerate(zip(file_rows(rows, places), ratios, strict=True))
        )

    return Extremes(
        rows_of(sides.p.rows, sides.p_places, scores.p_rows[first], scores.p[first]),
        rows_of(sides.q.rows, sides.q_places, scores.q_rows[second], scores.q[second]),
    )


def file_rows(rows: np.ndarray, places: np.ndarray | None) -> np.ndarray:
    """Numbers of rows in their file, from numbers in the sample that was taken from it."""
    return rows if places is None else places[rows]
