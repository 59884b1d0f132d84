"""What a reader must know of two samples before trusting what a critic finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vdm_cli.comparison.columns import columns_told, pixels_told
from vdm_cli.comparison.rows import rows_told
from vdm_cli.data.form import Form


def samples_told(
    p: np.ndarray, q: np.ndarray, columns: Sequence[str] | None, forms: Sequence[Form], drawn: str = ""
) -> list[str]:
    """Sentences on equal rows, columns that tell all or nothing, and scales; none where nothing is amiss.

    Args:
        p: Rows of P, (n, ...), in memory's coding: NaN where blank.
        q: Rows of Q, (m, ...) with the same trailing shape.
        columns: Names of the columns; x0, x1, ... if None.
        forms: How they are written; empty for plain numbers.
        drawn: The sides, of "PQ", that this program drew itself.

    Raises:
        DataError: If the two are the same rows, or there is nothing in them to measure.
    """
    told = rows_told(p, q, drawn)
    if p.ndim > 2:
        return [*told, *pixels_told(p, q)]
    p, q = (side.reshape(len(side), -1) for side in (p, q))
    names = columns if columns is not None else [f"x{index}" for index in range(p.shape[1])]
    return [*told, *columns_told(p, q, names, forms)]
