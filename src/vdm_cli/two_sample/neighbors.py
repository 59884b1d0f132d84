r"""Precision, recall, density and coverage: which rows lie in the balls around rows of the other sample.

B(x) is the ball around x that reaches its k-th nearest neighbor in its own sample.

    precision  share of rows of Q in a ball of P      recall    share of rows of P in a ball of Q
    density    mean over Q of the number of balls of P that hold it, over k
    coverage   share of rows of P whose ball holds a row of Q

Precision and recall: Kynkaanniemi et al. 2019 (arXiv 1904.06991); density and coverage: Naeem et al. 2020
(arXiv 2002.09797), whose k = 5 serves all four.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vdm_cli.two_sample.measure import Line, Measure, missing
from vdm_cli.two_sample.pairs import Pairs

NEIGHBORS = 5
NAMES = ("precision", "recall", "density", "coverage")

_WORDS = {
    "precision": "precision: rows of Q among those of P",
    "recall": "recall: rows of P among those of Q",
    "density": "density: rows of P around a row of Q",
    "coverage": "coverage: rows of P with a row of Q near",
}


def neighbor_measures(pairs: Pairs, rng: np.random.Generator, k: int = NEIGHBORS) -> tuple[Measure, ...]:
    """All four, in the order of `NAMES`, from equally many rows of a side.

    Beside stands what a random deal of the pooled rows into two halves gives.  For a continuous law that is,
    on average and in any dimension, 1 for density and 1 - prod_{j<k} (n-1-j)/(2n-1-j), about 1 - 2^-k, for
    coverage; repeated rows, as of whole numbers, raise all four.

    Args:
        pairs: Of scaled rows; the first min(n, m) of each side are used.
        rng: Of the deal.
        k: Which neighbor a ball reaches.
    """
    n = min(pairs.rows)
    if n <= k:
        return tuple(missing(name, f"needs more than {k} rows of a side", (n, n)) for name in NAMES)
    used = np.concatenate([np.arange(n), pairs.n + np.arange(n)])
    values = ball_shares(pairs.squared, used[:n], used[n:], k)
    dealt = rng.permutation(used)
    chance = ball_shares(pairs.squared, dealt[:n], dealt[n:], k)
    return tuple(
        Measure(
            name,
            values[name],
            (n, n),
            lines=(Line(_WORDS[name], values[name], chance[name]),),
            details={"at_equality": chance[name], "neighbors": k},
        )
        for name in NAMES
    )


def ball_shares(
    squared: npt.NDArray[np.float64], first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], k: int
) -> dict[str, float]:
    """The four numbers of rows `first` (P) and `second` (Q) of a matrix of squared distances."""
    between = squared[np.ix_(first, second)]
    # the k-th nearest other row: a row's own distance is the smallest, 0
    reach_p, reach_q = (
        np.partition(squared[np.ix_(side, side)], k, axis=1)[:, k] for side in (first, second)
    )
    in_p = between <= reach_p[:, None]
    return {
        "precision": float(in_p.any(axis=0).mean()),
        "recall": float((between <= reach_q).any(axis=1).mean()),
        "density": float(in_p.sum(axis=0).mean() / k),
        "coverage": float(in_p.any(axis=1).mean()),
    }
