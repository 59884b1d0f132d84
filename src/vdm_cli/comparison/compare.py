"""Two samples of one table, compared without a critic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from vdm_cli.comparison.associations import association_matrix
from vdm_cli.comparison.marginals import marginal_distance
from vdm_cli.data.form import NUMBER, Form

MOST_ROWS = 10_000  # of each side: the statistics are then known to about 0.01
MOST_ASSOCIATED = 100  # columns: the number of pairs grows with the square
MOST_DIVISIONS = 19  # at random: equal laws then differ by more in one table of twenty
MOST_DIVIDED = 200  # columns over all divisions: the largest of many columns varies less from one to the next

Measure = Literal["kolmogorov_smirnov", "total_variation"]


@dataclass(frozen=True)
class ColumnDistance:
    """How far one column's law differs.

    Attributes:
        name: Of the column.
        kind: ``number``, ``category`` or ``date``.
        measure: Which distance; see `vdm_cli.comparison.marginals`.
        distance: In [0, 1].
    """

    name: str
    kind: Literal["number", "category", "date"]
    measure: Measure
    distance: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return asdict(self)


@dataclass(frozen=True)
class PairDifference:
    """Two columns whose association differs.

    Attributes:
        names: Of the columns, in the table's order.
        p: Association in P.
        q: Association in Q.
    """

    names: tuple[str, str]
    p: float
    q: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Marginals and pairwise associations of P and Q.

    Attributes:
        names: Of the d columns.
        forms: How they are written, d of them.
        p: Rows of P, (n, d) float64, at most `MOST_ROWS` chosen at random; NaN where blank.
        q: Rows of Q, (m, d).
        columns: Distance of each column.
        p_associations: Of the first k <= `MOST_ASSOCIATED` columns, (k, k); see
            `vdm_cli.comparison.associations`.
        q_associations: The same in Q.
        chance_distance: The largest distance of a column in random divisions of the same rows, up to
            `MOST_DIVISIONS`: what chance alone makes of so many rows and columns.
        chance_association: The largest difference of an association in them.
    """

    names: tuple[str, ...]
    forms: tuple[Form, ...]
    p: np.ndarray
    q: np.ndarray
    columns: tuple[ColumnDistance, ...]
    p_associations: np.ndarray
    q_associations: np.ndarray
    chance_distance: float
    chance_association: float

    @property
    def farthest_column(self) -> ColumnDistance:
        """The column that differs most."""
        return max(self.columns, key=lambda column: column.distance)

    def farthest_columns(self, count: int) -> np.ndarray:
        """Places of the `count` columns that differ most, increasing; of all where there are fewer."""
        order = np.argsort([-column.distance for column in self.columns], kind="stable")
        return np.sort(order[:count])

    @property
    def farthest_pair(self) -> PairDifference | None:
        """The pair whose association differs most; None for a table of one column."""
        difference = np.abs(self.p_associations - self.q_associations)
        if len(difference) < 2:
            return None
        i, j = divmod(int(np.argmax(np.triu(difference, 1) - np.tri(len(difference)))), len(difference))
        return PairDifference(
            (self.names[i], self.names[j]), float(self.p_associations[i, j]), float(self.q_associations[i, j])
        )


def compare_tables(
    p: np.ndarray, q: np.ndarray, columns: Sequence[str] | None, forms: Sequence[Form], seed: int = 0
) -> Comparison:
    """Compare marginals and associations of two samples.

    Args:
        p: Rows of P, (n, ...) in memory's coding, n >= 1; each row is taken as one vector of d numbers.
        q: Rows of Q, (m, ...).
        columns: Names of the d columns; x0, x1, ... if None.
        forms: How the columns are written; empty for plain numbers.
        seed: Of the choice of rows and of the random divisions.
    """
    rng = np.random.default_rng(seed)
    p, q = (_thinned(side, rng) for side in (p, q))
    width = p.shape[1]
    names = tuple(columns) if columns is not None else tuple(f"x{index}" for index in range(width))
    forms = tuple(forms) or (NUMBER,) * width
    pooled = np.concatenate([p, q])
    p_associations, q_associations = _associations(p, forms), _associations(q, forms)
    chance_distance = chance_association = 0.0
    for _ in range(min(MOST_DIVISIONS, max(1, MOST_DIVIDED // width))):
        order = rng.permutation(len(pooled))
        dealt = pooled[order[: len(p)]], pooled[order[len(p) :]]
        chance_distance = max(chance_distance, *_distances(*dealt, forms))
        between = np.abs(_associations(dealt[0], forms) - _associations(dealt[1], forms))
        chance_association = max(chance_association, float(between.max()))
    return Comparison(
        names=names,
        forms=forms,
        p=p,
        q=q,
        columns=tuple(
            ColumnDistance(
                name,
                form.kind,
                "total_variation" if form.kind == "category" else "kolmogorov_smirnov",
                distance,
            )
            for name, form, distance in zip(names, forms, _distances(p, q, forms), strict=True)
        ),
        p_associations=p_associations,
        q_associations=q_associations,
        chance_distance=chance_distance,
        chance_association=chance_association,
    )


def _thinned(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(rows) > MOST_ROWS:
        rows = rows[np.sort(rng.choice(len(rows), MOST_ROWS, replace=False))]
    return rows.reshape(len(rows), -1).astype(np.float64)


def _associations(rows: np.ndarray, forms: tuple[Form, ...]) -> np.ndarray:
    return association_matrix(rows[:, :MOST_ASSOCIATED], forms[:MOST_ASSOCIATED])


def _distances(p: np.ndarray, q: np.ndarray, forms: tuple[Form, ...]) -> list[float]:
    return [marginal_distance(*columns) for columns in zip(p.T, q.T, forms, strict=True)]
