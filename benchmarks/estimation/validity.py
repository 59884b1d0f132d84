"""How often a certificate exceeds the truth: P = Q over 100 seeds, and 200 replicates of four pairs.

    python -m benchmarks.estimation.validity [--share 0/2] [--fresh]

n = 2,000 a side, d = 2, budget `fast`.  Half an hour on two cores; interrupted, it goes on where it was.  Two
processes, of `--share 0/2` and `--share 1/2`, may halve it.
"""

import argparse
import math

import numpy as np
from benchmarks.estimation.pairs import of_laws, shift
from benchmarks.ledger import Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog
from vdm_cli.estimation.estimate import estimate_divergences

ROWS, LEVEL = 2000, 0.95
DIVERGENCES = catalog()
LABELS = [row.label for row in DIVERGENCES.values()]
COLUMNS = ("pair", "seed", "p_value", *LABELS)
# KL = distance^2 / 2
DISTANCES = {"P = Q": 0.0, "KL .125": 0.5, "KL .5": 1.0, "KL 2": 2.0, "KL 8": 4.0}
REPLICATES = {name: 200 if distance else 100 for name, distance in DISTANCES.items()}
PAIRS = {name: of_laws(name, *shift(distance, 2)) for name, distance in DISTANCES.items()}


def replicate(name: str, seed: int) -> dict[str, object]:
    p, q = PAIRS[name].draw(ROWS, seed)
    found = estimate_divergences(p, q, list(DIVERGENCES.values()), level=LEVEL, seed=seed, budget="fast")
    limits = {row.divergence: row.certified_lower for row in found.estimates}
    return {"pair": name, "seed": seed, "p_value": found.estimates[0].p_value, **limits}


def report() -> None:
    rows = Ledger("validity", COLUMNS).rows()
    lines, medians = [], []
    for name in DISTANCES:
        here = [row for row in rows if row["pair"] == name]
        if not here:
            continue
        truth = PAIRS[name].truth(list(DIVERGENCES.values()))
        delta = 1.0 - LEVEL
        most = delta + 2.0 * math.sqrt(delta * (1.0 - delta) / len(here))
        shares, reached = [], []
        for label in LABELS:
            limits = np.array([number(row[label]) for row in here])
            true = truth[label].value
            # a certificate is printed to six digits, and so is the start of `gan`, -log 4
            shares.append(float(np.mean(limits > true + 1e-5 * abs(true))))
            reached.append(float(np.median(limits)))
        worst = max(shares)
        verdict = "yes" if worst <= most else "NO"
        rejected = float(np.mean([number(row["p_value"]) <= delta for row in here]))
        shown = (f"{100 * each:.1f}" for each in (*shares, most, rejected))
        lines.append((name, len(here), *shown, verdict))
        medians.append(
            (
                name,
                *(
                    f"{each:.3g} of {truth[label].value:.3g}"
                    for each, label in zip(reached, LABELS, strict=True)
                ),
            )
        )
    publish(
        "validity",
        "python -m benchmarks.estimation.validity",
        "Certificates above the truth (positive ones where P = Q), in percent of the replicates; at most "
        "5 % + 2 SE.",
        table(("pair", "replicates", *LABELS, "at most", "p of KL <= 5 %", "within"), lines),
        "Median certificate, of the truth:",
        table(("pair", *LABELS), medians),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--share", default="0/1", help="which part of the replicates: i/k")
    parser.add_argument("--most", type=int, default=200, help="replicates of a pair at most")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    part, parts = map(int, asked.share.split("/"))
    ledger = Ledger("validity", COLUMNS, asked.fresh)
    done = ledger.done("pair", "seed")
    for seed in range(part, min(asked.most, max(REPLICATES.values())), parts):
        for name in DISTANCES:
            if seed < REPLICATES[name] and (name, str(seed)) not in done:
                ledger.add([replicate(name, seed)])
        if seed % 10 == part:
            print(f"seed {seed}", flush=True)
    report()


if __name__ == "__main__":
    main()
