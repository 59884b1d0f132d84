"""Draw samples from a checkpoint: `vdm sample`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import flax.linen as nn

from vdm_cli.commands.load import load
from vdm_cli.data.layout import Layout
from vdm_cli.data.output import check_output, write_rows

DEFAULT_COUNT = 10_000


@dataclass(frozen=True)
class SampleResult:
    """What was written.

    Attributes:
        output: The file.
        count: Rows in it.
        shape: Of one row.
        step: Of the checkpoint.
    """

    output: Path
    count: int
    shape: tuple[int, ...]
    step: int


def sample(
    checkpoint: str | Path,
    *,
    num_samples: int = DEFAULT_COUNT,
    output: str | Path | None = None,
    force: bool = False,
    seed: int = 0,
    step: int | str | None = None,
    seed_index: int = 0,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> SampleResult:
    """Write samples in the data's own grid; the same arguments write the same bytes.

    Args:
        checkpoint: A run directory, its ``checkpoints`` or the directory of one step.
        num_samples: How many rows; memory does not grow with it.
        output: ``.npy``, ``.npz`` (array ``samples``), ``.csv``, ``.parquet`` or ``.png``; if not given, a
            file in the run's ``samples`` folder, of the kind of the data.
        force: Replace an existing file.
        seed: Of the draw.
        step: A number, ``latest`` (also None) or ``best``.
        seed_index: Which of the run's seeds.
        generator: The module that the run was trained with, where it was not a configured one.
        critic: The same for the critic.

    Raises:
        CheckpointError: If the checkpoint is missing or damaged.
        UsageError: If the output exists or does not suit the data.
    """
    run = load(checkpoint, step=step, seed_index=seed_index, generator=generator, critic=critic)
    layout = run.generator.layout if run.generator.round else run.generator.layout.unrounded()
    if output is None:
        folder = run.directory / "samples"
        folder.mkdir(exist_ok=True)
        which = f"-index-{seed_index}" if run.config.training.num_seeds > 1 else ""
        output = folder / f"step-{run.step:08d}-seed-{seed}{which}{_natural_suffix(layout)}"
    path = Path(output)
    check_output(path, layout, num_samples, force)
    write_rows(path, run.generator.blocks(num_samples, seed), layout, num_samples)
    return SampleResult(path, num_samples, layout.shape, run.step)


def _natural_suffix(layout: Layout) -> str:
    return ".csv" if layout.columns is not None else ".npy"
