"""The convolutional critic of images: its slices are convolutions, and texture is what it sees."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.estimation.critic import (
    CriticBudget,
    FitRows,
    Network,
    Params,
    Perceptron,
    ensemble_scores,
    fit_critics,
)
from vdm_cli.estimation.patch_critic import PatchNetwork

Score = Callable[[Params, jax.Array], jax.Array]
SHAPES = [(8, 8, 1), (9, 14, 1), (30, 25, 3)]  # sides that are multiples of a patch, and not


def drawn(network: PatchNetwork, seed: int = 0) -> Params:
    """Weights of which none is zero."""
    params = network.init(np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    return {
        name: jnp.asarray(rng.normal(size=leaf.shape) * 0.3, jnp.float32) for name, leaf in params.items()
    }


def images(network: PatchNetwork, count: int = 3) -> jax.Array:
    size = math.prod(network.shape) + network.beside
    return jnp.asarray(np.random.default_rng(1).normal(size=(count, size)), jnp.float32)


def by_convolutions(network: PatchNetwork, params: Params, x: jax.Array) -> jax.Array:
    """The score by XLA's convolution: of stride = size for patches, 3 and 2 for neighborhoods."""

    def convolve(rows: jax.Array, place: int, size: int, stride: int) -> jax.Array:
        # zeros at the far end, so that windows cover everything
        margins = [(0, (size - length) % stride) for length in rows.shape[1:3]]
        kernel = params[f"w{place}"].reshape(size, size, rows.shape[3], -1)
        found = jax.lax.conv_general_dilated(
            rows, kernel, (stride, stride), margins, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return jax.nn.silu(found + params[f"b{place}"][None, None, None, :])

    side, pixels = network.patch, math.prod(network.shape)
    patches = convolve(x[:, :pixels].reshape(-1, *network.shape), 0, side, side)
    texture = [patches.mean((1, 2)), jnp.sqrt(jnp.square(patches).mean((1, 2)) + 1e-6)]
    places = convolve(patches, 1, 3, 2).reshape(len(x), -1)
    hidden = jax.nn.silu(
        jnp.concatenate([places, *texture, x[:, pixels:]], axis=1) @ params["w2"] + params["b2"][None, :]
    )
    return hidden @ params["out"] + x @ params["skip"] + params["bias"]


@pytest.mark.unoptimized
@pytest.mark.parametrize("shape", SHAPES)
def test_slices_are_convolutions(shape: tuple[int, int, int]) -> None:
    """Scores and their slopes in every weight and pixel, so that no pixel is left out."""
    network = PatchNetwork(shape, beside=2)
    params, x = drawn(network), images(network)
    start = network.init(np.random.default_rng(0))
    np.testing.assert_array_equal(start["out"], 0.0)  # as skip and bias: scores 0

    def slopes(score: Score) -> Callable[[Params, jax.Array], object]:
        return jax.value_and_grad(lambda params, x: jnp.sum(score(params, x) ** 2), argnums=(0, 1))

    @jax.jit
    def both(params: Params, x: jax.Array) -> tuple[object, object]:
        return slopes(network.score)(params, x), slopes(partial(by_convolutions, network))(params, x)

    found, expected = both(params, x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3), found, expected)
    assert np.all(np.asarray(expected[1][1]) != 0.0)


@pytest.mark.unoptimized
def test_members_together_score_as_each_alone() -> None:
    network = PatchNetwork((8, 8, 1))
    members = [drawn(network, seed) for seed in range(3)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
    together = jax.jit(jax.vmap(network.score, in_axes=(0, None)))(stacked, images(network))
    score = jax.jit(network.score)
    alone = [score(params, images(network)) for params in members]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)


def js_bound(network: Network, p: np.ndarray, q: np.ndarray) -> float:
    """Of one member after 200 steps, on the second half of the rows."""
    half = len(p) // 2
    train, valid = jnp.arange(half - 100)[None, None], jnp.arange(half - 100, half)[None, None]
    rows = FitRows(jnp.asarray(p)[None], jnp.asarray(q)[None], train, train, valid, valid)
    budget = CriticBudget(members=1, batch=64, period=50, periods=4)
    params = jax.tree.map(lambda leaf: leaf[0], fit_critics(rows, network=network, budget=budget, seed=0))
    v_p, v_q = (ensemble_scores(network, params, side[half:]) for side in (p, q))
    return float(np.log(2.0) - 0.5 * np.mean(np.logaddexp(0, -v_p)) - 0.5 * np.mean(np.logaddexp(0, v_q)))


def test_texture_is_seen_where_a_perceptron_sees_nothing() -> None:
    """Signs at random against signs that agree with their right neighbor in 3 of 4 pairs: equal marginals."""
    rng = np.random.default_rng(0)
    p, q = rng.choice([-1.0, 1.0], (2, 1_200, 16, 16)).astype(np.float32)
    q[:, :, 1::2] = q[:, :, ::2] * np.where(rng.random((1_200, 16, 8)) < 0.75, 1.0, -1.0)
    p, q = p.reshape(1_200, -1), q.reshape(1_200, -1)
    assert js_bound(PatchNetwork((16, 16, 1)), p, q) > 0.5
    assert js_bound(Perceptron(256, 32), p, q) < 0.1
