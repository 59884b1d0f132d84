"""The law of the generator's input, and how a batch of it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

BITS = 23  # of a uniform number that float32 holds in the open interval (0, 1), at either end


@dataclass(frozen=True)
class Latent:
    """z ~ N(0, I) or U(-1, 1)^dim, with independent Gumbel noise after it where categories are drawn.

    Attributes:
        kind: Which of the two.
        dim: Dimensions of z.
        noise: Gumbel draws a row, see `vdm_cli.networks.categories`.
        draws: How the rows of one batch in training go together: ``independent``, or ``sobol``.
    """

    kind: Literal["normal", "uniform"]
    dim: int
    noise: int = 0
    draws: Literal["independent", "sobol"] = "independent"

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Draw (count, dim + noise) in float32, every row independent of the others."""
        if self.noise:
            z_key, noise_key = jax.random.split(key)
            z = Latent(self.kind, self.dim).sample(z_key, count)
            return jnp.concatenate([z, jax.random.gumbel(noise_key, (count, self.noise))], axis=1)
        if self.kind == "normal":
            return jax.random.normal(key, (count, self.dim))
        return jax.random.uniform(key, (count, self.dim), minval=-1.0, maxval=1.0)

    def batch(self, key: jax.Array, count: int) -> jax.Array:
        """Draw (count, dim + noise) for one gradient, in float32.

        With ``sobol`` they are randomized quasi-Monte Carlo: each row has the law of `sample`, so that means
        over a batch have the same expectation, but the rows of a batch fill the space evenly, and the means
        vary less (Buchholz, Wenzel and Mandt 2018).
        """
        if self.draws == "independent":
            return self.sample(key, count)
        shift_key, noise_key = jax.random.split(key)
        uniform = _shifted(shift_key, count, self.dim)
        z = jax.scipy.special.ndtri(uniform) if self.kind == "normal" else 2.0 * uniform - 1.0
        if not self.noise:
            return z
        return jnp.concatenate([z, jax.random.gumbel(noise_key, (count, self.noise))], axis=1)


def _shifted(key: jax.Array, count: int, dim: int) -> jax.Array:
    """Sobol points with a random digital shift: (count, dim) in the open interval (0, 1)."""
    shift = jax.random.bits(key, (1, dim), jnp.uint32) >> (32 - BITS)
    digits = jnp.asarray(_sobol_digits(count, dim)) ^ shift
    return (digits.astype(jnp.float32) + 0.5) * 2.0**-BITS


@cache
def _sobol_digits(count: int, dim: int) -> npt.NDArray[np.uint32]:
    """The first `BITS` binary digits of the first ``count`` scrambled Sobol points."""
    from scipy.stats import qmc  # half a second to import

    points = qmc.Sobol(dim, scramble=True, bits=30, rng=np.random.default_rng(0)).random_base2(
        max(0, (count - 1).bit_length())
    )
    return (points[:count] * 2.0**BITS).astype(np.uint32)
