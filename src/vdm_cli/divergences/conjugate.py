r"""Convex conjugates by computation, for any f, and back again: f -> f* -> f**.

    f*(t) = sup_{u>0} u t - f(u) = sup_v S(v) + e^v (t - T(v)),   T(v) = f'(e^v),   S(v) = e^v T(v) - f(e^v)

(Rockafellar 1970, section 12.)  The second form needs the stable pair (T, S) alone, and no f.  It is
stationary in v at the maximum, so an error in v costs only its square in the value.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from vdm_cli.divergences.divergence import Elementwise, FDivergence


def numeric_conjugate(
    witness: Elementwise, witness_conjugate: Elementwise, score_limit: float
) -> Elementwise:
    r"""t -> f*(t) from the pair (T, f* after T): bisection of the monotone equation T(v) = t.

    The result keeps shape and dtype, can be compiled and mapped, and is differentiable with
    f*'(t) = u* = e^(v*) and f*''(t) = e^(v*) / T'(v*), the latter 0 where T is flat or jumps.

    Args:
        witness: v -> T(v), non-decreasing; it may jump, where f has a kink.
        witness_conjugate: v -> f*(T(v)).
        score_limit: Scores are searched in [-score_limit, score_limit], where the pair must be right.

    Returns:
        A function that gives, for t

        * in [T(-limit), T(limit)]: f*(t), as exact as the pair and t's own rounding allow;
        * below: f*'s limit -f(0+), where f* after T has reached it to 1e-7 (or to the dtype's precision),
          otherwise nan;
        * above: nan up to sup T = f'(inf), which is extrapolated, and inf beyond; nan where T grows on.

        nan says that t is out of reach of the scores searched, not that f* has no value there.

    Example:
        >>> from vdm_cli.divergences.catalog import KL
        >>> t = jax.numpy.float32(1.0)
        >>> float(numeric_conjugate(KL.witness, KL.witness_conjugate, 60.0)(t))  # e^(t-1)
        1.0
    """

    @jax.custom_jvp
    def maximizer(t: jax.Array) -> jax.Array:
        """v*, the smallest score with T(v) >= t."""

        def halve(_: int, bracket: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            low, high = bracket
            middle = 0.5 * (low + high)
            short = witness(middle) < t
            return jnp.where(short, middle, low), jnp.where(short, high, middle)

        ends = jnp.full_like(t, -score_limit), jnp.full_like(t, score_limit)
        return jax.lax.fori_loop(0, _halvings(t.dtype), halve, ends)[1]

    @maximizer.defjvp
    def maximizer_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        (t,), (tangent,) = primals, tangents
        v = maximizer(t)
        _, slope = jax.jvp(witness, (v,), (jnp.ones_like(v),))
        moves = slope > 0.0
        return v, jnp.where(moves, tangent / jnp.where(moves, slope, 1.0), 0.0)

    @jax.custom_jvp
    def conjugate(t: jax.Array) -> jax.Array:
        v = maximizer(t)
        at_low, settled, at_high, supremum = _ends(witness, witness_conjugate, score_limit, t.dtype)
        inside = witness_conjugate(v) + jnp.exp(v) * (t - witness(v))
        above = jnp.where(t > supremum, jnp.inf, jnp.nan).astype(t.dtype)
        value = jnp.where(t < at_low, settled, jnp.where(t > at_high, above, inside))
        return jnp.where(jnp.isnan(t), t, value)

    @conjugate.defjvp
    def conjugate_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        (t,), (tangent,) = primals, tangents
        at_low, settled, at_high, _ = _ends(witness, witness_conjugate, score_limit, t.dtype)
        flat = 0.0 * settled  # nan where the limit is out of reach
        slope = jnp.where(t < at_low, flat, jnp.where(t > at_high, jnp.nan, jnp.exp(maximizer(t))))
        return conjugate(t), slope * tangent

    return conjugate


def _halvings(dtype: jnp.dtype) -> int:
    """Enough to reduce a bracket of a hundred to the rounding of 1."""
    return 9 - math.floor(math.log2(_rounding(dtype)))


def _rounding(dtype: jnp.dtype) -> float:
    return float(jnp.finfo(dtype).eps)  # type: ignore[no-untyped-call]


def _ends(
    witness: Elementwise, witness_conjugate: Elementwise, limit: float, dtype: jnp.dtype
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """T(-limit); -f(0+) or nan; T(limit); sup T, or inf where T grows on."""
    low = jnp.array([-1.0, -0.875, -0.75], dtype) * limit
    precision = max(1e-7, 4.0 * _rounding(dtype))
    at_low, rising, at_high = witness(low), witness_conjugate(low), witness(-low)
    settled = jnp.abs(rising[1] - rising[0]) <= precision * (1.0 + jnp.abs(rising[0]))
    # increments that shrink at least by half add up to no more than a geometric series (Aitken 1926)
    last, before = at_high[0] - at_high[1], at_high[1] - at_high[2]
    shrinks = last <= 0.5 * before
    rest = jnp.where(last > 0.0, last * last / jnp.where(shrinks & (last > 0.0), before - last, 1.0), 0.0)
    supremum = jnp.where(shrinks, at_high[0] + rest, jnp.inf)
    return at_low[0], jnp.where(settled, rising[0], jnp.nan), at_high[0], supremum


def biconjugate(divergence: FDivergence, conjugate: Elementwise | None = None) -> Elementwise:
    r"""u -> f**(u) = sup_t u t - f*(t), which is f again where f is convex (Fenchel and Moreau).

    The supremum is over t in the range of T, by bisection of f*'(t) = u; f itself is not used.

    Args:
        divergence: Gives the range, T([-V_f, V_f]), and f*.
        conjugate: Another f*, such as a numeric one; the divergence's own where None.

    Returns:
        A function on e^-V_f <= u <= e^V_f that keeps shape and dtype; nan elsewhere.
    """
    star = divergence.conjugate if conjugate is None else conjugate

    def recovered(u: jax.Array) -> jax.Array:
        def halve(_: int, bracket: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            low, high = bracket
            middle = 0.5 * (low + high)
            t = divergence.witness(middle)
            _, slope = jax.jvp(star, (t,), (jnp.ones_like(t),))
            short = slope < u
            return jnp.where(short, middle, low), jnp.where(short, high, middle)

        limit = divergence.score_limit
        ends = jnp.full_like(u, -limit), jnp.full_like(u, limit)
        low, high = jax.lax.fori_loop(0, _halvings(u.dtype), halve, ends)
        values = [u * t - star(t) for t in (divergence.witness(low), divergence.witness(high))]
        return jnp.where(jnp.abs(jnp.log(u)) <= limit, jnp.maximum(*values), jnp.nan)

    return recovered
