from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.data.block import Block
from vdm_cli.networks.categories import noise_dim, with_categories
from vdm_cli.networks.latent import Latent
from vdm_cli.networks.network import Network

pytestmark = pytest.mark.unoptimized

BLOCKS = (
    Block(0, 1, categorical=False),
    Block(1, 3, categorical=True),
    Block(4, 1, categorical=False),
    Block(5, 2, categorical=True, hides=(4, 1)),
)
PROBABILITIES = np.array([0.6, 0.3, 0.1])


def raw_outputs() -> Network:
    """A generator whose outputs are its params, whatever z."""

    def apply(params, aux, x, train, condition=None):  # type: ignore[no-untyped-def]
        del train, condition
        return jnp.broadcast_to(params[None], (len(x), *params.shape)) + 0.0 * x[:, :1], aux

    return Network(lambda key: (jnp.zeros(7), {}), apply)


def generate(params: jax.Array, relaxation: str, count: int = 20_000) -> np.ndarray:
    network = with_categories(raw_outputs(), 2, BLOCKS, relaxation)  # type: ignore[arg-type]
    latent = Latent("normal", 2, noise_dim(BLOCKS, relaxation))  # type: ignore[arg-type]
    rows, _ = jax.jit(lambda p, z: network.apply(p, {}, z, True))(
        params, latent.sample(jax.random.key(0), count)
    )
    return np.asarray(rows)


def logits() -> jax.Array:
    present = np.log([0.75, 0.25])
    return jnp.asarray([2.0, *np.log(PROBABILITIES), 5.0, *present], jnp.float32)


@pytest.mark.parametrize("relaxation", ["gumbel", "straight_through"])
def test_categories_are_one_hot_and_numbers_pass(relaxation: str) -> None:
    rows = generate(logits(), relaxation, 500)
    for start, width in ((1, 3), (5, 2)):
        block = rows[:, start : start + width]
        np.testing.assert_allclose(np.sort(block, axis=1)[:, -1], 1.0, atol=1e-6)
        np.testing.assert_allclose(block.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(rows[:, 0], 2.0)


def test_gumbel_noise_draws_by_the_softmax_of_the_logits() -> None:
    rows = generate(logits(), "gumbel")
    error = np.sqrt(PROBABILITIES * (1 - PROBABILITIES) / len(rows))
    assert np.all(np.abs(rows[:, 1:4].round().mean(axis=0) - PROBABILITIES) < 4 * error)


def test_straight_through_takes_the_likeliest_category() -> None:
    np.testing.assert_allclose(generate(logits(), "straight_through", 50)[:, 1], 1.0, atol=1e-6)


def test_a_blank_hides_its_number() -> None:
    rows = generate(logits(), "gumbel")
    blank = rows[:, 6] > 0.5
    assert 0.2 < blank.mean() < 0.3
    np.testing.assert_allclose(rows[blank, 4], 0.0, atol=1e-5)
    np.testing.assert_allclose(rows[~blank, 4], 5.0, atol=1e-5)


@pytest.mark.parametrize("relaxation", ["gumbel", "straight_through"])
def test_gradients_reach_the_logits(relaxation: str) -> None:
    network = with_categories(raw_outputs(), 2, BLOCKS, relaxation)  # type: ignore[arg-type]
    z = Latent("normal", 2, noise_dim(BLOCKS, relaxation)).sample(jax.random.key(1), 64)  # type: ignore[arg-type]
    value = jax.grad(lambda params: jnp.mean(network.apply(params, {}, z, True)[0][:, 1]))(logits())
    assert value[1] > 0.05
    assert value[2] < 0
    assert value[3] < 0
    assert np.isfinite(value).all()


def test_noise_comes_after_z_and_only_where_it_is_wanted() -> None:
    assert noise_dim(BLOCKS, "gumbel") == 5
    assert noise_dim(BLOCKS, "straight_through") == 0
    drawn = Latent("uniform", 3, noise=4).sample(jax.random.key(0), 5_000)
    assert drawn.shape == (5_000, 7)
    assert np.abs(drawn[:, :3]).max() <= 1
    # the mean of a Gumbel draw is Euler's constant, its standard deviation pi / sqrt 6
    assert np.mean(drawn[:, 3:]) == pytest.approx(np.euler_gamma, abs=4 * 1.283 / np.sqrt(4 * 5_000))
