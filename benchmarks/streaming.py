"""Training on a .npy file that is not held in memory: rate, memory, and the same bytes after a resume.

python benchmarks/streaming.py FOLDER        4 GiB are written there, and removed at the end

Rates are of the default networks on rows of 64 numbers, streamed and in memory by turns in one process.  What
the background thread has read ahead it makes up for within the same round, as long as it could give many more
steps a second than training takes: "source alone" says how many.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import Experiment, build_experiment
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.stream.survey import survey
from vdm_cli.training.state import TrainState

FEATURES, IN_MEMORY_ROWS = 64, 100_000
STEP_BYTES = 256 * FEATURES * 4  # the default batch
CHUNK, ROUND, ALONE = 100, 300, 5_000  # steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1 << 24, help="of the large file; 4 GiB by default")
    parser.add_argument("--rounds", type=int, default=30, help="of the comparison of rates")
    parser.add_argument("--steps", type=int, default=2_000, help="of the runs that are measured and resumed")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    large, small = arguments.folder / "large.npy", arguments.folder / "small.npy"
    try:
        write(large, arguments.rows)
        write(small, IN_MEMORY_ROWS)
        measure_runs(large, arguments.folder, arguments.steps)
        measure_rates(large, small, arguments.rounds)
    finally:
        large.unlink(missing_ok=True)
        small.unlink(missing_ok=True)


def write(path: Path, rows: int) -> None:
    """Correlated Gaussians, float32."""
    rng = np.random.default_rng(rows)
    mixing = rng.standard_normal((FEATURES, FEATURES), np.float32)
    with path.open("wb") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, FEATURES)}
        np.lib.format.write_array_header_1_0(stream, header)
        for start in range(0, rows, 1 << 17):
            count = min(1 << 17, rows - start)
            stream.write((rng.standard_normal((count, FEATURES), np.float32) @ mixing).tobytes())
    print(f"{path.name}: {rows} x {FEATURES} float32, {path.stat().st_size / 2**30:.2f} GiB")


def experiment_on(path: Path) -> Experiment:
    settings = {"data": {"path": str(path)}, "training": {"steps": 10**6}}
    config = ExperimentConfig.model_validate(settings)
    return build_experiment(config, load_dataset(config.data, config.seed))


def measure_rates(large: Path, small: Path, rounds: int) -> None:
    streamed, in_memory = experiment_on(large), experiment_on(small)
    file, held_out = streamed.dataset.train.file, streamed.dataset.train.held_out
    start = time.perf_counter()
    survey(file, held_out, [])
    seconds = time.perf_counter() - start
    print(f"survey            {large.stat().st_size / seconds / 1e6:8.0f} MB/s")
    streamed.program.source.batches(0, CHUNK)
    start = time.perf_counter()
    for step in range(CHUNK, ALONE, CHUNK):
        streamed.program.source.batches(step, CHUNK)
    alone = (ALONE - CHUNK) / (time.perf_counter() - start)
    print(f"source alone      {alone:8.0f} steps/s, {alone * STEP_BYTES / 1e6:.0f} MB/s")
    experiments = (streamed, in_memory)
    states = [experiment.initial_state() for experiment in experiments]
    rates: list[list[float]] = []
    for number in range(rounds + 1):
        pair = [0.0, 0.0]
        for index in (0, 1) if number % 2 else (1, 0):
            states[index], pair[index] = advance(experiments[index], states[index], ROUND)
        if number > 0:  # the first one compiles
            rates.append(pair)
    streamed.program.close()
    ratios = sorted(one / other for one, other in rates)
    medians = [statistics.median(column) for column in zip(*rates, strict=True)]
    quarter = len(ratios) // 4
    print(f"streamed          {medians[0]:8.1f} steps/s, median of {rounds} rounds")
    print(f"in memory         {medians[1]:8.1f} steps/s")
    print(
        f"ratio             {statistics.median(ratios):8.3f} (quartiles {ratios[quarter]:.3f}, "
        f"{ratios[-1 - quarter]:.3f}), of all rounds together {total(rates, 1) / total(rates, 0):.3f}"
    )


def total(rates: list[list[float]], index: int) -> float:
    """Seconds that all rounds of one kind took."""
    return sum(ROUND / pair[index] for pair in rates)


def advance(experiment: Experiment, state: TrainState, steps: int) -> tuple[TrainState, float]:
    """The state after so many steps, taken as training takes them, and steps a second."""
    start = time.perf_counter()
    for _ in range(steps // CHUNK):
        state, metrics = experiment.program.advance(state, CHUNK)
        jax.device_get(metrics)
    return state, steps / (time.perf_counter() - start)


def measure_runs(large: Path, folder: Path, steps: int) -> None:
    config = folder / "config.yaml"
    checkpoints = {"every": steps // 2}
    settings = {"data": {"path": str(large)}, "training": {"steps": steps}, "checkpoints": checkpoints}
    config.write_text(json.dumps(settings))
    whole, parts = folder / "whole", folder / "parts"
    report("uninterrupted run", *vdm_train(config, whole))
    report("interrupted run", *vdm_train(config, parts, interrupt=True))
    report("resumed run", *vdm_train(config, parts))
    outputs = []
    for run in (whole, parts):
        output = folder / f"{run.name}.npy"
        command = ["sample", "--checkpoint", run, "--output", output, "--force"]
        subprocess.run([sys.executable, "-m", "vdm_cli", *command], check=True, capture_output=True)
        outputs.append(output.read_bytes())
    metrics = [(run / "metrics.jsonl").read_bytes() for run in (whole, parts)]
    print(f"metrics.jsonl     {'the same bytes' if metrics[0] == metrics[1] else 'DIFFERS'}")
    print(f"vdm sample        {'the same bytes' if outputs[0] == outputs[1] else 'DIFFERS'}")


def vdm_train(config: Path, run: Path, *, interrupt: bool = False) -> tuple[int, float, float]:
    """Exit code, peak resident memory in GiB, seconds; an interrupted run gets SIGINT after three lines."""
    start = time.perf_counter()
    command = ["train", "--config", config, "--run-dir", run, "--resume"]
    with subprocess.Popen(
        [sys.executable, "-m", "vdm_cli", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        metrics = run / "metrics.jsonl"
        while interrupt and process.poll() is None:
            if metrics.exists() and metrics.read_bytes().count(b"\n") >= 3:
                process.send_signal(signal.SIGINT)
                break
            time.sleep(0.01)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 2**20, time.perf_counter() - start


def report(name: str, code: int, gibibytes: float, seconds: float) -> None:
    print(f"{name:<18}{gibibytes:8.2f} GiB at most, {seconds:.0f} s, exit code {code}")


if __name__ == "__main__":
    main()
