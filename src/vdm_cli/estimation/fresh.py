"""How far samples still are from data, by a critic fitted from scratch: for choosing a checkpoint.

Never the critic that training used: its bound is smallest when it is weakest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vdm_cli.divergences.catalog import JENSEN_SHANNON
from vdm_cli.estimation.reduction import fit_reduction
from vdm_cli.estimation.trees import Trees
from vdm_cli.estimation.witness import witness_pair

_SCORE_BOUND = 10.0


def fresh_critic_bound(
    p_fit: npt.NDArray[Any],
    q_fit: npt.NDArray[Any],
    p_eval: npt.NDArray[Any],
    q_eval: npt.NDArray[Any],
    seed: int = 0,
) -> float:
    """A lower bound on JS(P || Q) in nats, by boosted trees fitted here on the fit rows alone.

    Args:
        p_fit: Rows of P to fit on, shape (n, d), finite.
        q_fit: Rows of Q to fit on, shape (m, d).
        p_eval: Unseen rows of P, shape (k, d).
        q_eval: Unseen rows of Q, shape (l, d).
        seed: Of the trees' early-stopping part; everything else is deterministic.

    Returns:
        The bound; its expectation is at most JS <= log 2, and it may be slightly negative.
    """
    reduce = fit_reduction(p_fit, q_fit, seed)
    trees = Trees(reduce(p_fit), reduce(q_fit), seed)
    return held_out_bound(trees(reduce(p_eval)), trees(reduce(q_eval)))


def held_out_bound(v_p: npt.NDArray[Any], v_q: npt.NDArray[Any]) -> float:
    """The lower bound on JS(P || Q) in nats that estimates v of log p/q reach on rows they do not depend on.

    Args:
        v_p: On rows of P, shape (k,).
        v_q: On rows of Q, shape (l,).
    """
    v_p, v_q = (np.clip(v, -_SCORE_BOUND, _SCORE_BOUND) for v in (v_p, v_q))
    witness, _ = witness_pair(JENSEN_SHANNON, v_p)
    _, conjugate = witness_pair(JENSEN_SHANNON, v_q)
    return float(witness.mean() - conjugate.mean())
