"""Draws of the tasks of `benchmark-mi`; it runs in an environment of its own (see bmi_tasks.py).

python bmi_worker.py FOLDER ROWS        # FOLDER/TASK.npz with p, q and truth, in nats
"""

import sys
from pathlib import Path

import bmi
import numpy as np


def main() -> None:
    folder, rows = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, task in bmi.benchmark.BENCHMARK_TASKS.items():
        # three draws: P joins x and y of one row, Q takes them from two others
        draws = [task.sample(rows, seed=seed) for seed in (0, 1, 2)]
        p = np.hstack([np.asarray(draws[0][0]), np.asarray(draws[0][1])])
        q = np.hstack([np.asarray(draws[1][0]), np.asarray(draws[2][1])])
        np.savez(folder / f"{name}.npz", p=p, q=q, truth=task.mutual_information)
        print(name, flush=True)


if __name__ == "__main__":
    main()
