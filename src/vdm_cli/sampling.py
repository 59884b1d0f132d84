"""Drawing rows from a generator, in blocks, back in the data's own grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from vdm_cli.data.layout import Layout
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.transform import Transform
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.network import Aux, Network, Params

BLOCK = 1024  # rows a block: memory is bounded by it, and row i depends on the seed and i alone


@dataclass(frozen=True)
class Generator:
    """A trained generator with its way back to data units.

    Attributes:
        network: z to rows in network units.
        params: What samples: the averaged ones.
        aux: Batch statistics and the like.
        latent: Law of z.
        transform: Network units to data units.
        layout: The data's own grid.
        round: Restore decimals and types.
        clip: Keep to the range of the training rows.
    """

    network: Network
    params: Params
    aux: Aux
    latent: Latent
    transform: Transform
    layout: Layout
    round: bool = True
    clip: bool = True

    def blocks(self, count: int, seed: int) -> Iterator[np.ndarray]:
        """Yield ``count`` rows (n, *shape) in data units, `BLOCK` at a time.

        The first rows of a longer draw are those of a shorter one with the same seed.
        """
        key = jax.random.key(seed)
        for block, start in enumerate(range(0, count, BLOCK)):
            rows = generate(
                self.network, self.latent, BLOCK, self.params, self.aux, jax.random.fold_in(key, block)
            )
            restored = self.transform.inverse(np.asarray(rows)[: count - start])
            yield self.layout.restore(restored, round=self.round, clip=self.clip)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """All of `blocks` in one array (count, *shape)."""
        return np.concatenate(list(self.blocks(count, seed)))

    def density(self) -> GaussianMixture | None:
        """The law of the samples where it is known: an affine map of a normal latent, written as it is.

        None where rounding or clipping changes it, and where A A' is singular.
        """
        continuous = all(place is None for place in self.layout.decimals) and not any(self.layout.integer)
        bounded = np.isfinite(self.layout.minimum).any() or np.isfinite(self.layout.maximum).any()
        written_as_is = (continuous or not self.round) and not (bounded and self.clip)
        if not (self.network.is_affine and self.latent.kind == "normal" and written_as_is):
            return None
        kernel = np.asarray(self.params["dense"]["kernel"], np.float64)
        if np.linalg.matrix_rank(kernel) < kernel.shape[1]:
            return None
        kernel = kernel * self.transform.scale.reshape(-1)
        bias = np.asarray(self.params["dense"]["bias"], np.float64)
        mean = self.transform.inverse(bias.reshape(self.transform.offset.shape)).reshape(-1)
        return GaussianMixture.gaussian(mean, covariance=kernel.T @ kernel)


@partial(jax.jit, static_argnums=(0, 1, 2))
def generate(
    network: Network, latent: Latent, count: int, params: Params, aux: Aux, key: jax.Array
) -> jax.Array:
    """Rows (count, *shape) in network units."""
    rows, _ = network.apply(params, aux, latent.sample(key, count), False)
    return rows
