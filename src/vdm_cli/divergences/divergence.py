"""One f-divergence as elementwise functions of a critic score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax

from vdm_cli.divergences.formulas import Formulas

Elementwise = Callable[[jax.Array], jax.Array]


@dataclass(frozen=True)
class FDivergence:
    r"""One f-divergence D_f(P || Q) = E_Q[f(p/q)], as elementwise functions.

    The critic returns a score v, an estimate of log p/q.  Estimation and training need only the
    compositions T(v) = f'(e^v) and f*(T(v)) = e^v f'(e^v) - f(e^v); composing f* after T by hand
    overflows for several divergences, whereas the composed form has a stable closed expression.

    Every function keeps shape and dtype and is differentiable on its stated domain.

    Attributes:
        name: The name used in configuration files, e.g. ``"kl"``.
        title: What the name means, with its convention, in one line.
        f: u -> f(u) on (0, inf), convex, in nats.
        witness: v -> T(v) = f'(e^v), non-decreasing in v.
        witness_conjugate: v -> f*(T(v)).
        conjugate: t -> f*(t) on the range of T.
        score_limit: V_f: both are finite, with finite gradients, for |v| <= V_f in float32 and bfloat16.
        curvature: f''(1), or nan where f has a kink at 1; near P = Q, D_f is about f''(1)/2 chi^2.
        supremum: Least upper bound of D_f over all pairs, in nats; ``inf`` if unbounded.
        at_equality: f(1) = D_f(P || P): 0 for every divergence; -log 4 for the GAN objective.
        training_link: Another pair (T, f* after T) to train with, such as total variation's tanh, whose own T
            has no useful gradient; it too gives a lower bound on D_f.
        parameter: The value of the family's parameter, where there is one.
        formulas: The row in text; None for a user's expression, whose text is its name.
        ends: f(0) and lim f(u)/u for u -> inf, where T and f* after T are tabulated and do not tell them;
            None where they are right at v = -inf and inf.
        breakpoints: The u at which f takes another branch, and f' may jump.

    Example:
        >>> from vdm_cli.divergences.catalog import KL
        >>> float(KL.witness(jax.numpy.float32(0.0)))
        1.0
    """

    name: str
    title: str
    f: Elementwise
    witness: Elementwise
    witness_conjugate: Elementwise
    conjugate: Elementwise
    score_limit: float
    curvature: float
    supremum: float
    at_equality: float = 0.0
    training_link: tuple[Elementwise, Elementwise] | None = None
    parameter: float | None = None
    formulas: Formulas | None = None
    ends: tuple[float, float] | None = None
    breakpoints: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The name, with the parameter where there is one: ``alpha:0.5``."""
        if self.parameter is None:
            return self.name
        short = f"{self.parameter:g}"
        return f"{self.name}:{short if float(short) == self.parameter else self.parameter}"

    @property
    def training_pair(self) -> tuple[Elementwise, Elementwise]:
        """The pair (T, f* after T) that training differentiates."""
        return self.training_link or (self.witness, self.witness_conjugate)

    @property
    def bounded(self) -> bool:
        """Whether D_f has a finite supremum."""
        return math.isfinite(self.supremum)
