"""Energy distance."""

from __future__ import annotations

import numpy as np

from vdm_cli.two_sample.measure import Line, Measure
from vdm_cli.two_sample.pairs import PERMUTATIONS, Pairs, permutation_test


def energy(pairs: Pairs, rng: np.random.Generator) -> Measure:
    r"""2 E|X-Y| - E|X-X'| - E|Y-Y'| with Euclidean distances, without bias, and a permutation p-value.

    Szekely and Rizzo 2013 (J. Stat. Plan. Inference 143:1249); no square root is taken.  In the units of the
    scaled rows; 0 on average where P = Q, then as often negative.

    Args:
        pairs: Of scaled rows, at least 2 of a side.
        rng: Of the permutations.
    """
    value, p_value = permutation_test(-np.sqrt(pairs.squared), pairs.n, rng)
    return Measure(
        "energy",
        value,
        pairs.rows,
        lines=(Line("energy: 2 E|X-Y| - E|X-X'| - E|Y-Y'|, scaled", value, 0.0, p_value),),
        details={"p_value": p_value, "at_equality": 0.0, "permutations": PERMUTATIONS},
    )
