"""Every evaluated row with its log-ratio and weight: `vdm eval-divergence --ratios`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from vdm_cli.commands.evaluation import Evaluation
from vdm_cli.commands.extremes import file_rows
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.layout import Layout, continuous_layout
from vdm_cli.data.output import write_arrays, write_rows
from vdm_cli.data.ratio_file import check_ratio_file

COLUMNS = ("side", "row", "log_ratio", "weight")
FORMS = (Form("category", ("p", "q")), NUMBER, NUMBER, Form(blank=""))


def save_ratios(found: Evaluation, path: str | Path) -> Path:
    """Write every evaluated row with its out-of-fold log-ratio and its weight, P first, each in order.

    The columns are ``side`` (p or q), ``row`` (of the file, or of a run's test rows and fresh samples, from
    0), ``log_ratio`` (of p/q, in nats) and ``weight``: of rows of Q, of mean 1, so that weighted means over Q
    estimate means over P; blank for rows of P.  A .npz holds them as arrays of these names, NaN where
    blank; a .npy as one array (n, 4) with the side as 0 for p and 1 for q.

    Args:
        found: What `eval_checkpoint` or `eval_files` returned.
        path: A new .csv, .parquet, .npz or .npy.

    Returns:
        The file.

    Raises:
        UsageError: If the suffix is another one, the file exists, or there is no such folder.
        DataError: If it cannot be written.
    """
    file = Path(path)
    check_ratio_file(file)
    sides, scores = found.sides, found.estimation.scores
    p, q = (
        _in_order(file_rows(rows, places), ratios, values)
        for rows, places, ratios, values in (
            (scores.p_rows, sides.p_places, scores.p, np.full(len(scores.p), np.nan)),
            (scores.q_rows, sides.q_places, scores.q, found.weights.values),
        )
    )
    table = np.concatenate([np.insert(p, 0, 0.0, axis=1), np.insert(q, 0, 1.0, axis=1)])
    if file.suffix.lower() == ".npz":
        side, row, ratio, weight = table.T
        names = np.where(side == 0, "p", "q")
        arrays = (names, row.astype(np.int64), np.ascontiguousarray(ratio), np.ascontiguousarray(weight))
        write_arrays(file, dict(zip(COLUMNS, arrays, strict=True)))
    else:
        write_rows(file, iter([table]), _layout(), len(table))
    return file


def _in_order(rows: np.ndarray, ratios: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Columns (n, 3), by row."""
    return np.stack([rows.astype(np.float64), ratios, weights], axis=1)[np.argsort(rows)]


def _layout() -> Layout:
    return dataclasses.replace(
        continuous_layout((len(COLUMNS),)),
        columns=COLUMNS,
        integer=(False, True, False, False),
        decimals=(None, 0, None, None),
        forms=FORMS,
    )
