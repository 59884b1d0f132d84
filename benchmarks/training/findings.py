"""What `vdm train` says of runs that were broken on purpose, and of runs that went well.

python -m benchmarks.training.findings [--run "constant critic"]... [--seeds 2]

Its thresholds (`vdm_cli.commands.diagnosis`) are right where each broken run is called by its name and the
shipped ones are called nothing grave.  A run may show more than what was broken in it.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.ledger import publish, table

import vdm_cli
from vdm_cli.config.load import load_experiment

SHORT = ("training.steps=3000", "checkpoints.every=500")
FREE = "objective.penalties=[]"
FAST = tuple(
    f"optimizers.{player}={{kind: adam, learning_rate: 2.0e-2, b1: 0.9, schedule: constant}}"
    for player in ("critic", "generator")
)
# name: configuration, what is set, and the finding that says what was done; None for a run that is well
RUNS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "constant critic": ("ring", (*SHORT, "critic={kind: constant}"), "critic_collapsed"),
    "critic that hardly learns": (
        "ring",
        (*SHORT, "optimizers.critic.learning_rate=1.0e-8"),
        "critic_collapsed",
    ),
    "penalties of 1,000": (
        "ring",
        (*SHORT, "objective.penalties=[{kind: r1, weight: 1000}, {kind: r2, weight: 1000}]"),
        "critic_collapsed",
    ),
    "affine critic on the ring": ("ring", (*SHORT, "critic={kind: affine}"), "generator_weak"),
    "narrow critic on the table": ("wine", ("critic={hidden: [2]}",), "critic_weak"),
    "no penalties, simultaneous": (
        "ring",
        (*SHORT, FREE, "training.updates=simultaneous", "objective.generator_loss=non_saturating"),
        "modes_missing",
    ),
    "no penalties, reverse KL on the grid": (
        "grid",
        (*SHORT, FREE, "divergence=reverse_kl"),
        "modes_missing",
    ),
    "one latent dimension of images": (
        "digits",
        ("generator={kind: affine}", "latent.dim=1"),
        "modes_missing",
    ),
    "large rates": ("ring", (*SHORT, *FAST), "oscillation"),
    "large rates on the table": ("wine", (*SHORT, *FAST), "critic_collapsed"),
    "Neyman's chi-square, no penalties": (
        "ring",
        (*SHORT, FREE, "divergence=neyman_chi2", "critic.score_bound=10"),
        "heavy_tail",
    ),
    "600 steps on the ring": ("ring", ("training.steps=600", "checkpoints.every=200"), "too_short"),
    "300 steps on the table": ("wine", ("training.steps=300", "checkpoints.every=100"), "too_short"),
    "linear output for images": ("digits", ("generator={kind: mlp}",), "critic_weak"),
    "ring as shipped": ("ring", (), None),
    "wine as shipped": ("wine", (), None),
    "digits as shipped": ("digits", (), None),
    "univariate/kl as shipped": ("univariate/kl", (), None),
}


def measure(name: str, seeds: int) -> tuple[object, ...]:
    base, overrides, expected = RUNS[name]
    config = load_experiment(base, [*overrides, "seed=1000", f"training.num_seeds={seeds}"])
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = vdm_cli.train(config, run_dir=Path(folder) / "run")
    seconds = time.perf_counter() - start
    found = {each.kind: each for each in done.findings}
    for each in done.findings:
        print(f"  {each.kind} {each.seeds}: {each.text}", flush=True)
    if expected is None:
        hit = "nothing" if not found else "more"
    else:
        hit = f"{len(found[expected].seeds)} of {seeds}" if expected in found else f"0 of {seeds}"
    others = ", ".join(kind for kind in found if kind != expected) or "-"
    return name, base, expected or "nothing", hit, others, f"{seconds:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="append", choices=RUNS)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    lines = []
    for name in arguments.run or RUNS:
        print(name, flush=True)
        lines.append(measure(name, arguments.seeds))
        print(lines[-1], flush=True)
    header = ("run", "configuration", "expected", "told", "told besides", "time")
    if not arguments.run:
        publish("findings", "python -m benchmarks.training.findings", table(header, lines))


if __name__ == "__main__":
    main()
