"""Seconds and peak memory of the real command on files, in a process of its own each time.

    python -m benchmarks.estimation.scale [--only 20000x10,...]

20,000 x 10 a side with every divergence (target: 30 s on two cores), and 20 columns up to 2,000,000 rows a
side (target: 6 GB, and time linear in the rows).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.ledger import Ledger, number, publish, table

SIZES = ((20_000, 10), (500_000, 20), (1_000_000, 20), (2_000_000, 20))
COLUMNS = ("rows", "columns", "seconds", "gigabytes", "kl", "certified", "status")
BLOCK = 100_000


def write(path: Path, rows: int, columns: int, mean: float, seed: int) -> None:
    """Standard normal rows, their first column shifted, without holding them all."""
    file = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    rng = np.random.default_rng(seed)
    for start in range(0, rows, BLOCK):
        part = rng.standard_normal((min(BLOCK, rows - start), columns), np.float32)
        part[:, 0] += mean
        file[start : start + BLOCK] = part
    file.flush()


def measure(rows: int, columns: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        p, q, out = (Path(folder) / name for name in ("p.npy", "q.npy", "out.json"))
        write(p, rows, columns, 0.0, 0)
        write(q, rows, columns, 1.0, 1)
        command = ["eval-divergence", "--p", str(p), "--q", str(q), "--format", "json", "--output", str(out)]
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "vdm_cli", *command])
        _, status, usage = os.wait4(process.pid, 0)  # the only way to one child's peak memory
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"exit {process.returncode} of vdm {' '.join(command)}")
        first = json.loads(out.read_text())["estimates"][0]
    return {
        "rows": rows,
        "columns": columns,
        "seconds": round(seconds, 1),
        "gigabytes": round(usage.ru_maxrss * 1024 / 1e9, 2),
        "kl": first["estimate"],
        "certified": first["certified_lower"],
        "status": first["status"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default=",".join(f"{rows}x{columns}" for rows, columns in SIZES))
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    ledger = Ledger("scale", COLUMNS, asked.fresh)
    done = ledger.done("rows", "columns")
    for size in asked.only.split(","):
        rows, columns = map(int, size.split("x"))
        if (str(rows), str(columns)) not in done:
            ledger.add([measure(rows, columns)])
    lines = []
    for row in sorted(ledger.rows(), key=lambda row: int(row["rows"])):
        each = 1e6 * number(row["seconds"]) / int(row["rows"])
        lines.append((f"{int(row['rows']):,} x {row['columns']}", *list(row.values())[2:], each))
    header = ("rows a side", "seconds", "GB at most", "KL .5", "certified", "status", "microseconds a row")
    publish(
        "scale",
        "python -m benchmarks.estimation.scale",
        "`vdm eval-divergence --p p.npy --q q.npy --format json`, every named divergence, from start to end.",
        table(header, lines),
    )


if __name__ == "__main__":
    main()
