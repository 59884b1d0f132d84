r"""A critic from two normal laws: exact where they are, and much that rows have in pairs anywhere else.

    v(x) = log N(x; mu_p, S_p) - log N(x; mu_q, S_q),   S_k(a) = (1 - a) S_k + a (S_p + S_q) / 2

Regularized discriminant analysis (Friedman 1989, JASA 84): a = 0 is quadratic, a = 1 linear.  A network needs
many rows to find the d^2 / 2 products of a correlated law; this one has them from the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from vdm_cli.estimation.trees import balanced
from vdm_cli.estimation.witness import Floats

_SHARED = (1.0, 0.5, 0.2, 0.05, 0.01, 0.0)
_VALIDATION_SHARE = 0.15
_RIDGE = 1e-4
_SCORE_BOUND = 30.0
WIDEST = 400  # columns: work grows with their square


@dataclass(frozen=True, eq=False)
class _Moments:
    mean: Floats
    covariance: Floats


@dataclass(frozen=True, eq=False)
class GaussianCritic:
    """v(x) = offset + u'A u + b'u with u = (x - center) in a basis where both covariances are diagonal.

    Attributes:
        center: (d,).
        basis: (d, d).
        mean_p: Of P in the basis, (d,).
        mean_q: Of Q.
        variance_p: (d,), positive.
        variance_q: (d,).
    """

    center: Floats
    basis: Floats
    mean_p: Floats
    mean_q: Floats
    variance_p: Floats
    variance_q: Floats

    def __call__(self, rows: npt.NDArray[np.generic], *, block: int = 65_536) -> Floats:
        """Scores of rows (n, d): (n,), within +-30."""
        out = np.empty(len(rows))
        constant = 0.5 * float(np.sum(np.log(self.variance_q) - np.log(self.variance_p)))
        for start in range(0, len(rows), block):
            centered = rows[start : start + block].astype(np.float64) - self.center
            with threadpool_limits(1):  # the same bits whatever the number of threads
                u = centered @ self.basis
            quadratic = np.square(u - self.mean_q) / self.variance_q
            quadratic -= np.square(u - self.mean_p) / self.variance_p
            out[start : start + block] = constant + 0.5 * quadratic.sum(axis=1)
        return np.clip(out, -_SCORE_BOUND, _SCORE_BOUND)


def fit_gaussian(
    p: npt.NDArray[np.generic],
    q: npt.NDArray[np.generic],
    p_weights: Floats | None = None,
    q_weights: Floats | None = None,
) -> GaussianCritic:
    """Fit both laws, and how much of their covariance they share, on fit rows.

    Args:
        p: Scaled fit rows of P, shape (n, d), in random order: the first ones choose what is shared.
        q: Scaled fit rows of Q, shape (m, d).
        p_weights: Of the rows of P, (n,); None where all count the same.
        q_weights: Of the rows of Q.
    """
    with threadpool_limits(1):
        return _chosen([_parts(p, p_weights), _parts(q, q_weights)])


def _chosen(parts: Sequence[tuple[Floats, Floats, Floats, Floats]]) -> GaussianCritic:
    """The critic of least logistic loss on validation rows."""
    of_p, of_q = (_moments(fit, weights) for fit, weights, _, _ in parts)
    best: tuple[float, GaussianCritic] | None = None
    for shared in _SHARED:
        critic = _critic(of_p, of_q, shared)
        loss = sum(
            float(np.average(np.logaddexp(0.0, -sign * critic(valid)), weights=weights))
            for sign, (_, _, valid, weights) in zip((1.0, -1.0), parts, strict=True)
        )
        if best is None or loss < best[0]:
            best = (loss, critic)
    assert best is not None
    return best[1]


def _parts(rows: npt.NDArray[np.generic], weights: Floats | None) -> tuple[Floats, Floats, Floats, Floats]:
    """Rows and weights to take moments of, and to validate on."""
    values = np.asarray(rows, np.float64)
    valid = max(1, round(_VALIDATION_SHARE * len(values)))
    fit, held = (None, None) if weights is None else (weights[valid:], weights[:valid])
    return values[valid:], balanced(len(values) - valid, fit), values[:valid], balanced(valid, held)


def _moments(rows: Floats, weights: Floats) -> _Moments:
    mean = weights @ rows
    centered = rows - mean
    return _Moments(mean, (centered * weights[:, None]).T @ centered)


def _critic(p: _Moments, q: _Moments, shared: float) -> GaussianCritic:
    pooled = 0.5 * (p.covariance + q.covariance)
    ridge = _RIDGE * max(float(np.mean(np.diagonal(pooled))), 1e-12) * np.eye(len(pooled))
    own = [(1.0 - shared) * side.covariance + shared * pooled + ridge for side in (p, q)]
    # The generalized eigenbasis of the two: there Q's covariance is the identity and P's diagonal.
    variance_p, basis = eigh(own[0], own[1])
    center = 0.5 * (p.mean + q.mean)
    return GaussianCritic(
        center=center,
        basis=basis,
        mean_p=(p.mean - center) @ basis,
        mean_q=(q.mean - center) @ basis,
        variance_p=np.maximum(variance_p, 1e-12),
        variance_q=np.ones(len(basis)),
    )
