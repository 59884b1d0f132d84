"""What is known of D_f(P || Q) for two known laws: the exact value, or a sample mean with its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.divergences.laws import Density
from vdm_cli.divergences.monte_carlo import monte_carlo


class KnownValue(NamedTuple):
    """The true D_f(P || Q).

    Attributes:
        value: In nats, perhaps ``inf``.
        standard_error: Of a Monte Carlo value; None for a closed form or quadrature.
    """

    value: float
    standard_error: float | None = None


def known_divergences(divergences: Sequence[FDivergence], p: Density, q: Density) -> dict[str, KnownValue]:
    """The true divergences by label: exact where possible, else by Monte Carlo; without those not known.

    Raises:
        ValueError: If P and Q differ in dimension.
    """
    exact = {row.label: exact_divergence(row, p, q) for row in divergences}
    known = {label: KnownValue(value) for label, value in exact.items() if value is not None}
    rest = [row for row in divergences if row.label not in known]
    sampled = monte_carlo(rest, p, q) if rest else []
    found = zip(rest, sampled, strict=True)
    return known | {row.label: KnownValue(*mean) for row, mean in found if mean is not None}
