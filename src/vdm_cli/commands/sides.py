"""The two samples that an evaluation compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdm_cli.data.dataset import Part
from vdm_cli.data.form import Form
from vdm_cli.data.mixture import GaussianMixture
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
        law: The law of P, where it is known.
        train: Rows that the generator of Q was trained on, in random order, not more than are needed.
        drawn: The sides, of "PQ", whose rows this program drew itself, of a law or by a generator.
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
    law: GaussianMixture | None = None
    train: Part | None = None
    drawn: str = ""
