"""Modes of the ring and the grid, by every divergence: the protocol of VEEGAN and PacGAN, ten seeds each.

python -m benchmarks.training.modes [--problem ring] [--divergence kl]... [--seeds 10] [--fresh]

Trains the shipped configs, all seeds in one program, and scores 2,500 samples of each, as published, and
100,000.  The time to 95 % of high quality is that of all seeds together until the slowest is there, by the
lines of metrics.jsonl (2,500 samples each), without start-up and compilation.  What is a multiple of another
divergence trains as it does, losses being normalized, and is trained only where it is asked for.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.ledger import Ledger, number, publish, table

import vdm_cli
from vdm_cli.config.load import load_experiment
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.errors import NonFiniteError
from vdm_cli.two_sample.modes import SCORES, mode_scores, perfect_scores

LAWS = {"ring": GaussianMixture.ring(), "grid": GaussianMixture.grid()}
TARGETS = {"ring": (0.97, 0.005), "grid": (0.95, 0.015)}  # least HQ, most reverse KL
SD_RATIOS = (0.9, 1.1)
TOO_GOOD = 0.991  # HQ of 100,000 samples above it means shrunken modes
FEW, MANY = 2_500, 100_000
HQ = 0.95
TWINS = {"gan": "jensen_shannon", "alpha": "squared_hellinger"}  # multiples of one f, up to a constant
COLUMNS = (
    *("problem", "divergence", "seed", "steps", "seconds", "seconds to 95 %"),
    *(f"{name} of {count}" for count in (FEW, MANY) for name in SCORES),
)


def measure(problem: str, divergence: str, seeds: int) -> list[dict[str, object]]:
    config = load_experiment(problem, [f"divergence={divergence}", f"training.num_seeds={seeds}"])
    steps = config.training.steps
    once = config.model_copy(
        update={"checkpoints": config.checkpoints.model_copy(update={"every": steps})}
    )  # validation of every seed takes longer than training them
    row = {"problem": problem, "divergence": divergence, "steps": steps}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        try:
            vdm_cli.train(once, run_dir=run)
        except NonFiniteError:
            return [row | {"seed": seed} for seed in range(seeds)]
        row["seconds"] = time.perf_counter() - start
        arrived = seconds_to(run, seeds)
        rows = []
        for seed in range(seeds):
            samples = vdm_cli.load(run, seed_index=seed).generator.sample(MANY, 1 + seed)
            found = row | {"seed": seed, "seconds to 95 %": arrived[seed]}
            for count in (FEW, MANY):
                scores = mode_scores(samples[:count], LAWS[problem])
                found |= {f"{name} of {count}": getattr(scores, name) for name in SCORES}
            rows.append(found)
    return rows


def seconds_to(run: Path, seeds: int) -> list[float | None]:
    """When each seed's live samples first had the HQ asked for; None where they never did."""
    lines, rates = (
        [json.loads(line) for line in (run / name).read_text().splitlines()]
        for name in ("metrics.jsonl", "timings.jsonl")
    )
    done = np.diff([0, *(line["step"] for line in lines)])
    elapsed = np.cumsum(done / np.array([line["steps_per_second"] for line in rates]))
    found: list[float | None] = []
    for seed in range(seeds):
        name = "modes_high_quality"
        own = np.array([line["seeds"][name][seed] if seeds > 1 else line[name] for line in lines])
        reached = own >= HQ
        found.append(float(elapsed[np.argmax(reached)]) if reached.any() else None)
    return found


def report() -> None:
    rows, parts = Ledger("modes", COLUMNS).rows(), []
    for problem, law in LAWS.items():
        lines = []
        for divergence in catalog():
            here = [row for row in rows if (row["problem"], row["divergence"]) == (problem, divergence)]
            if here:
                lines.append((divergence, *summary(here, problem)))
            elif TWINS.get(divergence) in {line[0] for line in lines}:
                lines.append((divergence, f"as {TWINS[divergence]}", *[""] * 8))
        if lines:
            perfect = perfect_scores(law, FEW, np.random.default_rng(0))
            least, most = TARGETS[problem]
            header = ("divergence", "modes", "HQ %", "reverse KL", "sd ratio")
            header += (f"HQ % of {MANY:,}", f"sd ratio of {MANY:,}", "seeds at target", "to 95 %", "in all")
            parts += [
                f"**{problem}**, least, median and most over seeds, of {FEW:,} samples unless said. "
                f"A perfect sampler: HQ {100 * perfect['high_quality']:.1f} %, reverse KL "
                f"{perfect['reverse_kl']:.4f}, sd ratio {perfect['sd_ratio']:.3f}. Target: all modes, "
                f"HQ >= {100 * least:.0f} %, reverse KL <= {most}, "
                f"sd ratio {SD_RATIOS[0]} to {SD_RATIOS[1]}.",
                table(header, lines),
            ]
    publish("modes", "python -m benchmarks.training.modes", *parts)


def summary(rows: list[dict[str, str]], problem: str) -> tuple[str, ...]:
    steps = rows[0]["steps"]
    if not rows[0]["seconds"]:
        return ("not finite", *[""] * 8)
    times = [number(row["seconds to 95 %"]) for row in rows]
    slowest = "" if np.isnan(times).any() else f"{max(times):.0f} s"
    return (
        spread(rows, f"covered of {FEW}", "{:.0f}"),
        spread(rows, f"high_quality of {FEW}", "{:.1f}", 100.0),
        spread(rows, f"reverse_kl of {FEW}", "{:.4f}"),
        spread(rows, f"sd_ratio of {FEW}", "{:.2f}"),
        spread(rows, f"high_quality of {MANY}", "{:.1f}", 100.0),
        spread(rows, f"sd_ratio of {MANY}", "{:.2f}"),
        f"{sum(at_target(row, problem) for row in rows)} of {len(rows)}",
        slowest,
        f"{number(rows[0]['seconds']):.0f} s, {int(steps):,} steps",
    )


def at_target(row: dict[str, str], problem: str) -> bool:
    """Whether a seed reached everything that is asked of it."""
    least, most = TARGETS[problem]
    return bool(
        number(row[f"covered of {FEW}"]) == len(LAWS[problem].weights)
        and number(row[f"high_quality of {FEW}"]) >= least
        and number(row[f"reverse_kl of {FEW}"]) <= most
        and SD_RATIOS[0] <= number(row[f"sd_ratio of {FEW}"]) <= SD_RATIOS[1]
        and number(row[f"high_quality of {MANY}"]) <= TOO_GOOD
    )


def spread(rows: list[dict[str, str]], column: str, shape: str, unit: float = 1.0) -> str:
    values = [unit * number(row[column]) for row in rows]
    return " / ".join(shape.format(value) for value in (min(values), float(np.median(values)), max(values)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problem", action="append", choices=LAWS)
    parser.add_argument("--divergence", action="append", choices=list(catalog()))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    ledger = Ledger("modes", COLUMNS, arguments.fresh)
    for problem in arguments.problem or LAWS:
        for divergence in arguments.divergence or [name for name in catalog() if name not in TWINS]:
            if (problem, divergence) not in ledger.done("problem", "divergence"):
                ledger.add(measure(problem, divergence, arguments.seeds))
    report()


if __name__ == "__main__":
    main()
