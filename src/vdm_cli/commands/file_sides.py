"""The two samples in two files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vdm_cli.commands.sides import Sides
from vdm_cli.data.dataset import Part
from vdm_cli.data.pair import Choice, read_pair, require_different
from vdm_cli.data.row_identity import group_rows
from vdm_cli.data.rows import Rows
from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.errors import DataError
from vdm_cli.estimation.estimate import MINIMUM_ROWS
from vdm_cli.estimation.weights import Weights


def sides_of_files(
    p: str | Path, q: str | Path, choice: Choice, *, num_samples: int | None, seed: int
) -> Sides:
    """Two files of rows, columns matched by name.

    Args:
        p: Data or reference.
        q: Model or new.
        choice: Which columns are compared, and which are weights.
        num_samples: At most so many rows of each file; all if None.
        seed: Of their choice.

    Raises:
        DataError: If a file cannot be read, the columns differ or the rows are too few.
    """
    require_different(p, q)
    pair = read_pair(p, q, choice)
    first, second = pair.p, pair.q
    for side, rows in (("P", first), ("Q", second)):
        if len(rows.values) < MINIMUM_ROWS:
            raise DataError(
                f"{rows.source} ({side}): has {len(rows.values)} rows, and at least {MINIMUM_ROWS} are needed"
            )
    p_places = _at_most(len(first.values), num_samples, seed)
    q_places = _at_most(len(second.values), num_samples, seed + 1)
    groups = group_rows(_taken(first.values, p_places), _taken(second.values, q_places))
    p_places, p_told = _copies_once("P", p_places, groups[0], weighted=pair.p_weights is not None)
    q_places, q_told = _copies_once("Q", q_places, groups[1], weighted=pair.q_weights is not None)
    p_weights = _weights(pair.p_weights, choice.p_weights, p_places)
    q_weights = _weights(pair.q_weights, choice.q_weights, q_places)
    return Sides(
        p=_part(first, p_places),
        q=_part(second, q_places),
        columns=first.columns,
        forms=first.forms,
        label=None if first.labels is None else first.labels.form,
        p_source=str(p),
        q_source=str(q),
        exact={},
        warnings=(
            *pair.warnings,
            *p_told,
            *q_told,
            *weights_told("P", p_weights),
            *weights_told("Q", q_weights),
        ),
        p_weights=p_weights,
        q_weights=q_weights,
        p_places=p_places,
        q_places=q_places,
    )


def _taken(values: np.ndarray, places: np.ndarray | None) -> np.ndarray:
    return values if places is None else values[places]


def _copies_once(
    side: str, places: np.ndarray | None, groups: np.ndarray, *, weighted: bool
) -> tuple[np.ndarray | None, list[str]]:
    """The places of rows of which none is a copy of another, and what a reader must know.

    A critic recognizes copies of rows that it was fitted on: 1,000 normal rows, each twice, are told from
    2,000 other normal rows with an AUC of .63, and certified to differ.  Weighted rows stay as they are.
    """
    kept = np.unique(groups, return_index=True)[1]
    copies = len(groups) - len(kept)
    if weighted or not copies:
        return places, []
    if len(kept) < MINIMUM_ROWS:
        raise DataError(f"{side} has {len(kept)} different rows, and at least {MINIMUM_ROWS} are needed")
    kept = np.sort(kept)
    told = (
        f"{copies} row{'s' * (copies > 1)} ({100 * copies / len(groups):.2g} %) of {side} repeat another of "
        "its rows to the last digit, and are left out as copies: rows must be independent draws"
    )
    return kept if places is None else places[kept], [told]


def _part(rows: Rows, places: np.ndarray | None) -> Part:
    part = Part(rows.values, None if rows.labels is None else rows.labels.values)
    return part if places is None else part.take(places)


def _weights(
    values: np.ndarray | None, column: WeightColumn | None, places: np.ndarray | None
) -> Weights | None:
    """The weights of the rows that take part."""
    if values is None or column is None:
        return None
    chosen = values if places is None else values[places]
    if not chosen.any():
        raise DataError(f"{column.option}: all weights of the chosen rows are zero; choose more of them")
    return Weights(chosen, column.maximum)


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


def _at_most(rows: int, count: int | None, seed: int) -> np.ndarray | None:
    """A random choice of so many rows, in their order; None for all."""
    if count is None or count >= rows:
        return None
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])
