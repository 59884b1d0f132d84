"""How hard XLA tries: most of the suite's time goes into compiling programs that run for milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def unoptimized(wanted: bool) -> Iterator[None]:
    """Compile with little optimization: 40 % less compilation, for code that runs up to 5 times slower.

    Values differ from optimized ones by rounding.  What depends on the optimizer stays with it: bits that
    must not depend on how a run is cut into programs (here a scan of one step differs from the first of
    many), numbers at the edges of their range, and fits of seconds.
    """
    jax.config.update("jax_disable_most_optimizations", wanted)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", False)
