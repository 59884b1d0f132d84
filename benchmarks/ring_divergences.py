"""Every divergence of the catalog for 1,000 steps on the ring, 4 seeds each: nothing may go non-finite.

python benchmarks/ring_divergences.py
"""

import tempfile
import time
from pathlib import Path

import numpy as np

import vdm_cli
from vdm_cli.config.load import load_experiment
from vdm_cli.divergences.catalog import catalog
from vdm_cli.errors import NonFiniteError

SEEDS = 4
OVERRIDES = (
    "training.steps=1000",
    f"training.num_seeds={SEEDS}",
    "checkpoints.every=1000",
    "objective.penalties=[{kind: r1, weight: 0.1}, {kind: r2, weight: 0.1}]",
    "optimizers.critic.learning_rate=1.0e-3",
    "optimizers.generator.learning_rate=5.0e-4",
)


def covered(samples: np.ndarray) -> int:
    """Modes with a sample within three standard deviations."""
    angles = 2 * np.pi * np.arange(8) / 8
    modes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    distance = np.linalg.norm(samples[:, None] - modes[None], axis=2)
    return len(np.unique(distance.argmin(axis=1)[distance.min(axis=1) < 0.03]))


def main() -> None:
    print(f"{'divergence':24} {'outcome':12} modes covered by each seed      seconds")
    for name in catalog():
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            try:
                vdm_cli.train(load_experiment("ring", [f"divergence={name}", *OVERRIDES]), run_dir=run)
            except NonFiniteError as error:
                print(f"{name:24} non-finite   {error}")
                continue
            draws = (vdm_cli.load(run, seed_index=seed).generator.sample(2500, 0) for seed in range(SEEDS))
            modes = "  ".join(f"{covered(draw)}/8" for draw in draws)
        print(f"{name:24} {'finite':12} {modes:31} {time.perf_counter() - start:.0f}", flush=True)


if __name__ == "__main__":
    main()
