"""Packing: the critic judges several rows at once."""

from __future__ import annotations

from typing import TypeVar

import jax
import jax.numpy as jnp

Rows = TypeVar("Rows")


def pack(rows: Rows, size: int) -> Rows:
    """Join every ``size`` consecutive rows into one (Lin, Khetan, Fanti and Oh 2018, PacGAN, section 3).

    A critic of packs of independent rows bounds D_f(P^m || Q^m), which tells a generator that drops modes
    sooner than D_f(P || Q) does and is not to be compared with it.

    Args:
        rows: Arrays (n, ..., k), n a multiple of ``size``: vectors, images with channels last, conditions.
        size: m; 1 leaves the rows as they are.

    Returns:
        The arrays (n / m, ..., m k): vectors laid end to end, images stacked as channels.
    """
    if size == 1:
        return rows

    def joined(x: jax.Array) -> jax.Array:
        apart = jnp.moveaxis(x.reshape(-1, size, *x.shape[1:]), 1, -2)
        return apart.reshape(*apart.shape[:-2], size * x.shape[-1])

    return jax.tree.map(joined, rows)


def packed_shape(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The shape of a pack of rows of ``shape``."""
    return (*shape[:-1], size * shape[-1])
