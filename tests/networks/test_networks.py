from __future__ import annotations

from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from vdm_cli.config.networks import Activation
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.constant import Constant
from vdm_cli.networks.fourier import FourierFeatures
from vdm_cli.networks.latent import BITS, Latent
from vdm_cli.networks.mlp import ACTIVATIONS, Mlp
from vdm_cli.networks.network import Network, count_parameters, from_linen

pytestmark = pytest.mark.unoptimized

ROWS, DIM, WIDTH = 6, 3, 8


def rows(seed: int = 0, count: int = ROWS) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), (count, DIM))


def init(network: Network, seed: int = 0) -> tuple[Any, Any]:
    return jax.jit(network.init)(jax.random.key(seed))


def apply(
    network: Network, params: Any, aux: Any, x: jax.Array, train: bool = False
) -> tuple[jax.Array, Any]:
    return jax.jit(network.apply, static_argnums=3)(params, aux, x, train)


def equal(a: Any, b: Any) -> bool:
    return jax.tree.all(jax.tree.map(lambda x, y: bool(np.array_equal(x, y)), a, b))


def trained(network: Network, params: Any, aux: Any, calls: int) -> Any:
    """What is left of aux after some calls in training."""
    step = jax.jit(lambda aux: network.apply(params, aux, 3.0 + 2.0 * rows(), True)[1])
    for _ in range(calls):
        aux = step(aux)
    return aux


def train_calls(network: Network, calls: int) -> tuple[Any, Any]:
    params, aux = init(network, 1)
    return params, trained(network, params, aux, calls)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3)])
@pytest.mark.parametrize("kind", ["affine", "mlp"])
def test_a_network_maps_n_rows_to_n_rows_of_its_shape(kind: str, shape: tuple[int, ...]) -> None:
    network = from_linen(Affine(shape) if kind == "affine" else Mlp(shape, (WIDTH,)), (DIM,))
    params, aux = init(network, 0)
    y, _ = apply(network, params, aux, rows())
    assert y.shape == (ROWS, *shape)
    assert y.dtype == jnp.float32


def test_a_network_reads_rows_of_any_shape() -> None:
    network = from_linen(Mlp((), (WIDTH,)), (2, 3, 1))
    params, aux = init(network, 0)
    y, _ = apply(network, params, aux, jnp.ones((ROWS, 2, 3, 1)), True)
    assert y.shape == (ROWS,)


def test_the_affine_network_is_its_kernel_and_bias() -> None:
    network = from_linen(Affine((2,)), (DIM,), is_affine=True)
    params, aux = init(network, 0)
    params = {"dense": {"kernel": params["dense"]["kernel"], "bias": jnp.array([5.0, -7.0])}}
    y, _ = apply(network, params, aux, rows())
    expected = np.asarray(rows()) @ np.asarray(params["dense"]["kernel"]) + np.array([5.0, -7.0])
    np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_the_affine_kernel_starts_with_orthonormal_columns() -> None:
    params, _ = init(from_linen(Affine((2,)), (DIM,)), 3)
    kernel = np.asarray(params["dense"]["kernel"])
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(2), atol=1e-5)


def test_the_constant_critic_gives_one_number() -> None:
    network = from_linen(Constant(), (DIM,))
    params, aux = init(network, 0)
    y, _ = apply(network, {"value": params["value"] + 0.3}, aux, rows(), True)
    assert y.shape == (ROWS,)
    np.testing.assert_array_equal(y, np.full(ROWS, 0.3, np.float32))


def test_the_configuration_offers_exactly_the_activations_there_are() -> None:
    assert set(get_args(Activation)) == set(ACTIVATIONS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_acts_on_the_hidden_layer(activation: str) -> None:
    """One hidden layer by hand, with the activation written out in NumPy."""
    expected = {
        "relu": lambda x: np.maximum(x, 0.0),
        "leaky_relu": lambda x: np.where(x > 0.0, x, 0.2 * x),
        "elu": lambda x: np.where(x > 0.0, x, np.expm1(x)),
        "gelu": lambda x: 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3))),
        "silu": lambda x: x / (1.0 + np.exp(-x)),
        "softplus": lambda x: np.log1p(np.exp(x)),
        "tanh": np.tanh,
    }[activation]
    network = from_linen(Mlp((2,), (WIDTH,), activation), (DIM,))
    params, aux = init(network, 0)
    y, _ = apply(network, params, aux, rows())
    first, last = (
        {name: np.asarray(value, np.float64) for name, value in params[layer].items()}
        for layer in ("Dense_0", "Dense_1")
    )
    hidden = expected(np.asarray(rows(), np.float64) @ first["kernel"] + first["bias"])
    np.testing.assert_allclose(y, hidden @ last["kernel"] + last["bias"], atol=1e-5)


@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "spectral"])
def test_evaluation_of_a_row_does_not_depend_on_the_other_rows(normalization: str) -> None:
    network = from_linen(Mlp((2,), (WIDTH,), normalization=normalization), (DIM,))
    params, aux = train_calls(network, 3)
    evaluate = jax.jit(lambda x: network.apply(params, aux, x, False)[0])
    x = rows()
    others = x.at[1:].set(100.0)
    np.testing.assert_array_equal(evaluate(x)[0], evaluate(others)[0])


@pytest.mark.parametrize(
    ("normalization", "changes"), [("none", 0), ("batch", 1), ("layer", 0), ("spectral", 1)]
)
def test_aux_changes_only_in_training(normalization: str, changes: bool) -> None:
    network = from_linen(Mlp((2,), (WIDTH,), normalization=normalization), (DIM,))
    params, aux = init(network, 0)
    assert bool(jax.tree.leaves(aux)) == bool(changes)
    _, evaluated = apply(network, params, aux, rows())
    assert equal(aux, evaluated)
    _, trained = apply(network, params, aux, rows(), True)
    assert jax.tree.structure(aux) == jax.tree.structure(trained)
    assert equal(aux, trained) != bool(changes)


def test_batch_normalization_uses_the_batch_in_training_and_running_statistics_in_evaluation() -> None:
    network = from_linen(Mlp((), (WIDTH,), "tanh", "batch"), (DIM,))
    params, aux = init(network, 0)
    x = rows()
    y, _ = apply(network, params, aux, x, True)
    moved, _ = apply(network, params, aux, 5.0 + 3.0 * x, True)
    # invariant up to the epsilon in the variance, 1e-5 of a variance of about 1/3
    np.testing.assert_allclose(y, moved, atol=1e-3)
    frozen, _ = apply(network, params, aux, 5.0 + 3.0 * x)
    assert float(jnp.abs(frozen - moved).max()) > 0.1


def test_layer_normalization_is_invariant_to_the_scale_of_a_row() -> None:
    network = from_linen(Mlp((), (WIDTH,), "tanh", "layer"), (DIM,))
    params, aux = init(network, 0)  # biases start at zero, so the layer is homogeneous
    y, _ = apply(network, params, aux, 10.0 * rows())
    scaled, _ = apply(network, params, aux, 1000.0 * rows())
    np.testing.assert_allclose(y, scaled, atol=1e-3)


def test_spectral_normalization_brings_every_largest_singular_value_to_one() -> None:
    network = from_linen(Mlp((2,), (WIDTH, WIDTH), normalization="spectral"), (DIM,))
    before, _ = init(network, 1)
    params, aux = train_calls(network, 60)
    assert equal(before, params)
    stats = aux["batch_stats"]
    assert len(stats) == len(params) == 3
    for index in range(3):
        kernel = np.asarray(params[f"Dense_{index}"]["kernel"], np.float64)
        sigma = float(stats[f"SpectralNorm_{index}"][f"Dense_{index}/kernel/sigma"])
        assert np.linalg.norm(kernel / sigma, 2) == pytest.approx(1.0, rel=0.01)
        assert not np.isclose(np.linalg.norm(kernel, 2), 1.0, rtol=0.01)


def test_a_spectrally_normalized_relu_critic_is_one_lipschitz() -> None:
    network = from_linen(Mlp((), (WIDTH, WIDTH), normalization="spectral"), (DIM,))
    params, aux = train_calls(network, 60)
    params = jax.tree.map(lambda leaf: 50.0 * leaf, params)
    aux = trained(network, params, aux, 60)
    slope = jax.grad(lambda x: network.apply(params, aux, x[None], False)[0][0])
    slopes = jax.jit(jax.vmap(slope))(rows(count=100))
    assert float(jnp.linalg.norm(slopes, axis=1).max()) <= 1.01


def test_a_tanh_output_stays_within_its_range_and_a_linear_one_does_not() -> None:
    outputs = {}
    for output in ("linear", "tanh"):
        network = from_linen(Mlp((2,), (WIDTH,), output=output), (DIM,))
        params, aux = init(network, 0)
        outputs[output], _ = apply(network, params, aux, 20.0 * rows(count=100))
    assert float(jnp.abs(outputs["linear"]).max()) > 1.0
    assert float(jnp.abs(outputs["tanh"]).max()) <= 1.0
    np.testing.assert_allclose(outputs["tanh"], jnp.tanh(outputs["linear"]), atol=1e-5)


@pytest.mark.parametrize(
    ("module", "count"),
    [
        (Constant(), 1),
        (Affine(()), DIM + 1),
        (Affine((2, 2)), 4 * DIM + 4),
        (Mlp((), (8, 5)), (3 * 8 + 8) + (8 * 5 + 5) + (5 + 1)),
        (Mlp((2,), (8,), normalization="spectral"), (3 * 8 + 8) + (8 * 2 + 2)),
        (Mlp((2,), (8,), normalization="batch"), (3 * 8 + 8) + 2 * 8 + (8 * 2 + 2)),
    ],
)
def test_parameters_are_counted_without_statistics(module: object, count: int) -> None:
    assert count_parameters(from_linen(module, (DIM,))) == count


@pytest.mark.parametrize(("kind", "variance", "fourth"), [("normal", 1.0, 3.0), ("uniform", 1 / 3, 1 / 5)])
def test_the_latent_has_the_moments_of_its_law(kind: str, variance: float, fourth: float) -> None:
    """Mean, variance and correlations within 4.5 standard errors: 14 comparisons in all."""
    count, dim = 20_000, 3
    z = np.asarray(Latent(kind, dim).sample(jax.random.key(5), count), np.float64)
    assert z.shape == (count, dim)
    assert np.abs(z.mean(axis=0)).max() < 4.5 * np.sqrt(variance / count)
    assert np.abs((z**2).mean(axis=0) - variance).max() < 4.5 * np.sqrt((fourth - variance**2) / count)
    products = (z.T @ z / count)[np.triu_indices(dim, 1)]
    assert np.abs(products).max() < 4.5 * variance / np.sqrt(count)


def test_the_uniform_latent_fills_minus_one_to_one() -> None:
    z = np.asarray(Latent("uniform", 2).sample(jax.random.key(0), 5_000))
    assert z.min() >= -1.0
    assert z.max() < 1.0
    # P(no draw of 10,000 in the outer 0.2 percent on one side) = 0.999^10000 = 5e-5
    assert z.min() < -0.998
    assert z.max() > 0.998


def test_fourier_features_stand_behind_the_rows_and_are_kept_as_they_were_drawn() -> None:
    module = FourierFeatures(500, 64.0)
    features, aux = module.init_with_output(jax.random.key(0), rows())
    (frequencies,) = jax.tree.leaves(aux)
    assert features.shape == (ROWS, DIM + 2 * 500)
    np.testing.assert_array_equal(features[:, :DIM], rows())
    angles = np.asarray(rows(), np.float64) @ np.asarray(frequencies, np.float64)
    np.testing.assert_allclose(features[:, DIM : DIM + 500], np.sin(angles), atol=1e-4)
    np.testing.assert_allclose(features[:, DIM + 500 :], np.cos(angles), atol=1e-4)
    norms = np.linalg.norm(frequencies, axis=0)
    assert (norms.min() >= 0.499) & (norms.max() <= 64.1)
    assert np.median(norms) == pytest.approx((0.5 * 64.0) ** 0.5, rel=0.3)  # log-uniform


def test_a_critic_with_fourier_features_trains_its_weights_and_not_its_frequencies() -> None:
    network = from_linen(Mlp((), (WIDTH,), fourier=(4, 8.0)), (DIM,))
    params, aux = init(network)
    assert params["Dense_0"]["kernel"].shape == (DIM + 2 * 4, WIDTH)
    assert [leaf.shape for leaf in jax.tree.leaves(aux)] == [(DIM, 4)]
    assert equal(trained(network, params, aux, 2), aux)
    other = init(network, 1)[1]
    assert not equal(other, aux)
    assert count_parameters(network) == (DIM + 8) * WIDTH + WIDTH + WIDTH + 1


def test_fourier_features_of_a_conditional_critic_are_of_the_rows_alone() -> None:
    network = from_linen(Mlp((), (WIDTH,), fourier=(4, 8.0)), (DIM,), condition_dim=2)
    params, aux = init(network)
    assert params["Dense_0"]["kernel"].shape == (DIM + 2 * 4 + 2, WIDTH)
    assert jax.tree.leaves(aux)[0].shape == (DIM, 4)


@pytest.mark.parametrize("kind", ["normal", "uniform"])
@pytest.mark.parametrize(("count", "dim"), [(256, 1), (256, 2), (100, 5)])
def test_a_sobol_batch_has_the_law_of_independent_draws_and_means_that_vary_less(
    kind: Any, count: int, dim: int
) -> None:
    latent = Latent(kind, dim, draws="sobol")
    batch = jax.jit(jax.vmap(lambda key: latent.batch(key, count)))
    draws = np.asarray(batch(jax.random.split(jax.random.key(0), 400)), np.float64)
    assert draws.shape == (400, count, dim)
    cdf = scipy.stats.norm.cdf if kind == "normal" else lambda z: 0.5 * (z + 1.0)
    for row in (0, count // 2, count - 1):  # each row by itself, over batches
        assert scipy.stats.kstest(cdf(draws[:, row, 0]), "uniform").pvalue > 1e-3
    spread = {"normal": 1.0, "uniform": 3.0**-0.5}[kind]
    means = draws.mean(axis=1)
    assert np.abs(means.mean(axis=0)).max() < 4.0 * spread / (400 * count) ** 0.5
    assert means.std(axis=0).max() < 0.4 * spread / count**0.5


def test_a_sobol_batch_is_finite_at_its_ends_and_another_one_for_another_key() -> None:
    ends = np.array([0, 2**BITS - 1], np.uint32)
    uniform = (jnp.asarray(ends).astype(jnp.float32) + 0.5) * 2.0**-BITS
    assert 0.0 < float(uniform[0]) < float(uniform[1]) < 1.0
    assert np.isfinite(jax.scipy.special.ndtri(uniform)).all()
    latent = Latent("normal", 2, draws="sobol")
    first, second = (latent.batch(jax.random.key(seed), 64) for seed in (0, 1))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, latent.batch(jax.random.key(0), 64))


def test_gumbel_noise_of_a_sobol_batch_is_independent_of_it() -> None:
    drawn = np.asarray(Latent("normal", 2, noise=3, draws="sobol").batch(jax.random.key(0), 4096))
    assert drawn.shape == (4096, 5)
    assert drawn[:, 2:].mean() == pytest.approx(np.euler_gamma, abs=0.05)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 0.06


def test_independent_batches_are_samples() -> None:
    latent = Latent("normal", 2)
    np.testing.assert_array_equal(latent.batch(jax.random.key(0), 9), latent.sample(jax.random.key(0), 9))
