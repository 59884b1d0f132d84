r"""A finite-sample, distribution-free lower limit on a bound, by betting (Waudby-Smith and Ramdas 2024).

For a critic, caps and a stake fixed before the evaluated rows are seen, the differences

    z_i = T(x_i) - f*(T(y_i)),   i.i.d. with mean L_f <= D_f,   z_i >= least

let a gambler who starts with 1 and stakes s on "the mean exceeds m" end with the capital

    K(m) = prod_i (1 + s (z_i - m)),   0 <= s <= 1 / (m - least)

whose expectation is at most 1 where L_f <= m.  By Markov's inequality P(K(L_f) >= 1/delta) <= delta, and K
decreases in m: the m with K(m) = 1/delta is a level 1 - delta lower limit, and 1/K(m) a p-value of L_f <= m.
('Estimating means of bounded random variables by betting', JRSS B 86(1), arXiv 2010.09686, sec. 4; one stake
for all rows instead of one predicted from those before, as the calibration rows predict it.)
"""

from __future__ import annotations

import math

import numpy as np

from vdm_cli.estimation.witness import Floats

# A stake never risks the whole capital on one row.
_LARGEST_STAKE = 0.99
_STAKES = 24
_HALVINGS = 40


def paired_differences(t: Floats, s: Floats) -> Floats:
    """z (k,) from T at rows of P, (n,), and f*(T) at rows of Q, (m,), in random order: k = min(n, m).

    The longer side is dealt out evenly and averaged, so that every z has the same mean; up to k - 1 rows of
    it are left over.
    """
    k = min(len(t), len(s))
    return _dealt(t, k) - _dealt(s, k)


def _dealt(values: Floats, k: int) -> Floats:
    each = len(values) // k
    return values[: k * each].reshape(k, each).mean(axis=1)


def log_capital(z: Floats, least: float, stake: float, m: float) -> float:
    """The logarithm of the final capital against a mean of at most m; it decreases in m > least."""
    stake = min(stake, _LARGEST_STAKE / (m - least))
    return float(np.sum(np.log1p(stake * (z - m))))


def lower_limit(z: Floats, least: float, stake: float, delta: float, trivial: float) -> float:
    """The level 1 - delta lower limit on the mean of z, at least `trivial`.

    Args:
        z: Differences, (k,), all >= `least`.
        least: The least value that any difference can take.
        stake: Chosen on other rows; positive.
        delta: Probability that the limit exceeds the mean, at most.
        trivial: What is known anyway: f(1), the divergence of equal laws.
    """
    wanted = -math.log(delta)
    low, high = trivial, float(np.mean(z))
    if not least < low < high or log_capital(z, least, stake, low) < wanted:
        return trivial
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if log_capital(z, least, stake, middle) >= wanted:
            low = middle
        else:
            high = middle
    return low


def p_value(z: Floats, least: float, stake: float, trivial: float) -> float:
    """Of "the mean of z is at most `trivial`": one over the capital, at most 1."""
    if least >= trivial:
        return 1.0
    return min(1.0, math.exp(-max(0.0, log_capital(z, least, stake, trivial))))


def choose_stake(z: Floats, least: float, rows: int, delta: float) -> tuple[float, float]:
    """The stake with the largest limit that calibration rows predict, and that limit.

    Args:
        z: Differences of calibration rows, (k,).
        least: The least value that any difference can take.
        rows: Differences that the stake will be used on.
        delta: One minus the level of the limit.

    Returns:
        The stake and the predicted limit; the latter is at least mean - 8 deviations.
    """
    # One unseen row at the lower end, as if the next calibration row were the worst: rare large losses are
    # what a small sample does not show.
    z = np.append(z, min(float(np.min(z)), 0.5 * (least + float(np.mean(z)))))
    mean, deviation = float(np.mean(z)), float(np.std(z))
    wanted = -math.log(delta) / rows
    stakes = np.geomspace(1e-4, 1.0, _STAKES) * _LARGEST_STAKE / max(mean - least, 1e-300)
    low = np.full(_STAKES, max(mean - 8.0 * deviation, least + 1e-9 * (mean - least)))
    high = np.full(_STAKES, mean)
    for _ in range(30):
        middle = 0.5 * (low + high)
        growth = np.mean(np.log1p(stakes[:, None] * (z[None, :] - middle[:, None])), axis=1)
        low, high = np.where(growth >= wanted, middle, low), np.where(growth >= wanted, high, middle)
    best = int(np.argmax(low))
    return float(stakes[best]), float(low[best])
