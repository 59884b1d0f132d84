"""What the tests of the command line share beside the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
name: tiny
data: {path: %s}
generator: {hidden: [8]}
critic: {hidden: [8]}
training: {steps: 60, batch_size: 16, log_every: 10, ema_decay: 0.9}
checkpoints: {every: 20, keep: 2}
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Vdm = Callable[..., Outcome]
Tree = Callable[[Path], dict[str, str]]
