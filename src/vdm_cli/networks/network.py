"""A network as a pure (init, apply) pair: the only place, with the modules beside it, that knows Flax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import flax.linen as nn
import jax
import jax.numpy as jnp

Params = Any  # a pytree of arrays that the optimizer moves
Aux = Any  # every other collection: batch statistics, spectral-norm vectors


class Apply(Protocol):
    """A network's forward pass."""

    def __call__(
        self, params: Params, aux: Aux, x: jax.Array, train: bool, condition: jax.Array | None = None
    ) -> tuple[jax.Array, Aux]:
        """Map x (n, ...), given condition (n, k) where the network is conditional, to (y (n, ...), aux)."""


@dataclass(frozen=True)
class Network:
    """A generator or critic.

    Attributes:
        init: key -> (params, aux).
        apply: (params, aux, x, train, condition) -> (y, aux); aux changes only in training.
        is_affine: Whether y = b + x A with params ``{"dense": {"kernel": A, "bias": b}}``.
        convolves: Whether it has convolutions, which are slow inside `jax.lax.scan` on a CPU.
    """

    init: Callable[[jax.Array], tuple[Params, Aux]]
    apply: Apply
    is_affine: bool = False
    convolves: bool = False


def from_linen(
    module: nn.Module,
    input_shape: tuple[int, ...],
    condition_dim: int = 0,
    *,
    is_affine: bool = False,
    convolves: bool = False,
) -> Network:
    """Wrap a Linen module called as ``module(x, train=...)``, or ``module(x, train=..., condition=c)``.

    Args:
        module: Any module; collections other than ``params`` are carried as aux.
        input_shape: Shape of one input row.
        condition_dim: Numbers in a row of the condition; 0 for a module that takes none.
        is_affine: Says that the module is `Affine`.
        convolves: Says that the module has convolutions.
    """

    def given(condition: jax.Array | None) -> dict[str, Any]:
        return {} if condition is None else {"condition": condition}

    def init(key: jax.Array) -> tuple[Params, Aux]:
        condition = jnp.zeros((2, condition_dim)) if condition_dim else None
        variables = dict(module.init(key, jnp.zeros((2, *input_shape)), train=False, **given(condition)))
        params = variables.pop("params", {})
        return params, variables

    def apply(
        params: Params, aux: Aux, x: jax.Array, train: bool, condition: jax.Array | None = None
    ) -> tuple[jax.Array, Aux]:
        variables = {"params": params, **aux}
        if not train:
            y: Any = module.apply(variables, x, train=False, **given(condition))
            return y, aux
        y, updated = module.apply(variables, x, train=True, mutable=list(aux), **given(condition))
        return y, {name: updated[name] for name in aux}

    return Network(init, apply, is_affine, convolves)


def in_bfloat16(network: Network) -> Network:
    """The same network computing in bfloat16, from params and rows in float32 to rows in float32.

    Optimizers see float32 params and gradients, and batch statistics stay in float32: an update, small beside
    what it is added to, would vanish in eight bits (Micikevicius et al. 2018, section 3.1).
    """

    def apply(
        params: Params, aux: Aux, x: jax.Array, train: bool, condition: jax.Array | None = None
    ) -> tuple[jax.Array, Aux]:
        params, x, condition = _cast((params, x, condition), jnp.bfloat16)
        return _cast(network.apply(params, aux, x, train, condition), jnp.float32)

    return replace(network, apply=apply, is_affine=False)  # rounded, its samples have no exact density


def _cast(tree: Any, dtype: Any) -> Any:
    """Floating-point leaves in another type."""
    return jax.tree.map(
        lambda leaf: leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf, tree
    )


def count_parameters(network: Network) -> int:
    """Number of trainable scalars, without allocating any."""
    params, _ = jax.eval_shape(network.init, jax.random.key(0))
    return sum(int(leaf.size) for leaf in jax.tree.leaves(params))
