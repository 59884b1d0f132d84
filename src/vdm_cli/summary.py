"""A finished run in words, for standard output."""

from __future__ import annotations

import shlex

from vdm_cli.commands.train import TrainResult


def training_summary(result: TrainResult) -> str:
    """What a run reached, on which rows, and what to do next."""
    last = max(result.validation_divergence, default=result.steps)
    values, shown = result.validation_divergence, shlex.quote(str(result.directory))
    lines = [f"{result.directory}: {result.steps} steps done"]
    if last in values:
        lines += [
            f"JS lower bound by a fresh critic on {result.validation_rows} validation rows "
            "(0 to 0.693 nats):",
            f"  {values[last]:.4f} at step {last}; "
            f"best {values[result.best_step]:.4f} at step {result.best_step}",
        ]
    lines += [
        f"pictures: {result.directory / 'samples'}",
        f"next: vdm sample --checkpoint {shown}",
        f"      vdm eval-divergence --checkpoint {shown}",
    ]
    return "\n".join(lines)
