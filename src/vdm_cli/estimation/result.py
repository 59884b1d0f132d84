"""What an estimation found, as typed values and as the plain values of a JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vdm_cli.estimation.status import Status
from vdm_cli.estimation.witness import Floats


@dataclass(frozen=True)
class DivergenceEstimate:
    """What the samples say about one D_f(P || Q), in nats.

    Attributes:
        divergence: The divergence's label, e.g. ``kl`` or ``alpha:0.5``.
        estimate: The held-out variational bound of the fitted critic; it may be slightly below f(1).
        standard_error: Of `estimate`, by the central limit theorem over evaluated rows.
        ci: Two-sided CLT interval at the level, for this critic's bound and not for D_f.
        certified_lower: Finite-sample lower limit on D_f at the level, for this divergence alone.
        p_value: Of P = Q, from the certificate's route: at most 1 - level where it is above f(1).
        exact: The true value where it is known and finite.
        exact_standard_error: Of a true value by Monte Carlo; None for a closed form or quadrature.
        supremum: The least upper bound of D_f; None where it is infinite.
        clipped_share: Share of evaluated rows (mean of both sides) beyond this divergence's caps.
        status: See `vdm_cli.estimation.status`.
        route: How the limit was certified; see `vdm_cli.estimation.certificate`.
        floor: The same estimate between two random halves of P; None where it was not asked for.
    """

    divergence: str
    estimate: float
    standard_error: float
    ci: tuple[float, float]
    certified_lower: float
    p_value: float
    exact: float | None
    exact_standard_error: float | None
    supremum: float | None
    clipped_share: float
    status: Status
    route: str
    floor: float | None = None


@dataclass(frozen=True, eq=False)
class RowScores:
    """Estimates of log p/q at evaluated rows, by critics that had not seen them.

    Attributes:
        p_rows: Which rows of P, (k,): all of them under cross-fitting, a fifth under a single split.
        p: Their scores, (k,).
        q_rows: Which rows of Q, (l,).
        q: Their scores, (l,).
    """

    p_rows: npt.NDArray[np.intp]
    p: Floats
    q_rows: npt.NDArray[np.intp]
    q: Floats


@dataclass(frozen=True)
class CriticReport:
    """How the fitted critics did on evaluated rows.

    Attributes:
        auc: Area under the ROC curve, over folds of rows that no critic had seen: .5 is chance.
        mean_ratio: E_Q[r], r = e^v: 1 for the true ratio.
        clipped_share: The largest clipped share over the divergences.
        members: Networks a fold, beside boosted trees and two normal laws.
        folds: Cross-fitting folds; 1 is a single split.
        auc_spread: Largest less smallest AUC of a fold; 0 for a single split.
        effective_rows: Rows of P that Q weighted by r is worth: (sum r)^2 / sum r^2 over its evaluated rows.
        pareto_k: Shape of the upper tail of r on Q: from .5 on its variance is infinite; None where the tail
            is too short.
        p_value: Of P = Q, by Fisher's exact test of the certificate's cut.
        certified_rows: Rows of P and of Q that certificates count.
        observer: With the level's confidence an ideal observer who is shown one row, from P or Q with equal
            chances, names its side at least this often: (1 + TV) / 2 of the certified total variation.
    """

    auc: float
    mean_ratio: float
    clipped_share: float
    members: int
    folds: int
    auc_spread: float
    effective_rows: float
    pareto_k: float | None
    p_value: float
    certified_rows: tuple[int, int]
    observer: float


@dataclass(frozen=True)
class Estimation:
    """Estimates in the order asked, how the critic did, and what a reader must know.

    Attributes:
        estimates: One per divergence.
        critic: The critics' report.
        warnings: One sentence each.
        n_p: Rows of P.
        n_q: Rows of Q.
        level: Of intervals and limits, e.g. 0.95.
        seed: The estimation repeats bit for bit with the same rows and seed on one machine.
        scores: Of every evaluated row.
    """

    estimates: tuple[DivergenceEstimate, ...]
    critic: CriticReport
    warnings: tuple[str, ...]
    n_p: int
    n_q: int
    level: float
    seed: int
    scores: RowScores = field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers, strings and None: the part of the document that an estimation knows."""
        return {
            "level": self.level,
            "seed": self.seed,
            "critic": {**asdict(self.critic), "certified_rows": list(self.critic.certified_rows)},
            "estimates": [{**asdict(row), "ci": list(row.ci)} for row in self.estimates],
            "warnings": list(self.warnings),
        }
