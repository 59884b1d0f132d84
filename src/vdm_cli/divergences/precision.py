"""The precision that exact values are computed in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]


def double_precision() -> AbstractContextManager[Any]:
    """A context in which JAX computes in float64; `jax.enable_x64` came with jax 0.8."""
    context: AbstractContextManager[Any]
    if hasattr(jax, "enable_x64"):
        context = jax.enable_x64(True)
    else:
        from jax.experimental import enable_x64  # type: ignore[attr-defined]

        context = enable_x64()
    return context
