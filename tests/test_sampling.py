from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.layout import continuous_layout
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.mlp import Mlp
from vdm_cli.networks.network import Network, from_linen
from vdm_cli.sampling import BLOCK, Generator

OFFSET, SCALE = np.array([1000.0, -2.0]), np.array([50.0, 0.01])


def make(network: Network, kind: str = "normal") -> Generator:
    params, aux = jax.jit(network.init)(jax.random.key(2))
    return Generator(
        network, params, aux, Latent(kind, 3), AffineTransform(OFFSET, SCALE), continuous_layout((2,))
    )


@pytest.fixture(scope="module")
def mlp() -> Generator:
    return make(from_linen(Mlp((2,), (8,), normalization="batch"), (3,)))


@pytest.fixture(scope="module")
def affine() -> Generator:
    made = make(from_linen(Affine((2,)), (3,), is_affine=True))
    kernel = np.array([[1.0, 0.5], [0.2, -1.0], [0.0, 0.3]], np.float32)
    return dataclasses.replace(
        made, params={"dense": {"kernel": kernel, "bias": np.array([3.0, -1.0], np.float32)}}
    )


def test_the_first_rows_of_a_longer_draw_are_those_of_a_shorter_one(mlp: Generator) -> None:
    longest = mlp.sample(2 * BLOCK + 7, seed=3)
    assert longest.shape == (2 * BLOCK + 7, 2)
    for count in (1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK):
        np.testing.assert_array_equal(mlp.sample(count, seed=3), longest[:count])


def test_a_seed_gives_the_same_rows_and_another_seed_others(mlp: Generator) -> None:
    np.testing.assert_array_equal(mlp.sample(100, seed=0), mlp.sample(100, seed=0))
    assert not np.any(mlp.sample(100, seed=0) == mlp.sample(100, seed=1))


def test_no_two_blocks_hold_the_same_rows(affine: Generator) -> None:
    rows = affine.sample(3 * BLOCK, seed=0)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_rows_come_block_by_block_when_they_are_asked_for(mlp: Generator) -> None:
    """A draw of 10^12 rows starts at once: no more than a block is ever held."""
    blocks = mlp.blocks(10**12, seed=0)
    assert [len(next(blocks)) for _ in range(2)] == [BLOCK, BLOCK]
    assert [len(block) for block in mlp.blocks(2 * BLOCK + 7, seed=0)] == [BLOCK, BLOCK, 7]


def test_samples_are_in_data_units(affine: Generator) -> None:
    rows = affine.sample(10_000, seed=0)
    in_network_units = (rows - OFFSET) / SCALE
    deviation = np.sqrt(np.array([1.04, 1.34]))
    assert np.abs(in_network_units.mean(axis=0) - [3.0, -1.0]).max() < 4.5 * deviation.max() / 100.0


def test_the_density_of_an_affine_generator_is_that_of_its_samples(affine: Generator) -> None:
    """Mean and covariance within 4.5 standard errors of 100,000 rows."""
    density = affine.density()
    assert density is not None
    count = 100_000
    rows = affine.sample(count, seed=1)
    mean, covariance = density.mean, density.covariance
    variance = np.diag(covariance)
    assert np.all(np.abs(rows.mean(axis=0) - mean) < 4.5 * np.sqrt(variance / count))
    centered = rows - mean
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / count)
    assert np.all(np.abs(centered.T @ centered / count - covariance) < 4.5 * error)
    assert abs(covariance[0, 1]) > 20.0 * error[0, 1]


def test_the_density_of_an_affine_generator_by_hand(affine: Generator) -> None:
    density = affine.density()
    assert density is not None
    np.testing.assert_allclose(density.mean, OFFSET + SCALE * [3.0, -1.0])
    expected = np.array([[1.04, 0.3], [0.3, 1.34]]) * np.outer(SCALE, SCALE)
    np.testing.assert_allclose(density.covariance, expected, rtol=1e-6)


def test_units_that_differ_widely_do_not_hide_the_density(affine: Generator) -> None:
    units = AffineTransform(np.zeros(2), np.array([1e-7, 1e7]))
    density = dataclasses.replace(affine, transform=units).density()
    assert density is not None
    np.testing.assert_allclose(np.diag(density.covariance), [1.04e-14, 1.34e14], rtol=1e-6)


def test_rounding_or_clipping_hides_the_density_unless_they_are_off(affine: Generator) -> None:
    layout = affine.layout
    rounded = dataclasses.replace(affine, layout=dataclasses.replace(layout, decimals=(None, 2)))
    whole = dataclasses.replace(affine, layout=dataclasses.replace(layout, integer=(True, False)))
    clipped = dataclasses.replace(affine, layout=dataclasses.replace(layout, maximum=(np.inf, 5.0)))
    for generator, off in (
        (rounded, {"round": False}),
        (whole, {"round": False}),
        (clipped, {"clip": False}),
    ):
        assert generator.density() is None
        assert dataclasses.replace(generator, **off).density() is not None


def test_other_generators_have_no_known_density(mlp: Generator, affine: Generator) -> None:
    assert mlp.density() is None
    assert dataclasses.replace(affine, latent=Latent("uniform", 3)).density() is None


@pytest.mark.parametrize("kernel", [np.zeros((3, 2)), np.array([[1.0, 2.0], [2.0, 4.0], [0.1, 0.2]])])
def test_a_singular_map_has_no_density(affine: Generator, kernel: np.ndarray) -> None:
    bias = np.zeros(2, np.float32)
    params = {"dense": {"kernel": kernel.astype(np.float32), "bias": bias}}
    assert dataclasses.replace(affine, params=params).density() is None


def test_a_latent_smaller_than_a_row_has_no_density() -> None:
    network = from_linen(Affine((2,)), (1,), is_affine=True)
    assert dataclasses.replace(make(network), latent=Latent("normal", 1)).density() is None
