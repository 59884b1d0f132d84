"""Drawing rows from a generator, in blocks, back in the data's own grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

Given = Mapping[str, str] | np.ndarray
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

    def blocks(self, count: int, seed: int, given: Given | None = None) -> Iterator[np.ndarray]:
        """Yield ``count`` rows (n, *shape) in data units, `BLOCK` at a time.

        The first rows of a longer draw are those of a shorter one with the same seed.

        Args:
            count: How many.
            seed: Of the latents, and of conditions that are drawn.
            given: Conditions by name, the others being drawn as the training rows have them; or conditions
                (m, k) in data units, taken in order and from the start again.  A table's rows hold them too.
        """
        return (rows for rows, _ in self._blocks(count, seed, given))

    def sample(self, count: int, seed: int, given: Given | None = None) -> np.ndarray:
        """All of `blocks` in one array (count, *shape)."""
        return np.concatenate(list(self.blocks(count, seed, given)))

    def part(self, count: int, seed: int) -> Part:
        """`sample`, with the conditions beside images as their labels."""
        pieces = list(self._blocks(count, seed, None))
        labels = None
        if self.conditioning is not None and not self.conditioning.places:
            labels = np.concatenate([given[:, 0] for _, given in pieces if given is not None])
        return Part(np.concatenate([rows for rows, _ in pieces]), labels)

    def _blocks(
        self, count: int, seed: int, given: Given | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Rows in data units and their conditions."""
        key = jax.random.key(seed)
        for block, start in enumerate(range(0, count, BLOCK)):
            conditions = self._conditions(given, start, min(BLOCK, count - start), seed)
            rows = np.asarray(
                generate(
                    self.network,
                    self.latent,
                    BLOCK,
                    self.params,
                    self.aux,
                    jax.random.fold_in(key, block),
                    self._encoded(conditions),
                )
            )
            restored = self.transform.inverse(rows[: count - start])
            joined = self._joined(restored, conditions)
            yield self.layout.restore(joined, round=self.round, clip=self.clip), conditions

    def _conditions(self, given: Given | None, start: int, count: int, seed: int) -> np.ndarray | None:
        """Conditions (count, k) of one block, in data units; None for a model without."""
        if self.conditioning is None:
            return None
        if isinstance(given, np.ndarray):
            return given[np.arange(start, start + count) % len(given)]
        return self.conditioning.draw(count, (seed, start), given)

    def labels(self, count: int, seed: int, given: Given | None = None) -> dict[str, Iterator[np.ndarray]]:
        """The conditions beside the images of `blocks`, by name, as they are written; empty for others."""
        conditioning = self.conditioning
        if conditioning is None or conditioning.places:
            return {}

        def written(index: int) -> Iterator[np.ndarray]:
            for start in range(0, count, BLOCK):
                conditions = self._conditions(given, start, min(BLOCK, count - start), seed)
                assert conditions is not None, "the model is conditional"
                yield conditioning.written(conditions[:, index], index)

        return {name: written(index) for index, name in enumerate(conditioning.names)}

    def classes_in_turn(self) -> np.ndarray | None:
        """Conditions (m, 1) for a picture, each class once; None where the condition is not one class."""
        conditioning = self.conditioning
        if conditioning is None or len(conditioning.names) > 1 or conditioning.forms[0].kind != "category":
            return None
        return conditioning.known

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

        None where rounding or clipping changes it, and where it has no density: where A'A is singular.
        """
        continuous = all(place is None for place in self.layout.decimals) and not any(self.layout.integer)
        bounded = np.isfinite(self.layout.minimum).any() or np.isfinite(self.layout.maximum).any()
        written_as_is = (continuous or not self.round) and not (bounded and self.clip)
        affine = self.network.is_affine and isinstance(self.transform, AffineTransform)
        if not (affine and self.latent.kind == "normal" and written_as_is and self.conditioning is None):
            return None
        assert isinstance(self.transform, AffineTransform)
        kernel = np.asarray(self.params["dense"]["kernel"], np.float64)
        bias = np.asarray(self.params["dense"]["bias"], np.float64)
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            return None  # training that is about to be stopped
        if np.linalg.matrix_rank(kernel) < kernel.shape[1]:
            return None
        _, upper = np.linalg.qr(kernel * self.transform.scale.reshape(-1))  # A'A = R'R for z A + b
        mean = self.transform.inverse(bias.reshape(self.transform.offset.shape)).reshape(-1)
        scale = upper.T * np.sign(np.diagonal(upper))
        return GaussianMixture(np.ones(1), mean[None], scale[None])


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
