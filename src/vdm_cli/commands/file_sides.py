"""The two samples in two files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vdm_cli.commands.sides import Sides
from vdm_cli.data.choice import Choice
from vdm_cli.data.dataset import Part
from vdm_cli.data.pair import read_pair, require_different
from vdm_cli.data.row_identity import group_rows
from vdm_cli.data.rows import Rows
from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.errors import DataError
from vdm_cli.estimation.estimate import MINIMUM_ROWS
from vdm_cli.estimation.weights import Weights


def sides_of_files(p: str | Path, q: str | Path, choice: Choice) -> Sides:
    """Two files of rows, columns matched by name, without copies of rows.

    Args:
        p: Data or reference.
        q: Model or new.
        choice: Which columns and rows are compared, and which columns are weights.

    Raises:
        DataError: If a file cannot be read, the columns differ or the rows are too few.
    """
    require_different(p, q)
    pair = read_pair(p, q, choice)
    for side, rows in (("P", pair.p), ("Q", pair.q)):
        if len(rows.values) < MINIMUM_ROWS:
            raise DataError(
                f"{rows.source} ({side}): has {len(rows.values)} rows, and at least {MINIMUM_ROWS} are needed"
            )
    groups = group_rows(pair.p.values, pair.q.values)
    part_p, places_p, told_p = _without_copies("P", pair.p, pair.p_places, pair.p_weights, groups[0])
    part_q, places_q, told_q = _without_copies("Q", pair.q, pair.q_places, pair.q_weights, groups[1])
    weights_p, weights_q = (
        _weights(pair.p_weights, choice.p_weights),
        _weights(pair.q_weights, choice.q_weights),
    )
    return Sides(
        p=part_p,
        q=part_q,
        columns=pair.p.columns,
        forms=pair.p.forms,
        label=None if pair.p.labels is None else pair.p.labels.form,
        p_source=str(p),
        q_source=str(q),
        exact={},
        warnings=(
            *pair.warnings,
            *told_p,
            *told_q,
            *weights_told("P", weights_p),
            *weights_told("Q", weights_q),
        ),
        p_weights=weights_p,
        q_weights=weights_q,
        p_places=places_p,
        q_places=places_q,
    )


def _without_copies(
    side: str, rows: Rows, places: np.ndarray | None, weights: np.ndarray | None, groups: np.ndarray
) -> tuple[Part, np.ndarray | None, list[str]]:
    """The rows of which none is a copy of another, their places, and what a reader must know.

    A critic recognizes copies of rows that it was fitted on: 1,000 normal rows, each twice, are told from
    2,000 other normal rows with an AUC of .63, and certified to differ.  Weighted rows stay as they are.
    """
    part = Part(rows.values, None if rows.labels is None else rows.labels.values)
    kept = np.sort(np.unique(groups, return_index=True)[1])
    copies = len(groups) - len(kept)
    if weights is not None or not copies:
        return part, places, []
    if len(kept) < MINIMUM_ROWS:
        raise DataError(f"{side} has {len(kept)} different rows, and at least {MINIMUM_ROWS} are needed")
    told = (
        f"{copies} row{'s' * (copies > 1)} ({100 * copies / len(groups):.2g} %) of {side} repeat another of "
        "its rows to the last digit, and are left out as copies: rows must be independent draws"
    )
    return part.take(kept), kept if places is None else places[kept], [told]


def _weights(values: np.ndarray | None, column: WeightColumn | None) -> Weights | None:
    """The weights of the rows that take part."""
    if values is None or column is None:
        return None
    if not values.any():
        raise DataError(f"{column.option}: all weights of the chosen rows are zero; choose more of them")
    return Weights(values, column.maximum)


def weights_told(side: str, weights: Weights | None) -> list[str]:
    """What a reader must know of the weights of a side."""
    if weights is None:
        return []
    told = []
    if weights.maximum is None:
        told.append(
            f"nothing is certified: the weights of {side} have no declared maximum "
            f"(--{side.lower()}-weights COLUMN:MAX, the largest that any row of its law could have)"
        )
    rows = len(weights.values)
    if weights.maximum is not None and weights.values.sum() < MINIMUM_ROWS * weights.maximum:
        told.append(
            f"nothing is certified: rows of {side} are kept for the certificate with probability weight / "
            f"{weights.maximum:g}, which leaves about {weights.values.sum() / weights.maximum:.0f}"
        )
    if weights.effective_rows < max(MINIMUM_ROWS, 0.1 * rows):
        told.append(
            f"the {rows} weighted rows of {side} count like {weights.effective_rows:.0f} equal ones: a few "
            "rows carry most of the weight"
        )
    return told
