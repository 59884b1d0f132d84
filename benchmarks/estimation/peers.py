"""Other packages' estimators and this one on the same files: accuracy, and seconds of the whole process.

python -m venv scratch/peers
scratch/peers/bin/pip install infomeasure divergence densratio
python -m benchmarks.estimation.peers --python scratch/peers/bin/python [--rows 10000] [--fresh]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.estimation.pairs import PAIRS
from benchmarks.estimation.peer_worker import METHODS
from benchmarks.ledger import Ledger, number, publish, table

from vdm_cli.divergences.catalog import catalog

SHOWN = (
    "shift-1-d1",
    "cauchy-shift-1",
    "mode-dropped-d2",
    "correlated-d4",
    "shift-1-d10",
    "exp-shift-1-d10",
    "bernoulli-d10",
    "correlated-d20",
    "shift-1-d50",
)
OURS = "vdm"
LABELS = ("kl", "jensen_shannon", "total_variation", "squared_hellinger")
COLUMNS = ("pair", "n", "method", "version", *LABELS, "seconds", "outcome")


def vdm(p: Path, q: Path, limit: float) -> dict[str, object]:
    command = [sys.executable, "-m", "vdm_cli", "eval-divergence", "--p", str(p), "--q", str(q)]
    asked = [word for label in LABELS for word in ("--divergence", label)]
    done = subprocess.run(
        [*command, *asked, "--format", "json"], capture_output=True, text=True, timeout=limit
    )
    done.check_returncode()
    rows = {row["divergence"]: row for row in json.loads(done.stdout)["estimates"]}
    return {label: rows[label]["estimate"] for label in LABELS} | {"outcome": rows["kl"]["status"]}


def peer(python: str, method: str, p: Path, q: Path, limit: float) -> dict[str, object]:
    worker = Path(__file__).with_name("peer_worker.py")
    done = subprocess.run(
        [python, str(worker), method, str(p), str(q)], capture_output=True, text=True, timeout=limit
    )
    if done.returncode:
        return {"outcome": done.stderr.strip().splitlines()[-1].replace(",", ";")[:60]}
    return {"outcome": "", **json.loads(done.stdout.splitlines()[-1])}


def measure(python: str, name: str, n: int, limit: float, done: set[tuple[str, ...]], ledger: Ledger) -> None:
    with tempfile.TemporaryDirectory() as folder:
        p, q = Path(folder) / "p.npy", Path(folder) / "q.npy"
        for path, rows in zip((p, q), PAIRS[name].draw(n, 0), strict=True):
            np.save(path, rows)
        for method in (OURS, *METHODS):
            if (name, str(n), method) in done:
                continue
            start = time.perf_counter()
            try:
                found = vdm(p, q, limit) if method == OURS else peer(python, method, p, q, limit)
            except subprocess.TimeoutExpired:
                found = {"outcome": f"over {limit:.0f} s"}
            seconds = round(time.perf_counter() - start, 1)
            row = dict.fromkeys(COLUMNS) | {"pair": name, "n": n, "method": method, "seconds": seconds}
            ledger.add([row | found])
            print(f"{name}, {method}: {seconds} s {found['outcome']}", flush=True)


def report(n: int) -> None:
    rows = [row for row in Ledger("peers", COLUMNS).rows() if row["n"] == str(n)]
    versions = {row["method"].split(",")[0]: row["version"] for row in rows if row["version"]}
    lines = []
    divergences = [catalog()[label] for label in LABELS]
    for name in SHOWN:
        truth = PAIRS[name].truth(divergences) if any(row["pair"] == name for row in rows) else {}
        if truth:
            lines.append((name, "*truth*", *(float(truth[label].value) for label in LABELS), "", ""))
        for row in rows:
            if row["pair"] == name and (row["outcome"] or row["kl"]):
                values = (number(row[label]) for label in LABELS)
                lines.append(("", row["method"], *values, row["seconds"], row["outcome"]))
    made_of = ", ".join(f"{name} {found}" for name, found in versions.items())
    publish(
        "peers",
        f"python -m benchmarks.estimation.peers --python scratch/peers/bin/python --rows {n}",
        f"n = {n} a side, the same files for all, each method's defaults, cold processes; {made_of}.",
        table(("pair", "method", *LABELS, "seconds", "status or failure"), lines),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--python", required=True, help="the interpreter of the peers' environment")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pairs", default=",".join(SHOWN))
    parser.add_argument("--limit", type=float, default=300.0, help="seconds of a process at most")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    ledger = Ledger("peers", COLUMNS, asked.fresh)
    done = ledger.done("pair", "n", "method")
    for name in asked.pairs.split(","):
        measure(asked.python, name, asked.rows, asked.limit, done, ledger)
    report(asked.rows)


if __name__ == "__main__":
    main()
