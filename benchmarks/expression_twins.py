r"""A user's twin of each smooth named divergence: does it train to the same result, and what does it cost?

The twin is the f that the catalog prints, pasted as an expression: T and f* after T come from a table.
Both train the univariate config with one seed; compared are the parameters of the Gaussian generator, its
exact divergence, and the last bound (less f(1), which is subtracted from an expression).  Then both train
the ring in turns, so that whatever else the machine does hits both.

Run on idle cores:  python benchmarks/expression_twins.py       about 10 minutes; --only NAME does one
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

import vdm_cli
from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.config.load import load_experiment
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence

STEPS = 1000  # of the univariate config, 4 critic steps each
CHUNK, ROUNDS = 200, 15  # steps of the ring in turn, and how often


def smooth() -> list[FDivergence]:
    """The rows whose text can be trained: all but total variation, which is piecewise linear."""
    return [row for row in catalog().values() if row.training_link is None]


def twin_of(row: FDivergence) -> str:
    """The f of a row, complete, as an expression."""
    assert row.formulas is not None
    return row.formulas.pasted_f(row.parameter)


def fitted(row: FDivergence, divergence: str, steps: int) -> tuple[float, float, float, float]:
    """(mu, sigma, exact D, last bound) of a univariate run of one seed."""
    overrides = [f"divergence={divergence}", f"training.steps={steps}", f"checkpoints.every={steps}"]
    with tempfile.TemporaryDirectory() as folder:
        config = load_experiment(f"univariate/{row.name}", overrides)
        vdm_cli.train(config, run_dir=Path(folder) / "run")
        q = vdm_cli.load(Path(folder) / "run").generator.density()
        last = json.loads((Path(folder) / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    law = load_dataset(config.data, config.seed).law
    assert q is not None
    assert law is not None
    exact = exact_divergence(row, law, q)
    assert exact is not None
    return float(q.mean[0]), float(np.sqrt(q.covariance[0, 0])), exact, float(np.ravel(last["bound"])[0])


def seconds_a_step(divergences: tuple[str, str], rounds: int) -> np.ndarray:
    """Seconds a step of the ring, shape (rounds, 2): both advance in turns, the order changing each round."""
    programs, states = [], []
    for divergence in divergences:
        config = load_experiment("ring", [f"divergence={divergence}"])
        experiment = build_experiment(config, load_dataset(config.data, config.seed))
        state, _ = experiment.program.advance(experiment.initial_state(), CHUNK)  # compiles
        programs.append(experiment.program)
        states.append(state)
    taken = np.zeros((rounds, 2))
    for index in range(rounds):
        for which in (0, 1) if index % 2 else (1, 0):
            jax.block_until_ready(states[which])
            start = time.perf_counter()
            states[which], _ = programs[which].advance(states[which], CHUNK)
            jax.block_until_ready(states[which])
            taken[index, which] = (time.perf_counter() - start) / CHUNK
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=[row.name for row in smooth()])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    head = f"{'divergence':24s} {'mu':>8s} {'sigma':>8s} {'D':>9s}   twin less named: "
    head += " ".join(f"{name:>9s}" for name in ("mu", "sigma", "D", "bound"))
    print(head + "   steps/s: named, twin; cost of the twin")
    for row in smooth():
        if options.only not in (None, row.name):
            continue
        text = twin_of(row)
        plain = f"{{kind: {row.name}}}"
        named, twin = (np.array(fitted(row, each, options.steps)) for each in (plain, text))
        apart = twin - named
        apart[3] += row.at_equality
        taken = seconds_a_step((plain, text), options.rounds)
        rates, cost = 1.0 / np.median(taken, axis=0), np.median(taken[:, 1] / taken[:, 0]) - 1.0
        print(
            f"{row.label:24s} {named[0]:8.4f} {named[1]:8.4f} {named[2]:9.5f}                    "
            + " ".join(f"{value:+9.1e}" for value in apart)
            + f"   {rates[0]:6.0f} {rates[1]:6.0f} {100 * cost:+6.1f} %",
            flush=True,
        )


if __name__ == "__main__":
    main()
