"""The 40 tasks of `benchmark-mi` (Czyz et al. 2023): mutual information, the KL of joint from unpaired rows.

    python -m venv scratch/bmi
    scratch/bmi/bin/pip install benchmark-mi "jax==0.4.30" "jaxlib==0.4.30" "scipy<1.13"
    python -m benchmarks.estimation.bmi_tasks --python scratch/bmi/bin/python [--rows 20000] [--fresh]

The pins: benchmark-mi 0.1.3 takes an equinox that later JAX breaks; so Python is 3.10 to 3.12 there.
"""

import argparse
import subprocess
import time
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.ledger import ROOT, Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog
from vdm_cli.estimation.estimate import estimate_divergences

COLUMNS = ("task", "n", "dimension", "truth", "kl", "standard_error", "certified", "status", "seconds")
KL = [catalog()["kl"]]
TASKS = 40


def measure(path: Path) -> dict[str, object]:
    data = np.load(path)
    p, q = data["p"], data["q"]
    start = time.perf_counter()
    row = estimate_divergences(p, q, KL).estimates[0]
    return {
        "task": path.stem,
        "n": len(p),
        "dimension": p.shape[1],
        "truth": float(data["truth"]),
        "kl": row.estimate,
        "standard_error": row.standard_error,
        "certified": row.certified_lower,
        "status": row.status,
        "seconds": round(time.perf_counter() - start, 1),
    }


def report(n: int) -> None:
    rows = [row for row in Ledger("bmi", COLUMNS).rows() if row["n"] == str(n)]
    errors = {row["task"]: number(row["kl"]) / number(row["truth"]) - 1.0 for row in rows}
    far = [row for row in rows if abs(errors[row["task"]]) > 0.1]
    told = sum(row["status"] != "ok" for row in far)
    lines = [
        (
            row["task"],
            row["dimension"],
            number(row["truth"]),
            number(row["kl"]),
            f"{100 * errors[row['task']]:+.1f}",
            number(row["certified"]),
            row["status"],
            row["seconds"],
        )
        for row in rows
    ]
    publish(
        "bmi",
        f"python -m benchmarks.estimation.bmi_tasks --python scratch/bmi/bin/python --rows {n}",
        f"n = {n} a side. Median relative error {100 * median(map(abs, errors.values())):.1f} % over "
        f"{len(rows)} tasks; {len(far)} are off by more than 10 %, {told} of them with a status but ok.",
        table(("task", "d", "KL", "estimate", "error, %", "certified", "status", "seconds"), lines),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--python", help="the interpreter of the environment with benchmark-mi; once, to draw"
    )
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--only", default="", help="only tasks with this in their name")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    folder = ROOT / "scratch" / f"bmi-{asked.rows}"
    if asked.python and len(list(folder.glob("*.npz"))) < TASKS:
        worker = Path(__file__).with_name("bmi_worker.py")
        subprocess.run([asked.python, str(worker), str(folder), str(asked.rows)], check=True)
    ledger = Ledger("bmi", COLUMNS, asked.fresh)
    done = ledger.done("task", "n")
    for path in sorted(folder.glob("*.npz")):
        if asked.only in path.stem and (path.stem, str(asked.rows)) not in done:
            ledger.add([measure(path)])
            print(path.stem, flush=True)
    report(asked.rows)


if __name__ == "__main__":
    main()
