"""The pair (T(v), f*(T(v))) in float64, whatever precision the process runs in."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vdm_cli.divergences.divergence import Elementwise, FDivergence
from vdm_cli.divergences.precision import double_precision

Floats = npt.NDArray[np.float64]

# Eager operations compile once a shape: powers of two from here keep the shapes few.
_SMALLEST_BLOCK = 4096


def _float64(function: Elementwise, v: Floats) -> Floats:
    size = max(_SMALLEST_BLOCK, 1 << max(len(v) - 1, 0).bit_length())
    padded = np.zeros(size, np.float64)
    padded[: len(v)] = v
    return np.array(function(jnp.asarray(padded)), np.float64)[: len(v)]


def witness_pair(divergence: FDivergence, v: Floats) -> tuple[Floats, Floats]:
    """T(v) and f*(T(v)) of scores v, shape (n,), in float64.

    Second-order terms cancel near P = Q, where float32 would leave only noise.
    """
    with double_precision():
        return _float64(divergence.witness, v), _float64(divergence.witness_conjugate, v)
