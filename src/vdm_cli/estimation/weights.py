"""Weights of rows: a sample that stands for another law than the one its rows were drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdm_cli.errors import DataError
from vdm_cli.estimation.witness import Floats


@dataclass(frozen=True, eq=False)
class Weights:
    """How much each row counts: the law measured has density proportional to w(x) times that of the rows.

    Attributes:
        values: Non-negative and finite, of positive sum, shape (n,).
        maximum: The largest weight that any row of the law could have had, declared beforehand: with it, rows
            kept with probability w / maximum are draws of the weighted law, and a certificate stays valid.
            None where nobody knows: the largest weight seen does not do.

    Raises:
        DataError: If a weight is above the declared maximum.
    """

    values: Floats
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.maximum is not None and (largest := float(np.max(self.values))) > self.maximum:
            raise DataError(f"a weight is {largest:g}, and the declared maximum of all is {self.maximum:g}")

    @property
    def effective_rows(self) -> float:
        """Kish's effective sample size (sum w)^2 / sum w^2."""
        return float(np.sum(self.values) ** 2 / np.sum(np.square(self.values)))
