"""Every pair of known truth at three sizes: how far the estimates are, and whether the status says so.

    python -m benchmarks.estimation.accuracy [--rows 20000,5000,500] [--seeds 2] [--pairs NAME,...] [--fresh]

An hour or more on two cores; interrupted, it goes on where it was.
"""

import argparse
import math
import time
from collections.abc import Iterable
from statistics import median

from benchmarks.estimation.pairs import PAIRS, truths
from benchmarks.ledger import Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog
from vdm_cli.estimation.estimate import estimate_divergences

DIVERGENCES = catalog()
COLUMNS = (
    "pair", "dimension", "n", "seed", "divergence", "truth", "truth_se", "estimate", "standard_error",
    "certified", "status", "seconds",
)  # fmt: skip
SHOWN = ("kl", "reverse_kl", "jensen_shannon", "total_variation", "squared_hellinger", "pearson_chi2")
FAR = 0.10  # a miss: so far from the truth, and not within two standard errors of it


def measure(name: str, n: int, seed: int) -> Iterable[dict[str, object]]:
    p, q = PAIRS[name].draw(n, seed)
    start = time.perf_counter()
    found = estimate_divergences(p, q, list(DIVERGENCES.values()), seed=seed)
    seconds = time.perf_counter() - start
    for row in found.estimates:
        known = truths(name).get(row.divergence)
        yield {
            "pair": name,
            "dimension": PAIRS[name].dimension,
            "n": n,
            "seed": seed,
            "divergence": row.divergence,
            "truth": None if known is None else known.value,
            "truth_se": None if known is None else known.standard_error,
            "estimate": row.estimate,
            "standard_error": row.standard_error,
            "certified": row.certified_lower,
            "status": row.status,
            "seconds": round(seconds, 2),
        }


def relative_error(row: dict[str, str]) -> float:
    """Of D_f - f(1); nan where the truth is not a positive number."""
    start = DIVERGENCES[row["divergence"].partition(":")[0]].at_equality
    truth, estimate = number(row["truth"]) - start, number(row["estimate"]) - start
    return estimate / truth - 1.0 if math.isfinite(truth) and truth > 0.0 else math.nan


def missed(row: dict[str, str]) -> bool:
    if math.isinf(number(row["truth"])):
        return True
    off = abs(number(row["estimate"]) - number(row["truth"])) > 2.0 * number(row["standard_error"])
    return off and abs(relative_error(row)) > FAR


def of_pairs(rows: list[dict[str, str]], n: str) -> str:
    """A line a pair: truth, median estimate, and how often each status came."""
    lines = []
    for name in PAIRS:
        here = [row for row in rows if row["pair"] == name and row["n"] == n]
        cells = []
        for label in SHOWN:
            each = [row for row in here if row["divergence"] == label]
            if each:
                value = median(number(row["estimate"]) for row in each)
                states = ", ".join(sorted({row["status"] for row in each if row["status"] != "ok"}))
                cells.append(
                    f"{number(each[0]['truth']):.4g}: {value:.4g}" + (f" ({states})" if states else "")
                )
        if here:
            cells.append(f"{median(number(row['seconds']) for row in here):.0f}")
            lines.append((name, *cells))
    return table(("pair", *(f"{label}: truth: estimate" for label in SHOWN), "seconds"), lines)


def of_divergences(rows: list[dict[str, str]], n: str) -> str:
    """A line a divergence, over the pairs whose KL is at most 2."""
    easy = {row["pair"] for row in rows if row["divergence"] == "kl" and number(row["truth"]) <= 2.0}
    lines = []
    for label in dict.fromkeys(row["divergence"] for row in rows):
        here = [row for row in rows if row["divergence"] == label and row["n"] == n]
        errors = [abs(relative_error(row)) for row in here if row["pair"] in easy]
        errors = [error for error in errors if not math.isnan(error)]
        misses = [row for row in here if missed(row)]
        told = sum(row["status"] != "ok" for row in misses)
        above = sum(number(row["certified"]) > number(row["truth"]) for row in here)
        counted = f"{len(misses)} of {len(here)}", f"{told} of {len(misses)}", f"{above} of {len(here)}"
        if errors:
            lines.append((label, len(errors), 100.0 * median(errors), *counted))
    header = "divergence", "runs with KL <= 2", "median relative error, %", "misses", "misses told"
    return table((*header, "certified > truth"), lines)


def report(command: str) -> None:
    rows = Ledger("accuracy", COLUMNS).rows()
    parts = []
    for n in sorted({row["n"] for row in rows}, key=int, reverse=True):
        parts += [f"### n = {n} a side", of_divergences(rows, n), of_pairs(rows, n)]
    words = (
        "A *miss* is more than 10 % and more than two standard errors from the truth, or the truth is "
        "infinite; it is *told* where the status is not ok. Estimates are medians over seeds; in brackets "
        "stand statuses other than ok."
    )
    publish("accuracy", command, words, *parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", default="20000,5000,500")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--pairs", default=",".join(PAIRS))
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    ledger = Ledger("accuracy", COLUMNS, asked.fresh)
    done = ledger.done("pair", "n", "seed")
    for seed in range(asked.seeds):
        for n in map(int, asked.rows.split(",")):
            for name in asked.pairs.split(","):
                if (name, str(n), str(seed)) not in done:
                    ledger.add(measure(name, n, seed))
                    print(f"{name}, n = {n}, seed {seed}", flush=True)
    report("python -m benchmarks.estimation.accuracy")


if __name__ == "__main__":
    main()
