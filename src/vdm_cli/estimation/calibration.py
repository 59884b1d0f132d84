"""What is chosen per fold on its calibration rows: how ensembles combine; and the caps of a divergence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.trees import balanced
from vdm_cli.estimation.witness import Floats, witness_pair

# Prior of the weights around their start and of the offset: a few dozen rows must not bend the scores.
_PRIOR_SD = 0.25
# A row may move a mean by 1/20 of a unit at most (MATH: range of T <= n_P / 20, of f* after T <= n_Q / 20).
_ROWS_PER_UNIT = 20.0
_CAPS = np.array([0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 12])
_SCORE_BOUND = 30.0
_CALIBRATING = 50_000  # rows of a side: more tell no more


@dataclass(frozen=True)
class Combination:
    """v = sum_k weights_k v_k + offset, one score from those of several ensembles."""

    weights: Floats
    offset: float

    def __call__(self, v: Floats) -> Floats:
        """Combine scores (n, k) to (n,), within +-30: a row far from all others must not decide a mean."""
        return np.clip(v @ self.weights + self.offset, -_SCORE_BOUND, _SCORE_BOUND)


def fit_combination(
    p: Floats, q: Floats, *, weights: tuple[Floats | None, Floats | None] = (None, None)
) -> Combination:
    r"""How the scores of k critics make one, by the balanced logistic loss on calibration rows (Platt 1999).

    Small samples cannot tell k weights, but they can tell which critics are good for nothing.  For every
    non-empty set of critics the weights are fitted around their plain mean; the sets are averaged by
    exp(-objective), as if each were as likely beforehand (Bayesian model averaging, Hoeting et al. 1999).

    Args:
        p: Scores of calibration rows of P by k critics, shape (n, k).
        q: Scores of calibration rows of Q, shape (m, k).
        weights: Of the rows of P, (n,), and of Q, (m,); None where all of a side count the same.
    """
    effective = len(p) * len(q) / (len(p) + len(q))
    shares = [balanced(len(side), own) for side, own in zip((p, q), weights, strict=True)]
    loss = _Loss(
        np.concatenate([np.concatenate([p, q]), np.ones((len(p) + len(q), 1))], axis=1),
        np.concatenate([np.ones(len(p)), -np.ones(len(q))]),
        effective * np.concatenate(shares),
    )
    count = p.shape[1]
    sets = np.array([[(place >> bit) & 1 for bit in range(count)] for place in range(1, 1 << count)], float)
    fitted = [_fit(loss, np.append(each / each.sum(), 0.0)) for each in sets]
    objective = np.array([value for _, value in fitted])
    share = np.exp(objective.min() - objective)
    theta = (share / share.sum()) @ np.stack([theta for theta, _ in fitted])
    return Combination(theta[:-1], float(theta[-1]))


@dataclass(frozen=True, eq=False)
class _Loss:
    """The weighted logistic loss of design @ theta, whose signs are 1 for rows of P and -1 for those of Q."""

    design: Floats
    sign: Floats
    weight: Floats

    def __call__(self, theta: Floats) -> float:
        return float(np.sum(self.weight * np.logaddexp(0.0, -self.sign * (self.design @ theta))))


def _fit(loss: _Loss, start: Floats, *, steps: int = 30) -> tuple[Floats, float]:
    """Weights and offset of least loss + |theta - start|^2 / (2 sd^2), and that value: Newton, halving."""

    def objective(theta: Floats) -> float:
        return loss(theta) + 0.5 * float(np.sum(np.square(theta - start))) / _PRIOR_SD**2

    theta, value = start, objective(start)
    for _ in range(steps):
        score = loss.design @ theta
        slope = -loss.sign * loss.weight * expit(-loss.sign * score)
        curvature = loss.weight * expit(score) * expit(-score)
        gradient = loss.design.T @ slope + (theta - start) / _PRIOR_SD**2
        hessian = (loss.design * curvature[:, None]).T @ loss.design + np.eye(len(start)) / _PRIOR_SD**2
        move = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6 and objective(theta - size * move) > value:
            size *= 0.5
        if size <= 1e-6:
            break
        theta = theta - size * move
        before, value = value, objective(theta)
        if before - value < 1e-9:
            break
    return theta, value


@dataclass(frozen=True)
class Caps:
    """Scores are clipped to [-low, high] before T and f*(T) are taken; both positive."""

    low: float
    high: float

    def __call__(self, v: Floats) -> Floats:
        """Clip scores of any shape."""
        return np.clip(v, -self.low, self.high)

    def bind(self, v: Floats) -> Floats:
        """Which scores lie beyond a cap: 1.0 or 0.0, shape of v."""
        return ((v < -self.low) | (v > self.high)).astype(np.float64)


def caps_for(
    divergence: FDivergence, n_p: float, n_q: float, *, rows_per_unit: float = _ROWS_PER_UNIT
) -> Caps:
    """Caps that keep the range of T within n_P/20 and that of f*(T) within n_Q/20: no row decides a mean.

    They depend on the numbers of evaluated rows alone.  The low cap gets half of either range first, the
    high cap what is left, and the low cap what is left then.

    Args:
        divergence: Whose T and f* after T are kept in range.
        n_p: Evaluated rows of P; effective ones where they are weighted.
        n_q: Evaluated rows of Q.
        rows_per_unit: Rows for each unit of a range.
    """
    grid = np.linspace(0.0, divergence.score_limit, 2049)

    def reach(direction: float) -> tuple[Floats, Floats]:
        t, s = witness_pair(divergence, direction * grid)
        return np.abs(t - t[0]) * (rows_per_unit / n_p), np.abs(s - s[0]) * (rows_per_unit / n_q)

    def widest(side: tuple[Floats, Floats], room_t: float, room_s: float) -> int:
        # T and f* after T are monotone: the first grid point outside ends the range.  A jump at v = 0
        # (total variation's sign) is no range that a cap could shrink, hence at least 1.
        inside = (side[0] <= room_t) & (side[1] <= room_s)
        return len(grid) - 1 if inside.all() else max(1, int(np.argmin(inside)) - 1)

    below, above = reach(-1.0), reach(1.0)
    low = widest(below, 0.5, 0.5)
    high = widest(above, 1.0 - below[0][low], 1.0 - below[1][low])
    low = max(low, widest(below, 1.0 - above[0][high], 1.0 - above[1][high]))
    return Caps(float(grid[low]), float(grid[high]))


def cap_choices(widest: float) -> Floats:
    """Caps that are tried, in nats of log p/q: up to the widest that the numbers of rows allow."""
    return np.unique(np.append(_CAPS[widest > _CAPS], widest))


def narrowed(
    divergence: FDivergence,
    widest: Caps,
    p: Floats,
    q: Floats,
    weights: tuple[Floats | None, Floats | None] = (None, None),
) -> Caps:
    """The caps, none beyond the widest, whose bound is the largest on calibration rows.

    A score that is too sure of itself costs an unbounded f much and gains little: the end where that
    happens is cut off.  T and f* after T increase, so that clipping scores clips them, and either cap's best
    place is found alone: clip(t, l, h) = max(t, l) + min(t, h) - t.

    Args:
        divergence: Whose bound counts.
        widest: What the numbers of rows allow.
        p: Scores of calibration rows of P, (n,).
        q: Scores of calibration rows of Q, (m,).
        weights: Of these rows; None where all of a side count the same.
    """
    share_p, share_q = (
        balanced(len(side), own)[:_CALIBRATING] for side, own in zip((p, q), weights, strict=True)
    )
    t = witness_pair(divergence, widest(p[:_CALIBRATING]))[0]
    s = witness_pair(divergence, widest(q[:_CALIBRATING]))[1]

    def best(choices: Floats, sign: float, clip: np.ufunc) -> float:
        ends_t, ends_s = witness_pair(divergence, sign * choices)
        gains = [share_p @ clip(t, a) - share_q @ clip(s, b) for a, b in zip(ends_t, ends_s, strict=True)]
        return float(choices[len(gains) - 1 - int(np.argmax(gains[::-1]))])  # the widest of equals

    return Caps(
        best(cap_choices(widest.low), -1.0, np.maximum), best(cap_choices(widest.high), 1.0, np.minimum)
    )
