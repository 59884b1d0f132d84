"""One word on how far an estimate can be trusted, by simple rules on evaluated rows."""

from __future__ import annotations

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.result import Status
from vdm_cli.estimation.witness import Floats

_NEAR_SUPREMUM = 0.98
_CLIPPED_SHARE = 0.05
_SEPARATED_AUC = 0.999
_NEARLY_SEPARATED_AUC = 0.99
_HEAVY_TAIL = 0.75
_FEW_ROWS = 500
_ROWS_PER_COLUMN = 10


def tail_share(values: Floats) -> float:
    """The share of the sum of squared deviations that the largest 0.1 % of rows (at least 5) carry, (n,)."""
    squares = np.square(values - np.mean(values))
    total = float(np.sum(squares))
    top = max(5, len(values) // 1000)
    return float(np.sum(np.sort(squares)[-top:])) / total if total > 0.0 else 0.0


def judge(
    divergence: FDivergence,
    *,
    estimate: float,
    p_value: float,
    delta: float,
    auc: float,
    clipped_share: float,
    tail: float,
    exact: float | None,
    rows: int,
    columns: int,
) -> Status:
    """The first rule that holds.

    - ``indistinguishable``: the test of P = Q does not reject at delta.
    - ``saturated``: the samples are separated, so that their size and not the distributions sets the
      number: AUC > .999, a bounded D_f above 98 % of its range, or more than 5 % of the evaluated rows
      beyond this divergence's caps at AUC > .99.
    - ``heavy_tail``: D_f is known to be infinite, or 0.1 % of the rows (at least 5) carry more than 3/4
      of the variance of T or f*(T): the mean, and its standard error, hang on them.
    - ``undersampled``: fewer than 500 rows on a side, fewer than 10 a column, or more than 5 % beyond
      the caps, which widen with the number of rows.
    - ``ok``.
    """
    if p_value > delta:
        return "indistinguishable"
    if auc > _SEPARATED_AUC or (auc > _NEARLY_SEPARATED_AUC and clipped_share > _CLIPPED_SHARE):
        return "saturated"
    span = divergence.supremum - divergence.at_equality
    if divergence.bounded and estimate - divergence.at_equality >= _NEAR_SUPREMUM * span:
        return "saturated"
    if (exact is not None and np.isinf(exact)) or tail > _HEAVY_TAIL:
        return "heavy_tail"
    if rows < max(_FEW_ROWS, _ROWS_PER_COLUMN * columns) or clipped_share > _CLIPPED_SHARE:
        return "undersampled"
    return "ok"
