"""The pairs that issue 5 and section 7 of BENCHMARKS.md name, each against its target.

    python -m benchmarks.estimation.targets [--only NAME] [--fresh]

Gaussians one apart at n = 20,000; the correlated pair in d = 20 at n = 100,000; kldest's 10-D pair; and the
correlated pairs of Rhodes, Xu and Gutmann 2020 (TRE) up to KL 80, which 100,000 rows cannot show: there the
status is what counts.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.estimation.pairs import PAIRS, Pair, correlated, of_laws, shift
from benchmarks.ledger import Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog
from vdm_cli.estimation.estimate import estimate_divergences

DIVERGENCES = [catalog()[name] for name in ("kl", "jensen_shannon", "total_variation", "squared_hellinger")]
LABELS = [row.label for row in DIVERGENCES]
COLUMNS = (
    "target", "n", "dimension",
    *(f"{label} {what}" for label in LABELS for what in ("truth", "estimate", "certified", "status")),
    "seconds",
)  # fmt: skip
Met = Callable[[dict[str, str]], bool]


@dataclass(frozen=True)
class Target:
    pair: Callable[[], Pair]
    n: int
    words: str
    met: Met


def within(label: str, low: float, high: float) -> Met:
    return lambda row: low <= number(row[f"{label} estimate"]) <= high


def near(label: str, distance: float) -> Met:
    return lambda row: abs(number(row[f"{label} estimate"]) - number(row[f"{label} truth"])) <= distance


def every(*conditions: Met) -> Met:
    return lambda row: all(condition(row) for condition in conditions)


def told(row: dict[str, str]) -> bool:
    return row["kl status"] in ("saturated", "undersampled", "heavy_tail")


ONE_APART = every(within("kl", 0.45, 0.53), within("jensen_shannon", 0.104, 0.118))
STRONG = every(within("kl", 4.3, 5.05), near("jensen_shannon", 0.015), near("total_variation", 0.01))


def _targets() -> dict[str, Target]:
    found = {}
    for direction in ("first axis", "diagonal"):
        for d in (1, 10, 50, 100)[direction == "diagonal" :]:
            name = f"one apart, {direction}, d = {d}"
            pair = of_laws(name, *shift(1.0, d, direction))
            words = "KL in [.45, .53], JS in [.104, .118]"
            found[name] = Target(lambda pair=pair: pair, 20_000, words, ONE_APART)
    words = "KL in [4.3, 5.05], JS within .015, TV within .01"
    found["correlated, d = 20"] = Target(lambda: PAIRS["correlated-d20"], 100_000, words, STRONG)
    close = near("kl", 0.05 * 0.50045)
    found["kldest, d = 10"] = Target(lambda: PAIRS["equicorrelated-d10"], 20_000, "KL within 5 %", close)
    for d in (40, 80, 160, 320):
        name = f"TRE, d = {d}"
        found[name] = Target(
            lambda name=name, d=d: of_laws(name, *correlated(d)),
            100_000,
            f"KL {d // 4}; a status other than ok",
            told,
        )
    return found


TARGETS = _targets()


def measure(name: str, most: int) -> dict[str, object]:
    pair, n = TARGETS[name].pair(), min(TARGETS[name].n, most)
    p, q = pair.draw(n, 0)
    # the truth of many correlated columns is a sample mean, except of KL and Hellinger
    truth = pair.truth(DIVERGENCES) if pair.dimension <= 100 else {"kl": (pair.dimension / 4.0, None)}
    start = time.perf_counter()
    found = estimate_divergences(p.astype("float32"), q.astype("float32"), DIVERGENCES)
    row: dict[str, object] = {"target": name, "n": n, "dimension": pair.dimension}
    for each in found.estimates:
        row[f"{each.divergence} truth"] = truth[each.divergence][0] if each.divergence in truth else math.nan
        row[f"{each.divergence} estimate"] = each.estimate
        row[f"{each.divergence} certified"] = each.certified_lower
        row[f"{each.divergence} status"] = each.status
    return row | {"seconds": round(time.perf_counter() - start, 1)}


def report() -> None:
    lines = []
    for row in Ledger("targets", COLUMNS).rows():
        target = TARGETS[row["target"]]
        cells = []
        for label in LABELS:
            truth, estimate, certified = (
                number(row[f"{label} {what}"]) for what in ("truth", "estimate", "certified")
            )
            status = row[f"{label} status"]
            cells.append(f"{truth:.4g}: {estimate:.4g}, {certified:.4g}" + f" ({status})" * (status != "ok"))
        met = "yes" if target.met(row) else "NO"
        lines.append((row["target"], row["n"], *cells, row["seconds"], target.words, met))
    publish(
        "targets",
        "python -m benchmarks.estimation.targets",
        "Truth: estimate, certificate. Seed 0.",
        table(("pair", "n", *LABELS, "seconds", "target", "met"), lines),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="only those with this in their name")
    parser.add_argument("--most", type=int, default=100_000, help="rows a side at most: for a try")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    ledger = Ledger("targets", COLUMNS, asked.fresh)
    done = ledger.done("target")
    for name in TARGETS:
        if asked.only in name and (name,) not in done:
            ledger.add([measure(name, asked.most)])
            print(name, flush=True)
    report()


if __name__ == "__main__":
    main()
