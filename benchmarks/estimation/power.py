"""How much of the truth is certified: n = 10,000 a side, KL from .5 to 2, d up to 10.

python -m benchmarks.estimation.power [--rows 10000] [--seeds 5] [--fresh]
"""

import argparse
import math
from statistics import median

from benchmarks.estimation.pairs import correlated, gaussian, of_laws, shift
from benchmarks.ledger import Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog
from vdm_cli.estimation.estimate import estimate_divergences

DIVERGENCES = [catalog()[name] for name in ("kl", "jensen_shannon", "total_variation", "squared_hellinger")]
LABELS = [row.label for row in DIVERGENCES]
COLUMNS = (
    "pair",
    "n",
    "seed",
    *(f"{label} {what}" for label in LABELS for what in ("estimate", "certified")),
)
LAWS = {
    **{f"shift, KL .5, d = {d}": shift(1.0, d) for d in (1, 2, 5, 10)},
    **{f"shift, KL 1, d = {d}": shift(math.sqrt(2.0), d) for d in (1, 10)},
    **{f"shift, KL 2, d = {d}": shift(2.0, d) for d in (1, 5, 10)},
    "correlated, KL 1, d = 4": correlated(4),
    "correlated, KL 2, d = 8": correlated(8),
    "scales, KL .58, d = 10": (gaussian([0.0] * 10), gaussian([0.0] * 10, std=1.3)),
}
PAIRS = {name: of_laws(name, *laws) for name, laws in LAWS.items()}
TARGET = 0.85


def measure(name: str, n: int, seed: int) -> dict[str, object]:
    p, q = PAIRS[name].draw(n, seed)
    row: dict[str, object] = {"pair": name, "n": n, "seed": seed}
    for each in estimate_divergences(p, q, DIVERGENCES, seed=seed).estimates:
        row[f"{each.divergence} estimate"] = each.estimate
        row[f"{each.divergence} certified"] = each.certified_lower
    return row


def report(n: int) -> None:
    rows = [row for row in Ledger("power", COLUMNS).rows() if row["n"] == str(n)]
    lines, shares = [], []
    for name, pair in PAIRS.items():
        here = [row for row in rows if row["pair"] == name]
        if not here:
            continue
        truth, cells = pair.truth(DIVERGENCES), []
        for label in LABELS:
            value, certified = (
                median(number(row[f"{label} {what}"]) for row in here) for what in ("estimate", "certified")
            )
            true = truth[label].value
            cells.append(f"{value:.4g}, {certified:.4g} of {true:.4g}: {100 * certified / true:.0f} %")
            if label == "kl":
                shares += [number(row["kl certified"]) / true for row in here]
        lines.append((name, len(here), *cells))
    publish(
        "power",
        f"python -m benchmarks.estimation.power --rows {n}",
        f"n = {n} a side; medians over seeds of the estimate and the certificate, of the truth. KL over all "
        f"runs: the median certificate is {100 * median(shares):.0f} % of the truth, the least "
        f"{100 * min(shares):.0f} % (target {100 * TARGET:.0f} %).",
        table(("pair", "seeds", *LABELS), lines),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pairs", default="", help="only those with this in their name")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    ledger = Ledger("power", COLUMNS, asked.fresh)
    done = ledger.done("pair", "n", "seed")
    for name in PAIRS:
        for seed in range(asked.seeds if asked.pairs in name else 0):
            if (name, str(asked.rows), str(seed)) not in done:
                ledger.add([measure(name, asked.rows, seed)])
                print(f"{name}, seed {seed}", flush=True)
    report(asked.rows)


if __name__ == "__main__":
    main()
