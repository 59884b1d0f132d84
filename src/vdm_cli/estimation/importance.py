"""Weights that turn a sample of Q into one of P, from estimated ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdm_cli.estimation.weights import Weights
from vdm_cli.estimation.witness import Floats

_SHARE = 20  # a ratio counts for at most this part of the rows: with the true ratio their mean is 1


@dataclass(frozen=True, eq=False)
class ImportanceWeights:
    """Weights w(y) = p/q of rows of Q: mean of w h(y) over Q = mean of h over P, for the true ratio.

    Attributes:
        values: Non-negative, of mean 1, (m,); those of weighted rows take the place of the given ones.
        mean: Of the clipped ratios before they were divided by it: 1, up to its error, for the true ratio.
        largest_ratio: Ratios above it were set to it: a twentieth of the number of rows.
        clipped_share: Share of the rows whose ratio was.
        effective_rows: Kish's (sum w)^2 / sum w^2: how many equally weighted rows tell as much.
    """

    values: Floats
    mean: float
    largest_ratio: float
    clipped_share: float
    effective_rows: float

    @property
    def effective_share(self) -> float:
        """Effective rows over rows."""
        return self.effective_rows / len(self.values)

    def to_json(self) -> dict[str, float]:
        """What tells how good the weights are, for a JSON document."""
        return {
            "mean_weight": self.mean,
            "effective_rows": self.effective_rows,
            "effective_share": self.effective_share,
            "clipped_share": self.clipped_share,
            "largest_ratio": self.largest_ratio,
        }


def importance_weights(scores: Floats, given: Floats | None = None) -> ImportanceWeights:
    """Weights from scores that estimate log p/q.

    Args:
        scores: Of rows of Q, by a critic that had not seen them, (m,), m >= 1.
        given: Weights that the rows have already, (m,): Q is then the law of the weighted rows.
    """
    highest = max(np.log(len(scores) / _SHARE), 0.0)
    clipped = np.minimum(scores, highest)
    base = np.ones(len(scores)) if given is None else given / given.mean()
    top = float(clipped[base > 0].max())
    relative = base * np.exp(np.minimum(clipped - top, 0.0))  # however small the ratios, the largest is 1
    values = relative / relative.mean()
    return ImportanceWeights(
        values=values,
        mean=float(np.exp(top) * relative.mean()),
        largest_ratio=float(np.exp(highest)),
        clipped_share=float(np.mean(scores > highest)),
        effective_rows=Weights(values).effective_rows,
    )
