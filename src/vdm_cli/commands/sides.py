"""The two samples that an evaluation compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.dataset import Part
from vdm_cli.data.form import Form
from vdm_cli.data.pair import read_pair
from vdm_cli.divergences.known import KnownValue
from vdm_cli.estimation.weights import Weights


@dataclass(frozen=True)
class Sides:
    """The two samples that are compared.

    Attributes:
        p: Data or reference rows (n, ...) in their own units, with labels where both sides have them.
        q: Model or new rows (m, ...).
        columns: Names of the columns of both; None where they have none.
        forms: How the columns of both are written; empty for plain numbers.
        label: How the labels are written that are compared too; None where none are.
        p_source: What P is, for people.
        q_source: What Q is.
        exact: The true divergences by label, where both densities are known.
        warnings: What a reader must know of the samples.
        p_weights: Of the rows of P; None where all count the same.
        q_weights: Of the rows of Q.
        p_places: Which rows of its file those of P are, from 0; None where they are all of it.
        q_places: Which rows of its file those of Q are.
    """

    p: Part
    q: Part
    columns: tuple[str, ...] | None
    forms: tuple[Form, ...]
    label: Form | None
    p_source: str
    q_source: str
    exact: dict[str, KnownValue]
    warnings: tuple[str, ...] = ()
    p_weights: Weights | None = None
    q_weights: Weights | None = None
    p_places: np.ndarray | None = None
    q_places: np.ndarray | None = None


def sides_of_files(p: str | Path, q: str | Path, *, num_samples: int | None, seed: int) -> Sides:
    """Two files of rows, columns matched by name.

    Raises:
        DataError: If a file cannot be read or the columns differ.
    """
    first, second, warnings = read_pair(p, q)
    p_places = _at_most(len(first.values), num_samples, seed)
    q_places = _at_most(len(second.values), num_samples, seed + 1)
    return Sides(
        p=Part(first.values if p_places is None else first.values[p_places]),
        q=Part(second.values if q_places is None else second.values[q_places]),
        columns=first.columns,
        forms=first.forms,
        label=None,
        p_source=str(p),
        q_source=str(q),
        exact={},
        warnings=warnings,
        p_places=p_places,
        q_places=q_places,
    )


def _at_most(rows: int, count: int | None, seed: int) -> np.ndarray | None:
    """A random choice of so many rows, in their order; None for all."""
    if count is None or count >= rows:
        return None
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])
