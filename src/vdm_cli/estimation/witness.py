"""The pair (T(v), f*(T(v))) in float64, whatever precision the process runs in."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.precision import double_precision

Floats = npt.NDArray[np.float64]

# Eager operations compile once a shape, each for longer than it runs: powers of four from here keep them few.
_SMALLEST_BLOCK = 32768


def _float64(function: Elementwise, v: Floats) -> Floats:
    size = _SMALLEST_BLOCK
    while size < len(v):
        size *= 4
    padded = np.zeros(size, np.float64)
    padded[: len(v)] = v
    return np.array(function(jnp.asarray(padded)), np.float64)[: len(v)]


def witness_pair(divergence: FDivergence, v: Floats) -> tuple[Floats, Floats]:
    """T(v) and f*(T(v)) of scores v, shape (n,), in float64.

    Second-order terms cancel near P = Q, where float32 would leave only noise.
    """
    with double_precision():
        return _float64(divergence.witness, v), _float64(divergence.witness_conjugate, v)
