"""A finished run in words, for standard output."""

from __future__ import annotations

import shlex

from vdm_cli.commands.live_modes import ROWS, ModesReached
from vdm_cli.commands.train import TrainResult


def training_summary(result: TrainResult) -> str:
    """What a run reached, on which rows, and what to do next."""
    last = max(result.validation_divergence, default=result.steps)
    values, shown = result.validation_divergence, shlex.quote(str(result.directory))
    early = ", stopped early: no better checkpoint for as long as --patience" if result.stopped_early else ""
    lines = [f"{result.directory}: {result.steps} steps done{early}"]
    if last in values:
        lines += [
            f"JS lower bound by a fresh critic on {result.validation_rows} validation rows "
            "(0 to 0.693 nats):",
            f"  {values[last]:.4f} at step {last}; "
            f"best {values[result.best_step]:.4f} at step {result.best_step}",
        ]
    if result.modes is not None:
        lines += _modes(result.modes)
    if result.findings:
        lines += ["findings:", *(f"  - {finding.text}" for finding in result.findings)]
    lines += [
        f"pictures: {result.directory / 'samples'}",
        f"next: vdm sample --checkpoint {shown}",
        f"      vdm eval-divergence --checkpoint {shown}",
    ]
    return "\n".join(lines)


def _modes(reached: ModesReached) -> list[str]:
    """Mode scores, the least and the most of several seeds, beside those of a perfect sampler."""
    count = len(reached.seeds["covered"])
    whose = f", least to most of {count} seeds" if count > 1 else ""
    told = {
        "modes covered": _spread(reached.seeds["covered"], "{:.0f}") + f" of {reached.of}",
        "% of them within 3 sd of a mode": _beside(reached, "high_quality", "{:.1f}", 100.0),
        "reverse KL of their histogram": _beside(reached, "reverse_kl", "{:.4f}"),
        "their sd over the mode's": _beside(reached, "sd_ratio", "{:.3f}"),
    }
    return [
        f"{ROWS} samples on the modes{whose} [a perfect sampler]:",
        *(f"  {name}: {value}" for name, value in told.items()),
    ]


def _beside(reached: ModesReached, name: str, shape: str, unit: float = 1.0) -> str:
    perfect = reached.perfect[name]
    values = [None if value is None else unit * value for value in reached.seeds[name]]
    beside = "" if perfect is None else f" [{shape.format(unit * perfect)}]"
    return _spread(values, shape) + beside


def _spread(values: list[float | None], shape: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "unknown: no sample is near a mode"
    least, most = shape.format(min(known)), shape.format(max(known))
    return least if least == most else f"{least} to {most}"
