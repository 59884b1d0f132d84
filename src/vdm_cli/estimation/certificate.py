"""The certificate: a lower limit on D_f that holds for any data, by the best of several routes.

Critic, caps, stake, cut and route are chosen on rows apart; the rows that are counted here served nothing
else, so that every route is valid at the full level and none has to be paid for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.estimation.betting import choose_stake, lower_limit, p_value, paired_differences
from vdm_cli.estimation.calibration import Caps, cap_choices, caps_for
from vdm_cli.estimation.cut import CutChooser, CutCounts, count_above
from vdm_cli.estimation.lifts import Lift, lifts_to
from vdm_cli.estimation.witness import Floats, witness_pair

# Rows at the worst value that are added to the calibration rows: rare losses do not show in few rows.
_UNSEEN = 0.5


@dataclass(frozen=True)
class Certificate:
    """What is certain at a level.

    Attributes:
        limit: D_f is at least this, in nats; f(1) where nothing is certain.
        p_value: Of P = Q: below delta wherever the limit is above f(1), and nowhere else if f bends at 1.
        route: ``betting``, ``cut``, or the divergence whose limit was lifted; ``none`` where there are no
            rows to count.
    """

    limit: float
    p_value: float
    route: str


@dataclass(frozen=True)
class _Wager:
    """What one divergence's betting needs, from calibration rows."""

    caps: Caps
    least: float
    stake: float
    predicted: float


def largest_kl_limit(n_q: int, delta: float) -> float:
    """No valid level 1 - delta lower limit on KL from n_q rows of Q exceeds -log(1 - delta^(1/n_q)) nats."""
    return -math.log(-math.expm1(math.log(delta) / n_q))


class Certifier:
    """Certifies divergences from the scores of one critic, all fixed but the evaluated rows.

    Args:
        calibrate: Scores of calibration rows of P, (k,), and of Q, (l,): unseen by the critic.
        evaluate: Scores of evaluated rows of P, (n,), and of Q, (m,), in random order: unseen by everything.
        delta: One minus the level, for each divergence separately.
    """

    def __init__(self, calibrate: tuple[Floats, Floats], evaluate: tuple[Floats, Floats], delta: float):
        self._calibrate, self._evaluate, self._delta = calibrate, evaluate, delta
        self._pairs = min(map(len, evaluate))
        self._wagers: dict[str, _Wager] = {}

    @cached_property
    def _chooser(self) -> CutChooser:
        return CutChooser(*self._calibrate, *self.rows, self._delta)

    def _count(self, cut: float) -> CutCounts:
        return count_above(*self._evaluate, cut)

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of P and of Q that are counted."""
        return len(self._evaluate[0]), len(self._evaluate[1])

    def equality(self) -> float:
        """Fisher's exact p-value of P = Q, at the cut that tells the calibration rows apart best."""
        return self._count(self._chooser.for_test()).p_value()

    def certify(self, divergence: FDivergence) -> Certificate:
        """The level 1 - delta lower limit on D_f(P || Q), by the route that the calibration rows favor."""
        trivial = divergence.at_equality
        wager = self._wager(divergence)
        cut, predicted = self._chooser.for_divergence(divergence)
        routes: list[tuple[float, str, Lift | None]] = [
            (wager.predicted, "betting", None),
            (predicted, "cut", None),
        ]
        for lift in lifts_to(divergence):
            base = self._wager(lift.base).predicted
            routes.append((lift.lift(max(base, 0.0)), lift.name, lift))
        _, name, chosen = max(routes, key=lambda route: route[0])
        if name == "cut":
            counts = self._count(cut)
            limit, p = counts.limit(divergence, self._delta), _least_delta(counts)
        else:
            limit, p = self._bet(divergence if chosen is None else chosen.base)
            if chosen is not None:
                limit = chosen.lift(limit)
        limit = max(limit, trivial)
        if divergence.label == "kl":
            ceiling = largest_kl_limit(len(self._evaluate[1]), self._delta)
            assert limit <= ceiling + 1e-9, f"a KL limit of {limit} from rows that allow {ceiling} at most"
        return Certificate(limit, p, name)

    def _wager(self, divergence: FDivergence) -> _Wager:
        if divergence.label not in self._wagers:
            self._wagers[divergence.label] = self._plan(divergence)
        return self._wagers[divergence.label]

    def _plan(self, divergence: FDivergence) -> _Wager:
        """Caps and stake with the largest limit that the calibration rows predict."""
        n_p, n_q = map(len, self._evaluate)
        widest = caps_for(divergence, n_p, n_q, rows_per_unit=1.0)
        t, s = _values(divergence, widest, *self._calibrate)
        lows, highs = cap_choices(widest.low), cap_choices(widest.high)
        (t_low, s_low), (t_high, s_high) = witness_pair(divergence, -lows), witness_pair(divergence, highs)
        wanted = -math.log(self._delta)
        predicted = np.empty((len(lows), len(highs)))
        for i, j in np.ndindex(*predicted.shape):
            # T and f* after T increase: clipping them is clipping the scores.
            mean_t, var_t = _moments(np.clip(t, t_low[i], t_high[j]), float(t_low[i]))
            mean_s, var_s = _moments(np.clip(s, s_low[i], s_high[j]), float(s_high[j]))
            mean, error = mean_t - mean_s, math.sqrt(var_t / n_p + var_s / n_q)
            # Bernstein's limit: the deviation, and what one row at the lower end may cost.
            reach = mean - float(t_low[i] - s_high[j])
            predicted[i, j] = mean - math.sqrt(2.0 * wanted) * error - reach * wanted / (3.0 * self._pairs)
        i, j = np.unravel_index(int(np.argmax(predicted)), predicted.shape)
        least = float(t_low[i] - s_high[j])
        z = paired_differences(np.clip(t, t_low[i], t_high[j]), np.clip(s, s_low[i], s_high[j]))
        stake, limit = choose_stake(z, least, self._pairs, self._delta)
        return _Wager(Caps(float(lows[i]), float(highs[j])), least, stake, limit)

    def _bet(self, divergence: FDivergence) -> tuple[float, float]:
        """The limit of betting, and its p-value."""
        wager, trivial = self._wager(divergence), divergence.at_equality
        z = paired_differences(*_values(divergence, wager.caps, *self._evaluate))
        limit = lower_limit(z, wager.least, wager.stake, self._delta, trivial)
        return limit, p_value(z, wager.least, wager.stake, trivial)


def _values(divergence: FDivergence, caps: Caps, p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """T at rows of P and f*(T) at rows of Q, of capped scores."""
    return witness_pair(divergence, caps(p))[0], witness_pair(divergence, caps(q))[1]


def _moments(values: Floats, worst: float) -> tuple[float, float]:
    """Mean and variance with `_UNSEEN` rows at the worst value."""
    share = _UNSEEN / (len(values) + _UNSEEN)
    mean = (1.0 - share) * float(np.mean(values)) + share * worst
    square = (1.0 - share) * float(np.mean(np.square(values))) + share * worst**2
    return mean, max(square - mean**2, 0.0)


def _least_delta(counts: CutCounts) -> float:
    """The least delta at which the cut's limit is above f(1): a p-value of P = Q."""
    low, high = 1e-30, 1.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        a, b = counts.shares(middle)
        if a[0] > b[0]:
            high = middle
        else:
            low = middle
    return high
