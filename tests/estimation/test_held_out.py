from __future__ import annotations

import numpy as np

from vdm_cli.estimation.crossfit import FoldScores, Sample
from vdm_cli.estimation.held_out import HeldOut
from vdm_cli.estimation.splits import Split


def test_ratios_of_rows_far_outside_all_others_have_finite_squares() -> None:
    rows = np.arange(4)
    split = Split(rows[:0], rows[:0], rows)
    scores = np.array([0.1, -0.2, 0.3, 690.0])
    empty = scores[:0]
    fold = FoldScores(split, split, (empty, empty), (scores, scores))
    sample = Sample(np.zeros((4, 1)))
    ratio, shares = HeldOut(sample, sample, [fold]).ratios()
    assert np.isfinite((shares @ ratio) ** 2)
    assert np.isfinite(np.square(shares) @ np.square(ratio))
