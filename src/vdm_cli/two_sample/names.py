"""The measures by name, as a user chooses them; imports nothing heavy."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Literal, get_args

from vdm_cli.errors import UsageError
from vdm_cli.quoting import printable

MetricName = Literal[
    "c2st",
    "mmd",
    "energy",
    "sliced_wasserstein",
    "precision",
    "recall",
    "density",
    "coverage",
    "modes",
    "memorization",
    "knn_kl",
    "renyi",
]
METRICS: tuple[MetricName, ...] = get_args(MetricName)
# By default these are left out where they do not apply; asked for by name they say why they are missing.
CONDITIONAL = frozenset({"modes", "memorization", "knn_kl", "renyi"})


def parse_metrics(texts: Sequence[str] | None) -> tuple[MetricName, ...] | None:
    """The measures asked for, each once, in the order of `METRICS`.

    Args:
        texts: Names, commas between them or one each; ``all`` or ``none`` alone.  None where nobody chose.

    Returns:
        Names; None for the default: all that apply.

    Raises:
        UsageError: If a name is none of them, or ``none`` stands beside another.
    """
    if texts is None:
        return None
    names = [name.strip() for text in texts for name in text.split(",")]
    if "none" in names:
        if set(names) != {"none"}:
            raise UsageError("--metrics none: it stands alone; leave it out to choose measures")
        return ()
    unknown = next((name for name in names if name not in (*METRICS, "all")), None)
    if unknown is not None:
        close = difflib.get_close_matches(unknown[:100], METRICS, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"--metrics {printable(unknown)}: no measure has this name.{hint} There are: "
            f"{', '.join(METRICS)}; 'all' or 'none'"
        )
    return METRICS if "all" in names else tuple(name for name in METRICS if name in names)
