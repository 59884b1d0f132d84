"""Whether generated rows lie closer to training rows than held-out rows do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vdm_cli.two_sample.measure import Line, Measure

_MOST_WORK = 2e10  # numbers compared: queries x training rows x columns
_FEWEST_TRAINING_ROWS = 1_000


def memorization(
    train: npt.NDArray[np.generic], p: npt.NDArray[np.generic], q: npt.NDArray[np.generic]
) -> Measure:
    r"""P(closest training row of a generated row is nearer than that of a held-out row), ties halved.

    Meehan, Chaudhuri and Dasgupta 2020 (arXiv 2004.05675), over the whole space: .5 where Q = P, 1 for a
    sampler that repeats training rows, with the one-sided Mann-Whitney p-value of it being above .5.
    `median_ratio` is the median distance of generated rows over that of held-out rows (1; below: copying),
    None where the latter is 0.  `copies` is the share of generated rows that equal a training row in every
    column; data with repeated rows have such among the held-out ones too, `held_out_copies`.

    Args:
        train: Training rows (t, d), scaled as the others, in random order; of wide ones fewer are used.
        p: Held-out rows (n, d).
        q: Generated rows (m, d).
    """
    from scipy.stats import mannwhitneyu
    from sklearn.neighbors import NearestNeighbors

    most = int(_MOST_WORK / ((len(p) + len(q)) * train.shape[1]))
    # 0 has two signs, which differ in their bytes
    train, p, q = (
        np.ascontiguousarray(rows) + 0.0 for rows in (train[: max(_FEWEST_TRAINING_ROWS, most)], p, q)
    )
    index = NearestNeighbors(n_neighbors=1).fit(train.astype(np.float64))
    known = set(map(bytes, train))
    distances, copies = [], []
    for rows in (p, q):
        copied = np.array([bytes(row) in known for row in rows])
        nearest = index.kneighbors(rows.astype(np.float64))[0][:, 0]
        distances.append(np.where(copied, 0.0, nearest))
        copies.append(float(copied.mean()))
    held_out, generated = distances
    test = mannwhitneyu(generated, held_out, alternative="less", method="asymptotic")
    value = 1.0 - float(test.statistic) / (len(p) * len(q))
    p_value = float(test.pvalue) if np.isfinite(test.pvalue) else 1.0  # every distance the same
    middle = float(np.median(held_out))
    ratio = float(np.median(generated)) / middle if middle > 0.0 else None
    return Measure(
        "memorization",
        value,
        (len(p), len(q)),
        lines=(
            Line("memorization: nearer to training rows than P", value, 0.5, p_value),
            Line("memorization: median distance over that of P", ratio, 1.0),
            Line("memorization: copies of training rows", copies[1], copies[0]),
        ),
        details={
            "p_value": p_value,
            "at_equality": 0.5,
            "median_ratio": ratio,
            "copies": copies[1],
            "held_out_copies": copies[0],
            "training_rows": len(train),
        },
    )
