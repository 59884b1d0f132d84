"""Runs killed with SIGKILL at random moments, resumed, and compared byte for byte with one left alone.

    python benchmarks/sigkill.py                    20 runs, each killed up to twice
    python benchmarks/sigkill.py --runs 10 --kills 2 --seed 1

Half of the kills come after a random time from the start of the process, so that start-up and compilation
are met as well; the other half a random moment after a random line of the metrics appeared, so that
training, the commit of a checkpoint and its picture are.  Every run then goes on to its end.  Compared are
metrics.jsonl, the bytes of `vdm sample` and the names and bytes of the pictures.  Exits 1 on any difference.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
name: victim
data: {kind: ring, size: 500}
generator: {hidden: [16]}
critic: {hidden: [16]}
training: {steps: 400, batch_size: 32, log_every: 20}
checkpoints: {every: 100, keep: 2}
"""
LINES = 20


@dataclass(frozen=True)
class Kill:
    """Where a process was when it was killed.

    Attributes:
        phase: Told from the files it left.
        step: The newest committed checkpoint, 0 for none.
        seconds: Since its start.
    """

    phase: str
    step: int
    seconds: float


class Victim:
    """A run and the processes that train it."""

    def __init__(self, config: Path, run: Path):
        self.config = config
        self.run = run

    def start(self) -> subprocess.Popen[bytes]:
        command = ["train", "--config", str(self.config), "--run-dir", str(self.run), "--resume"]
        log = self.run.with_suffix(".log").open("ab")
        return subprocess.Popen([sys.executable, "-m", "vdm_cli", *command], stdout=log, stderr=log)

    def finish(self) -> float:
        """Train to the end; return the seconds it took."""
        began = time.monotonic()
        if self.start().wait() != 0:
            raise SystemExit(f"{self.run}: failed:\n{self.run.with_suffix('.log').read_text()}")
        return time.monotonic() - began

    def kill(self, rng: random.Random, duration: float) -> Kill | None:
        """Start the run and kill it; None if it had finished before."""
        began = time.monotonic()
        process = self.start()
        if rng.random() < 0.5:
            moment = began + rng.uniform(0.0, duration)
        else:
            wanted = rng.randint(self.lines() + 1, LINES) if self.lines() < LINES else LINES
            while process.poll() is None and self.lines() < wanted:
                time.sleep(0.001)
            moment = time.monotonic() + rng.uniform(0.0, 0.6)
        while process.poll() is None and time.monotonic() < moment:
            time.sleep(0.001)
        if process.poll() is not None:
            return None
        process.kill()
        process.wait()
        return Kill(self.phase(), self.step(), time.monotonic() - began)

    def lines(self) -> int:
        metrics = self.run / "metrics.jsonl"
        return metrics.read_bytes().count(b"\n") if metrics.exists() else 0

    def checkpoints(self) -> list[str]:
        folder = self.run / "checkpoints"
        return os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208

    def step(self) -> int:
        return max((int(name) for name in self.checkpoints() if name.isdecimal()), default=0)

    def phase(self) -> str:
        if any("tmp" in name for name in self.checkpoints()):
            return "saving"
        step = self.step()
        if step and not (self.run / "samples" / f"step-{step:08d}.png").exists():
            return "picture"
        last = self.lines() * 20
        if last == 0 or last == step:
            return "start-up"
        return "validating" if last % 100 == 80 or last > step + 80 else "training"

    def digest(self) -> dict[str, str]:
        """What must not depend on how often the run was killed."""
        output = self.run / "check.npy"
        command = ["sample", "--checkpoint", str(self.run), "--num-samples", "2000", "--output", str(output)]
        subprocess.run([sys.executable, "-m", "vdm_cli", *command], check=True, capture_output=True)
        files = [self.run / "metrics.jsonl", output, *sorted((self.run / "samples").iterdir())]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=2, help="at most so many a run")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder / "cache"))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        config = folder / "victim.yaml"
        config.write_text(CONFIG)
        Victim(config, folder / "warm").finish()
        alone = Victim(config, folder / "alone")
        duration = alone.finish()
        wanted = alone.digest()
        print(f"alone: {duration:.1f} s, {alone.lines()} lines of metrics")
        print(f"{'run':>3}  {'same':<5}  kills (phase @ newest checkpoint, seconds of the process)")
        different, kills = 0, []
        for index in range(options.runs):
            victim = Victim(config, folder / f"run-{index}")
            met = []
            for _ in range(options.kills):
                kill = victim.kill(rng, duration)
                if kill is None:
                    break
                met.append(kill)
            victim.finish()
            found = victim.digest()
            same = found == wanted
            different += not same
            kills += met
            told = ", ".join(f"{kill.phase} @ {kill.step} {kill.seconds:.1f}" for kill in met) or "none"
            print(f"{index:>3}  {'yes' if same else 'NO':<5}  {told}", flush=True)
            for file in sorted({*wanted, *found}):
                if wanted.get(file) != found.get(file):
                    print(f"     differs: {file}")
        phases = ", ".join(
            f"{phase} {count}" for phase, count in Counter(k.phase for k in kills).most_common()
        )
        print(f"{options.runs} runs, {len(kills)} kills ({phases}): {different} runs differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
