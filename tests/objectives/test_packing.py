"""Packs: which rows they hold, and how."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from vdm_cli.data.source import Batch
from vdm_cli.objectives.packing import pack, packed_shape


def test_vectors_are_laid_end_to_end() -> None:
    x = jnp.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(pack(x, 3), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert packed_shape((2,), 3) == (6,)


def test_images_are_stacked_as_channels() -> None:
    images = jax.random.normal(jax.random.key(0), (4, 5, 7, 3))
    packed = pack(images, 2)
    assert packed.shape == (2, *packed_shape((5, 7, 3), 2)) == (2, 5, 7, 6)
    for first, second, both in zip(images[::2], images[1::2], packed, strict=True):
        np.testing.assert_array_equal(both, np.concatenate([first, second], axis=-1))


def test_conditions_are_joined_with_their_rows() -> None:
    batch = pack(Batch(jnp.arange(8.0).reshape(4, 2), jnp.array([[1.0], [2.0], [3.0], [4.0]])), 2)
    np.testing.assert_array_equal(batch.condition, [[1, 2], [3, 4]])
    assert batch.x.shape == (2, 4)
    assert pack(Batch(jnp.zeros((4, 2))), 2).condition is None


def test_a_pack_of_one_is_the_row_itself() -> None:
    x = jnp.ones((3, 2))
    assert pack(x, 1) is x
