"""Two Gaussian files, means 1 apart, 20,000 rows each: `vdm eval-divergence` against the exact values.

python benchmarks/gaussian_files.py
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

EXACT = {
    "kl": 0.5,
    "reverse_kl": 0.5,
    "jensen_shannon": 0.11142,
    "total_variation": 0.38292,
    "squared_hellinger": 0.23501,
}


def main() -> None:
    print("d  seed  seconds  " + "  ".join(f"{name:>20}" for name in EXACT))
    for dim in (1, 10):
        for seed in (0, 1, 2):
            rng = np.random.default_rng(seed)
            with tempfile.TemporaryDirectory() as folder:
                p, q = Path(folder) / "p.npy", Path(folder) / "q.npy"
                rows = rng.normal(size=(20_000, dim))
                np.save(p, rows)
                rows = rng.normal(size=(20_000, dim))
                rows[:, 0] += 1.0
                np.save(q, rows)
                start = time.perf_counter()
                command = ["eval-divergence", "--p", str(p), "--q", str(q), "--format", "json"]
                done = subprocess.run(
                    [sys.executable, "-m", "vdm_cli", *command], capture_output=True, text=True, check=True
                )
                seconds = time.perf_counter() - start
            found = {row["divergence"]: row["estimate"] for row in json.loads(done.stdout)["estimates"]}
            cells = (f"{found[name]:.4f} ({100 * (found[name] / EXACT[name] - 1):+.1f} %)" for name in EXACT)
            print(
                f"{dim:<2} {seed:<5} {seconds:<8.0f} " + "  ".join(f"{cell:>20}" for cell in cells),
                flush=True,
            )


if __name__ == "__main__":
    main()
