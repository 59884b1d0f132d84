"""The Wasserstein critic: a baseline to train against, and no f-divergence."""

from __future__ import annotations

from dataclasses import dataclass

import jax

from vdm_cli.divergences.divergence import Elementwise, FDivergence


def _score(v: jax.Array) -> jax.Array:
    return v


@dataclass(frozen=True)
class Wasserstein:
    """T(v) = v, f*(T(v)) = v: the objective E_P[v] - E_Q[v] (Arjovsky, Chintala and Bottou 2017, eq. 2).

    It is the degenerate f that is 0 at u = 1 and infinite elsewhere.  Over critics with Lipschitz constant K
    its supremum is K W_1(P, Q), in units of the network's rows and not nats; without such a constraint it is
    infinite.  K is only roughly known in training, so the value is no estimate of a distance either.
    """

    @property
    def label(self) -> str:
        """The name used in configuration files."""
        return "wasserstein"

    @property
    def training_pair(self) -> tuple[Elementwise, Elementwise]:
        """The pair (T, f* after T) that training differentiates."""
        return _score, _score


Trained = FDivergence | Wasserstein  # what a critic can be trained on
