"""A network as a pure (init, apply) pair: the only place, with the modules beside it, that knows Flax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

Params = Any  # a pytree of arrays that the optimizer moves
Aux = Any  # every other collection: batch statistics, spectral-norm vectors


@dataclass(frozen=True)
class Network:
    """A generator or critic.

    Attributes:
        init: key -> (params, aux).
        apply: (params, aux, x, train) -> (y, aux): x (n, ...) to y (n, ...); aux changes only in training.
        is_affine: Whether y = b + x A with params ``{"dense": {"kernel": A, "bias": b}}``.
    """

    init: Callable[[jax.Array], tuple[Params, Aux]]
    apply: Callable[[Params, Aux, jax.Array, bool], tuple[jax.Array, Aux]]
    is_affine: bool = False


def from_linen(module: nn.Module, input_shape: tuple[int, ...], *, is_affine: bool = False) -> Network:
    """Wrap a Linen module called as ``module(x, train=...)``.

    Args:
        module: Any module; collections other than ``params`` are carried as aux.
        input_shape: Shape of one input row.
        is_affine: Says that the module is `Affine`.
    """

    def init(key: jax.Array) -> tuple[Params, Aux]:
        variables = dict(module.init(key, jnp.zeros((2, *input_shape)), train=False))
        params = variables.pop("params", {})
        return params, variables

    def apply(params: Params, aux: Aux, x: jax.Array, train: bool) -> tuple[jax.Array, Aux]:
        if not train:
            y: Any = module.apply({"params": params, **aux}, x, train=False)
            return y, aux
        y, updated = module.apply({"params": params, **aux}, x, train=True, mutable=list(aux))
        return y, {name: updated[name] for name in aux}

    return Network(init, apply, is_affine)


def count_parameters(network: Network) -> int:
    """Number of trainable scalars, without allocating any."""
    params, _ = jax.eval_shape(network.init, jax.random.key(0))
    return sum(int(leaf.size) for leaf in jax.tree.leaves(params))
