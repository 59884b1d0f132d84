"""A column cut into cells, and the cells joined again where P and Q do not differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from vdm_cli.data.form import Form
from vdm_cli.estimation.witness import Floats

CELLS = 64  # that a column of numbers is cut into at first
# What a further cell must gain in log-likelihood; where nothing differs it gains 1/2 in the mean, but the
# best of many trees more.  Measured for shifts, scales and a narrow excess, 500 to 10,000 rows a side: at 1.5
# columns that do not differ get clearly negative bounds, from 3 on a narrow excess goes unseen.
_PRICE = 2.5


def cut_points(p: Floats, q: Floats, form: Form) -> Floats:
    """Where a column is cut: cell i holds the values above point i - 1 and up to point i.

    Categories are cells each.  So are the values of a column that has few of them, and every value that is
    common; between such values, cells hold equal shares of P and Q together.

    Args:
        p: Values of P, (n,), NaN where blank.
        q: Values of Q, (m,).
        form: How the column is written.

    Returns:
        Increasing, at most 1.5 `CELLS` of them for numbers; none where all is blank.
    """
    if form.kind == "category":
        return np.arange(len(form.categories), dtype=np.float64)
    p, q = (side[~np.isnan(side)] for side in (p, q))
    values, places = np.unique(np.concatenate([p, q]), return_inverse=True)
    if len(values) <= CELLS:
        return values
    shares = sum(
        np.bincount(index, minlength=len(values)) / max(len(index), 1)
        for index in (places[: len(p)], places[len(p) :])
    )
    upto = np.cumsum(shares)
    chosen = np.searchsorted(upto, upto[-1] * np.arange(1, CELLS) / CELLS)
    points, times = np.unique(values[np.minimum(chosen, len(values) - 1)], return_counts=True)
    common = points[times > 1]
    return np.union1d(points, np.nextafter(common, -np.inf))


def cell_of(values: Floats, points: Floats) -> npt.NDArray[np.intp]:
    """The cell of each value (n,), from 0 to k for k points; k + 1 for blanks."""
    cells = np.searchsorted(points, values, side="left")
    return np.where(np.isnan(values), len(points) + 1, cells)


def joined_scores(p: Floats, q: Floats) -> Floats:
    r"""A piecewise constant estimate of log p/q from how much of P and Q fell into each cell.

    Neighboring cells form a binary tree.  Its pruning maximizes the log-likelihood of the sides,

        sum over cells of  A log A + B log B - (A + B) log(A + B),

    less a price for each cell (Breiman et al. 1984, section 3.3), so that a column that does not differ
    keeps a single cell and the score 0.  A kept cell has

        v = log((A + s) / (B + 1 - s)) - log(N_P / N_Q),   s = N_P / (N_P + N_Q):

    one row in proportion to the sides' sizes is added to each, so that scores stay finite.

    Args:
        p: Rows of P in each cell, blanks last, (k,); for weighted rows their effective number.
        q: Rows of Q.

    Returns:
        Scores, (k,).
    """
    total_p, total_q = float(p.sum()), float(q.sum())
    share = total_p / (total_p + total_q)
    depth = max(len(p) - 2, 0).bit_length()
    leaves = np.zeros((2, 1 << depth))
    leaves[:, : len(p) - 1] = p[:-1], q[:-1]  # blanks stay apart: they are next to nothing

    levels, best, split = [leaves], _log_likelihood(leaves), []
    for _ in range(depth):
        levels.append(levels[-1].reshape(2, -1, 2).sum(axis=2))
        whole, parted = _log_likelihood(levels[-1]), best.reshape(-1, 2).sum(axis=1) - _PRICE
        split.append(parted > whole)
        best = np.maximum(whole, parted)

    kept, reached = levels[-1], np.ones(1, bool)
    for level, apart in zip(levels[-2::-1], split[::-1], strict=True):
        reached = np.repeat(reached & apart, 2)
        kept = np.where(reached, level, np.repeat(kept, 2, axis=1))
    cells = np.concatenate([kept[:, : len(p) - 1], [[p[-1]], [q[-1]]]], axis=1)
    return np.log((cells[0] + share) / (cells[1] + 1.0 - share)) - np.log(total_p / total_q)


def _log_likelihood(cells: Floats) -> Floats:
    """Of the sides of rows, given their cells: of (2, k) counts, (k,)."""
    p, q = cells
    return np.asarray(xlogy(p, p) + xlogy(q, q) - xlogy(p + q, p + q))
