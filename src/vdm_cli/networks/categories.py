"""Categories at the end of a generator: exact one-hot vectors forward, a gradient backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import jax
import jax.numpy as jnp

from vdm_cli.networks.network import Aux, Network, Params

Relaxation = Literal["gumbel", "straight_through"]


class Block(Protocol):
    """Consecutive elements of a row: see `vdm_cli.data.block.Block`."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def categorical(self) -> bool: ...  # noqa: D102
    @property
    def hides(self) -> tuple[int, int] | None: ...  # noqa: D102


def noise_dim(blocks: Sequence[Block], relaxation: Relaxation) -> int:
    """How many Gumbel draws a row of the latent needs beside z."""
    return sum(block.width for block in blocks if block.categorical) if relaxation == "gumbel" else 0


def with_categories(
    network: Network, latent_dim: int, blocks: Sequence[Block], relaxation: Relaxation
) -> Network:
    """A generator whose categorical blocks are one-hot vectors.

    A block's outputs are logits l; the row has the one-hot vector of argmax(l + g) and the critic's gradient
    flows as through softmax(l + g): the straight-through estimator (Bengio et al. 2013), with g = 0, or with
    Gumbel noise, which makes softmax(l) the probabilities of the categories given z (Jang et al. 2017).
    Where an indicator says blank, the elements that it hides are zero, as they are in the data.

    Args:
        network: (n, latent_dim) to (n, D).
        latent_dim: Numbers that the network takes; the rest of the latent is Gumbel noise.
        blocks: The rows' blocks, in order.
        relaxation: Which of the two.
    """

    def apply(
        params: Params, aux: Aux, x: jax.Array, train: bool, condition: jax.Array | None = None
    ) -> tuple[jax.Array, Aux]:
        raw, aux = network.apply(params, aux, x[:, :latent_dim], train, condition)
        noise = x[:, latent_dim:] if relaxation == "gumbel" else None
        return _choose(raw, noise, blocks), aux

    return Network(network.init, apply, is_affine=False, convolves=network.convolves)


def _choose(raw: jax.Array, noise: jax.Array | None, blocks: Sequence[Block]) -> jax.Array:
    """Rows (n, D) of logits and numbers to rows of one-hot vectors and numbers."""
    used = 0
    pieces = {}
    for block in blocks:
        piece = raw[:, block.start : block.start + block.width]
        if block.categorical:
            if noise is not None:
                piece = piece + noise[:, used : used + block.width]
                used += block.width
            soft = jax.nn.softmax(piece)
            hard = jax.nn.one_hot(jnp.argmax(piece, axis=1), block.width, dtype=raw.dtype)
            piece = soft + jax.lax.stop_gradient(hard - soft)
        pieces[block.start] = piece
    for block in blocks:
        if block.hides is not None:
            start, width = block.hides
            assert pieces[start].shape[1] == width, "an indicator hides one block"
            pieces[start] = pieces[start] * pieces[block.start][:, :1]
    return jnp.concatenate([pieces[block.start] for block in blocks], axis=1)
