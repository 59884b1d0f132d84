from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vdm_cli.build.players import build_critic, build_generator
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.errors import UsageError
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.conditioning import EMBEDDING, EmbeddedBeside
from vdm_cli.networks.constant import Constant
from vdm_cli.networks.conv import ConvCritic, ConvGenerator
from vdm_cli.networks.convolution import Double, Halve, double, halve
from vdm_cli.networks.image import Normalize, linear, sizes, widths
from vdm_cli.networks.mlp import Mlp
from vdm_cli.networks.network import Network, from_linen
from vdm_cli.networks.residual import ResidualCritic, ResidualGenerator

pytestmark = pytest.mark.unoptimized

ROWS, LATENT, CLASSES = 4, 5, 3
GENERATORS = {"conv": ConvGenerator, "residual": ResidualGenerator}
CRITICS = {"conv": ConvCritic, "residual": ResidualCritic}


def normal(*shape: int, seed: int = 0) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), shape)


def start(network: Network, seed: int = 0) -> tuple[Any, Any]:
    return jax.jit(network.init)(jax.random.key(seed))


def classes(*numbers: int) -> jax.Array:
    return jax.nn.one_hot(jnp.array(numbers), CLASSES)


# ---- convolutions as products


@pytest.mark.parametrize("sides", [(8, 8), (7, 12), (9, 5)])
def test_halving_is_the_convolution_of_stride_two(sides: tuple[int, int]) -> None:
    x, kernel = normal(2, *sides, 3), normal(4, 4, 3, 2, seed=1)
    padding = [(1, 1 + side % 2) for side in sides]
    expected = jax.lax.conv_general_dilated(
        x, kernel, (2, 2), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    assert expected.shape[1:3] == tuple(-(-side // 2) for side in sides)
    np.testing.assert_allclose(jax.jit(halve)(x, kernel), expected, atol=1e-4)


def test_doubling_is_the_transpose_of_halving() -> None:
    """<halve(x), y> = <x, double(y)> for every x and y, the kernel's channels exchanged."""
    x, y, kernel = normal(2, 8, 6, 3), normal(2, 4, 3, 5, seed=1), normal(4, 4, 3, 5, seed=2)
    up = jax.jit(double)(y, kernel.swapaxes(2, 3))
    assert up.shape == x.shape
    np.testing.assert_allclose(jnp.vdot(jax.jit(halve)(x, kernel), y), jnp.vdot(x, up), rtol=1e-4)


@pytest.mark.parametrize("sides", [(4, 6), (5, 4)])
def test_derivatives_of_both_orders_are_those_of_xla(sides: tuple[int, int]) -> None:
    """Those of a penalty on the slope of a score, in x and in the kernels."""

    def xla_halve(x: jax.Array, kernel: jax.Array) -> jax.Array:
        padding = [(1, 1 + side % 2) for side in x.shape[1:3]]
        return jax.lax.conv_general_dilated(
            x, kernel, (2, 2), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def xla_double(x: jax.Array, kernel: jax.Array) -> jax.Array:
        y = jnp.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2], kernel.shape[3]))
        return jax.vjp(lambda y: xla_halve(y, kernel.swapaxes(2, 3)), y)[1](x)[0]

    def penalty(halve: Any, double: Any) -> Any:
        def score(x: jax.Array, down: jax.Array, up: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(double(jnp.tanh(halve(x, down)), up)))

        def slope(x: jax.Array, down: jax.Array, up: jax.Array) -> jax.Array:
            return jnp.sum(jnp.square(jax.grad(score)(x, down, up))) + score(x, down, up)

        return jax.jit(jax.grad(slope, argnums=(0, 1, 2)))

    arguments = normal(2, *sides, 2), normal(4, 4, 2, 3, seed=1), normal(4, 4, 3, 2, seed=2)
    own, reference = penalty(halve, double)(*arguments), penalty(xla_halve, xla_double)(*arguments)
    for name, mine, theirs in zip(("x", "down", "up"), own, reference, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("layer", [Halve(64), Double(64)])
def test_layers_start_with_the_variance_that_rectifiers_keep(layer: nn.Module) -> None:
    """Outputs away from the border have twice the mean square of the inputs, a rectifier halves it."""
    x = normal(4, 12, 12, 32)
    y = jax.jit(lambda x: layer.apply(layer.init(jax.random.key(1), x), x))(x)[:, 2:-2, 2:-2]
    assert float(jnp.mean(jnp.square(y))) == pytest.approx(2.0, rel=0.15)


# ---- shapes


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        ((8, 8), [(8, 8), (4, 4)]),
        ((28, 28), [(28, 28), (14, 14), (7, 7)]),
        ((32, 32, 3), [(32, 32), (16, 16), (8, 8), (4, 4)]),
        ((64, 40, 3), [(64, 40), (32, 20), (16, 10), (8, 5)]),
        ((9, 9), [(9, 9), (5, 5)]),
    ],
)
def test_sides_are_halved_until_the_shorter_is_at_most_seven(
    shape: tuple[int, ...], sides: list[tuple[int, int]]
) -> None:
    assert sizes(shape) == sides


def test_channels_double_with_each_halving_up_to_eight_times() -> None:
    assert widths(4, 6) == [4, 8, 16, 32, 32, 32]


@pytest.mark.parametrize("kind", ["conv", "residual"])
@pytest.mark.parametrize("shape", [(8, 8), (28, 28, 1), (32, 32, 3), (9, 14)])
def test_networks_of_images_map_rows_to_rows_of_their_shape(kind: str, shape: tuple[int, ...]) -> None:
    generator = from_linen(GENERATORS[kind](shape, 2), (LATENT,))
    critic = from_linen(CRITICS[kind](2), shape)

    def shapes(key: jax.Array) -> Any:
        first, second = jax.random.split(key)
        x, _ = generator.apply(*generator.init(first), jnp.zeros((ROWS, LATENT)), True)
        return x, critic.apply(*critic.init(second), x, True)[0]

    x, scores = jax.eval_shape(shapes, jax.random.key(0))
    assert x.shape == (ROWS, *shape)
    assert scores.shape == (ROWS,)


def test_a_linear_output_leaves_the_range_that_tanh_keeps() -> None:
    z = 30.0 * normal(ROWS, LATENT)
    outputs = {}
    for output in ("linear", "tanh"):
        network = from_linen(ConvGenerator((8, 8), 2, normalization="none", output=output), (LATENT,))
        outputs[output], _ = jax.jit(network.apply, static_argnums=3)(*start(network), z, False)
    assert float(jnp.abs(outputs["linear"]).max()) > 1.0
    np.testing.assert_allclose(outputs["tanh"], jnp.tanh(outputs["linear"]), atol=1e-5)


# ---- normalization


def test_layer_normalization_is_of_each_image_and_batch_normalization_of_each_channel() -> None:
    x = 5.0 + 3.0 * normal(6, 4, 4, 2)
    normalized = {}
    for kind in ("layer", "batch"):
        module = Normalize(kind)
        variables = module.init(jax.random.key(0), x, True)
        normalized[kind] = np.asarray(module.apply(variables, x, True, mutable=["batch_stats"])[0])
    np.testing.assert_allclose(normalized["layer"].mean(axis=(1, 2, 3)), 0.0, atol=1e-4)
    np.testing.assert_allclose(normalized["batch"].mean(axis=(0, 1, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(normalized["batch"].std(axis=(0, 1, 2)), 1.0, atol=1e-3)


class Convolution(nn.Module):
    """One spectrally normalized convolution."""

    stride: int

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        layer = Halve(3) if self.stride == 2 else nn.Conv(3, (3, 3))
        return linear(layer, x, "spectral", train)


@pytest.mark.parametrize(("stride", "windows"), [(2, 2 * 2), (1, 3 * 3)])
def test_a_spectrally_normalized_convolution_stretches_at_most_by_the_root_of_its_overlaps(
    stride: int, windows: int
) -> None:
    """The kernel as a matrix has norm 1; as a linear map of images at most sqrt(windows over a pixel)."""
    network = from_linen(Convolution(stride), (6, 6, 2))
    params, aux = start(network)
    step = jax.jit(lambda aux: network.apply(params, aux, jnp.zeros((1, 6, 6, 2)), True)[1])
    for _ in range(40):
        aux = step(aux)
    ((name, sigma),) = [
        (name, value) for name, value in aux["batch_stats"]["SpectralNorm_0"].items() if "sigma" in name
    ]
    kernel = np.asarray(params[name.split("/")[0]]["kernel"], np.float64)
    assert np.linalg.norm(kernel.reshape(-1, 3), 2) / float(sigma) == pytest.approx(1.0, rel=0.01)
    rows = jax.jit(jax.jacobian(lambda x: network.apply(params, aux, x[None], False)[0].ravel()))
    matrix = rows(jnp.zeros((6, 6, 2)))
    stretch = np.linalg.norm(np.asarray(matrix, np.float64).reshape(-1, 72), 2)
    assert 1.0 < stretch <= 1.01 * np.sqrt(windows)


@pytest.mark.parametrize("kind", ["conv", "residual"])
def test_every_kernel_of_a_spectral_critic_is_normalized(kind: str) -> None:
    network = from_linen(CRITICS[kind](2, normalization="spectral"), (8, 8), CLASSES)
    params, aux = jax.eval_shape(network.init, jax.random.key(0))
    kernels = [path for path, leaf in jax.tree_util.tree_leaves_with_path(params) if leaf.ndim > 1]
    sigmas = [path for path, _ in jax.tree_util.tree_leaves_with_path(aux) if "sigma" in str(path[-1])]
    assert len(kernels) == len(sigmas) > 2


# ---- learning


@pytest.mark.parametrize(
    ("kind", "normalization"), [("conv", "none"), ("conv", "spectral"), ("residual", "none")]
)
def test_gradients_of_a_penalized_game_are_finite_and_reach_every_parameter(
    kind: str, normalization: str
) -> None:
    shape = (8, 8)
    generator = from_linen(GENERATORS[kind](shape, 2), (LATENT,), CLASSES)
    critic = from_linen(CRITICS[kind](2, normalization=normalization), shape, CLASSES)
    condition, z = classes(0, 1, 2, 0), normal(ROWS, LATENT)
    (g, g_aux), (c, c_aux) = start(generator, 1), start(critic, 2)

    def score(c: Any, x: jax.Array) -> jax.Array:
        return critic.apply(c, c_aux, x, True, condition)[0]

    @jax.jit
    def gradients(g: Any, c: Any) -> Any:
        def play(g: Any, c: Any) -> jax.Array:
            x, _ = generator.apply(g, g_aux, z, True, condition)
            slope = jax.grad(lambda x: score(c, x).sum())(x)
            return score(c, x).mean() + jnp.square(slope).sum()

        return jax.grad(play, argnums=(0, 1))(g, c)

    for path, gradient in jax.tree_util.tree_leaves_with_path(gradients(g, c)):
        assert np.isfinite(gradient).all(), path
        before_batch_normalization = kind == "conv" and "Dense_" in str(path) and "bias" in str(path)
        assert before_batch_normalization or np.abs(gradient).max() > 0.0, path


# ---- conditions


@pytest.mark.parametrize("kind", ["affine", "mlp", "conv", "residual"])
def test_generators_and_critics_depend_on_the_condition(kind: str) -> None:
    shape = (8, 8)
    configured = ExperimentConfig.model_validate(
        {
            "data": {"kind": "digits"},
            "generator": {"kind": kind, **_small(kind)},
            "critic": {"kind": kind, **_small(kind)},
        }
    )
    generator = build_generator(configured.generator, shape, LATENT, CLASSES)
    critic = build_critic(configured.critic, shape, CLASSES)
    assert not generator.is_affine
    for network, x in ((generator, normal(1, LATENT)), (critic, normal(1, *shape))):
        run = jax.jit(network.apply, static_argnums=3)
        params, aux = start(network)
        x = jnp.tile(x, (3, *([1] * (x.ndim - 1))))
        y = np.asarray(run(params, aux, x, False, classes(0, 0, 1))[0])
        np.testing.assert_allclose(y[0], y[1], atol=1e-6)
        assert np.abs(y[0] - y[2]).max() > 1e-3


def _small(kind: str) -> dict[str, Any]:
    return {"affine": {}, "mlp": {"hidden": [8]}}.get(kind, {"channels": 2})


def test_the_constant_critic_is_deaf_to_the_condition() -> None:
    network = from_linen(Constant(), (2,), CLASSES)
    scores, _ = network.apply(*start(network), normal(3, 2), True, classes(0, 1, 2))
    np.testing.assert_array_equal(scores, np.zeros(3))


def test_mlp_and_affine_read_the_condition_behind_the_row() -> None:
    x, condition = normal(3, 2, 2), classes(0, 1, 2)
    joined = jnp.concatenate([x.reshape(3, 4), condition], axis=1)
    for module in (Mlp((2,), (8,)), Affine((2,))):
        network = from_linen(module, (2, 2), CLASSES)
        params, aux = start(network)
        expected = module.apply({"params": params}, joined, train=False)
        np.testing.assert_array_equal(network.apply(params, aux, x, False, condition)[0], expected)


def test_a_projection_critic_adds_a_linear_score_of_its_features_for_each_class() -> None:
    """s(x, c) - s(x, 0) = <V c, phi(x)> is linear in c."""
    network = from_linen(ConvCritic(2), (8, 8), CLASSES)
    params, aux = start(network)
    run = jax.jit(lambda c: network.apply(params, aux, jnp.tile(normal(1, 8, 8), (2, 1, 1)), False, c)[0])
    base = run(jnp.zeros((2, CLASSES)))
    first, second = run(classes(0, 0)) - base, run(classes(1, 1)) - base
    mixed = run(2.0 * classes(0, 0) - 3.0 * classes(1, 1)) - base
    assert float(jnp.abs(first - second).min()) > 1e-3
    np.testing.assert_allclose(mixed, 2.0 * first - 3.0 * second, atol=1e-4)


def test_the_embedding_of_a_class_starts_as_loud_as_a_latent() -> None:
    x = EmbeddedBeside().init_with_output(jax.random.key(0), normal(3, LATENT), classes(0, 1, 2))[0]
    assert x.shape == (3, LATENT + EMBEDDING)
    assert float(jnp.std(x[:, LATENT:])) == pytest.approx(1.0, abs=0.3)


# ---- errors


@pytest.mark.parametrize("player", ["generator", "critic"])
@pytest.mark.parametrize("kind", ["conv", "residual"])
@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((784,), r"needs images \(height, width\).* rows have shape \(784,\): use kind: mlp"),
        ((7, 28), r"at least 8 pixels a side, and the rows have shape \(7, 28\)"),
        ((3, 32, 32), r"move the channels last"),
        ((2, 8, 8, 3), r"rows have shape \(2, 8, 8, 3\)"),
    ],
)
def test_rows_that_are_no_images_are_refused(
    player: str, kind: str, shape: tuple[int, ...], reason: str
) -> None:
    config = ExperimentConfig.model_validate({"data": {"kind": "digits"}, player: {"kind": kind}})
    build = {
        "generator": lambda: build_generator(config.generator, shape, LATENT),
        "critic": lambda: build_critic(config.critic, shape),
    }[player]
    with pytest.raises(UsageError, match=rf"{player}.kind: {kind} .*{reason}"):
        build()
