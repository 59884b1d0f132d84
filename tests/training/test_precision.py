"""bfloat16 is the networks' arithmetic and nothing else's."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.build.experiment import Experiment
from vdm_cli.networks.latent import Latent
from vdm_cli.sampling import generate

Build = Callable[..., Experiment]


def half(build: Build, generator: str = "none", critic: str = "none", **training: object) -> Experiment:
    return build(
        generator={"hidden": [8], "normalization": generator},
        critic={"hidden": [8], "normalization": critic},
        training={"precision": "bfloat16", **training},
    )


@pytest.mark.parametrize("names", [("batch", "spectral"), ("none", "layer")])
@pytest.mark.unoptimized
def test_a_run_keeps_everything_in_float32(build: Build, names: tuple[str, str]) -> None:
    experiment = half(build, *names)
    state = experiment.initial_state()
    shapes = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state)
    after, metrics = experiment.program.advance(state, 20)
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), after) == shapes
    for leaf in jax.tree.leaves((after.generator, after.critic, after.average)):
        assert leaf.dtype in (jnp.float32, jnp.int32)
        assert np.isfinite(leaf).all()
    for name, values in metrics.items():
        assert values.dtype == jnp.float32, name
        assert np.isfinite(values).all(), name


def test_samples_are_float32_with_the_digits_of_bfloat16(build: Build) -> None:
    experiment = half(build)
    state = experiment.initial_state()
    params = jax.tree.map(lambda leaf: leaf[0], state.average)
    network, latent = experiment.players.generator, Latent("normal", 2)
    assert latent == experiment.players.latent
    rows = generate(network, latent, 64, params, {}, jax.random.key(0))
    assert rows.dtype == jnp.float32
    np.testing.assert_array_equal(rows, rows.astype(jnp.bfloat16).astype(jnp.float32))
    full = build(generator={"hidden": [8]}).players.generator
    exact = generate(full, latent, 64, params, {}, jax.random.key(0))
    assert not np.array_equal(rows, exact)
    np.testing.assert_allclose(rows, exact, atol=0.05 * float(jnp.abs(exact).max()))


@pytest.mark.unoptimized
def test_updates_smaller_than_a_digit_of_bfloat16_are_not_lost(build: Build) -> None:
    """At a rate of 1e-6 each of ten updates of Adam moves a weight of order 1 by 1e-6, and they add up."""
    experiment = build(
        training={"precision": "bfloat16"},
        optimizers={"generator": {"learning_rate": 1e-6, "schedule": "constant"}},
    )
    start = experiment.initial_state()
    before = jax.flatten_util.ravel_pytree(jax.device_get(start.generator.params))[0]
    after, _ = experiment.program.advance(start, 10)
    moved = jnp.abs(jax.flatten_util.ravel_pytree(after.generator.params)[0] - before)
    assert 1e-7 < np.median(moved) < 1.1e-5


def test_an_affine_generator_in_bfloat16_claims_no_exact_density(build: Build) -> None:
    assert build(generator={"kind": "affine"}).players.generator.is_affine
    low = build(generator={"kind": "affine"}, training={"precision": "bfloat16"})
    assert not low.players.generator.is_affine
