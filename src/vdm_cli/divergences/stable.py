"""Functions that keep their digits where the obvious form loses them."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.nn import softplus


@jax.custom_jvp
def expm1(x: jax.Array) -> jax.Array:
    """e^x - 1 with derivative e^x: JAX's own, expm1 + 1, loses every digit of a small one in float32."""
    return jnp.expm1(x)


@expm1.defjvp
def _expm1_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (tangent,) = primals, tangents
    return jnp.expm1(x), jnp.exp(x) * tangent


def log1mexp(x: jax.Array) -> jax.Array:
    """log(1 - e^-x) for x > 0 (Maechler 2012)."""
    small = x < math.log(2.0)
    near, far = jnp.where(small, x, 1.0), jnp.where(small, 1.0, x)
    return jnp.where(small, jnp.log(-jnp.expm1(-near)), jnp.log1p(-jnp.exp(-far)))


@jax.custom_jvp
def log_softplus(x: jax.Array) -> jax.Array:
    """log log(1 + e^x), whose derivative sigmoid(x) / softplus(x) stays near 1 where both vanish."""
    return jnp.log(softplus(x))


@log_softplus.defjvp
def _log_softplus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (tangent,) = primals, tangents
    value = log_softplus(x)
    return value, jnp.exp(x - softplus(x) - value) * tangent


def jeffreys_conjugate(t: jax.Array) -> jax.Array:
    """f*(t) = W + 1/W + t - 2, W = W0(e^(1-t)): Newton's method for w + log w = 1 - t in log space."""
    target = 1.0 - t
    log_w = jnp.where(target > 1.0, jnp.log(jnp.maximum(target, 1.0)), jnp.minimum(target, 0.0))
    for _ in range(12):
        w = jnp.exp(log_w)
        log_w = log_w - (w + log_w - target) / (w + 1.0)
    w = jnp.exp(log_w)
    return w + jnp.exp(-log_w) + t - 2.0
