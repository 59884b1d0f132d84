"""Networks that the user wrote herself, in place of the configured ones."""

from __future__ import annotations

import inspect

import flax.linen as nn
import jax
import jax.numpy as jnp

from vdm_cli.errors import UsageError
from vdm_cli.networks.network import Network, from_linen


def from_own(module: nn.Module, takes: tuple[int, ...], condition_dim: int) -> Network:
    """A module of the user's own as a network; whether it convolves is seen in what it computes.

    Args:
        module: Called as ``module(x, train=...)``, with ``condition=...`` where there are conditions.
        takes: Shape of one input row.
        condition_dim: Numbers in a row of the condition; 0 for none.
    """
    network = from_linen(module, takes, condition_dim)
    computed = jax.make_jaxpr(lambda: _rows(network, takes, condition_dim))()
    convolves = "conv_general_dilated" in str(computed)
    return from_linen(module, takes, condition_dim, convolves=convolves)


def require_rows(
    module: nn.Module, takes: tuple[int, ...], gives: tuple[int, ...], condition_dim: int, name: str
) -> None:
    """A module of the user's own must map (n, *takes) to (n, *gives), and take a condition if there is one.

    Raises:
        UsageError: If its rows have another shape, naming both, or it takes no condition.
    """
    if condition_dim and "condition" not in inspect.signature(type(module).__call__).parameters:
        raise UsageError(
            f"{name}= must take condition=, an array (n, {condition_dim}), because data.condition is set"
        )
    network = from_linen(module, takes, condition_dim)
    found = jax.eval_shape(lambda: _rows(network, takes, condition_dim)).shape
    if found != (2, *gives):
        raise UsageError(f"{name}= must map (n, {takes}) to rows of shape {gives}, and gives {found[1:]}")


def _rows(network: Network, takes: tuple[int, ...], condition_dim: int) -> jax.Array:
    """What a freshly initialized network makes of two rows of zeros."""
    params, aux = network.init(jax.random.key(0))
    condition = jnp.zeros((2, condition_dim)) if condition_dim else None
    return network.apply(params, aux, jnp.zeros((2, *takes)), False, condition)[0]
