"""Drawing rows from a generator, in blocks, back in the data's own grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.conditioning import Conditioning
from vdm_cli.data.dataset import Part
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
        conditioning: What it is conditioned on; None where it is not.
    """

    network: Network
    params: Params
    aux: Aux
    latent: Latent
    transform: Transform
    layout: Layout
    round: bool = True
    clip: bool = True
    conditioning: Conditioning | None = None

    def conditions(self, count: int, seed: int) -> np.ndarray | None:
        """Conditions (count, k) in data units, as the training rows have them; None where there are none."""
        return None if self.conditioning is None else self.conditioning.draw(count, seed)

    def blocks(self, count: int, seed: int, conditions: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yield ``count`` rows (n, *shape) in data units, `BLOCK` at a time.

        The first rows of a longer draw are those of a shorter one with the same seed.

        Args:
            count: How many.
            seed: Of the latents, and of the conditions where none are given.
            conditions: What each row is given, (count, k) in data units; a table's rows hold them too.
        """
        if conditions is None:
            conditions = self.conditions(count, seed)
        key = jax.random.key(seed)
        for block, start in enumerate(range(0, count, BLOCK)):
            given = None if conditions is None else conditions[start : start + BLOCK]
            rows = np.asarray(
                generate(
                    self.network,
                    self.latent,
                    BLOCK,
                    self.params,
                    self.aux,
                    jax.random.fold_in(key, block),
                    self._encoded(given),
                )
            )
            restored = self.transform.inverse(rows[: count - start])
            yield self.layout.restore(self._joined(restored, given), round=self.round, clip=self.clip)

    def sample(self, count: int, seed: int, conditions: np.ndarray | None = None) -> np.ndarray:
        """All of `blocks` in one array (count, *shape)."""
        return np.concatenate(list(self.blocks(count, seed, conditions)))

    def part(self, count: int, seed: int, conditions: np.ndarray | None = None) -> Part:
        """`sample`, with the conditions beside images as their labels."""
        if conditions is None:
            conditions = self.conditions(count, seed)
        rows = self.sample(count, seed, conditions)
        beside = conditions is not None and self.conditioning is not None and not self.conditioning.places
        return Part(rows, conditions[:, 0] if beside and conditions is not None else None)

    def classes_in_turn(self, count: int, seed: int) -> np.ndarray | None:
        """Conditions (count, k) for a picture: one class after the other, where it is a class."""
        conditioning = self.conditioning
        if conditioning is None or len(conditioning.names) > 1 or conditioning.forms[0].kind != "category":
            return self.conditions(count, seed)
        return np.resize(conditioning.known[:, 0], count)[:, None]

    def _encoded(self, conditions: np.ndarray | None) -> jax.Array | None:
        """Conditions (n, k) in network units, repeated to a whole block."""
        if conditions is None or self.conditioning is None:
            return None
        encoded = self.conditioning.encode(conditions)
        return jnp.asarray(np.resize(encoded, (BLOCK, encoded.shape[1])))

    def _joined(self, rows: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        """A table's rows (n, d) with the columns that are conditions."""
        if conditions is None or self.conditioning is None or not self.conditioning.places:
            return rows
        return self.conditioning.join(rows, conditions)

    def density(self) -> GaussianMixture | None:
        """The law of the samples where it is known: an affine map of a normal latent, written as it is.

        None where rounding or clipping changes it, and where A A' is singular.
        """
        continuous = all(place is None for place in self.layout.decimals) and not any(self.layout.integer)
        bounded = np.isfinite(self.layout.minimum).any() or np.isfinite(self.layout.maximum).any()
        written_as_is = (continuous or not self.round) and not (bounded and self.clip)
        affine = self.network.is_affine and isinstance(self.transform, AffineTransform)
        if not (affine and self.latent.kind == "normal" and written_as_is and self.conditioning is None):
            return None
        assert isinstance(self.transform, AffineTransform)
        kernel = np.asarray(self.params["dense"]["kernel"], np.float64)
        if np.linalg.matrix_rank(kernel) < kernel.shape[1]:
            return None
        kernel = kernel * self.transform.scale.reshape(-1)
        bias = np.asarray(self.params["dense"]["bias"], np.float64)
        mean = self.transform.inverse(bias.reshape(self.transform.offset.shape)).reshape(-1)
        return GaussianMixture.gaussian(mean, covariance=kernel.T @ kernel)


@partial(jax.jit, static_argnums=(0, 1, 2))
def generate(
    network: Network,
    latent: Latent,
    count: int,
    params: Params,
    aux: Aux,
    key: jax.Array,
    conditions: jax.Array | None = None,
) -> jax.Array:
    """Rows (count, *shape) in network units, given conditions (count, k) where it takes some."""
    rows, _ = network.apply(params, aux, latent.sample(key, count), False, conditions)
    return rows
