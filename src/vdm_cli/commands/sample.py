"""Draw samples from a checkpoint: `vdm sample`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import flax.linen as nn
import numpy as np

from vdm_cli.commands.load import LoadedRun, load
from vdm_cli.data.output import check_output, natural_suffix, write_rows
from vdm_cli.errors import UsageError
from vdm_cli.sampling import Given

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
    num_samples: int | None = None,
    output: str | Path | None = None,
    force: bool = False,
    seed: int = 0,
    step: int | str | None = None,
    seed_index: int = 0,
    condition: Mapping[str, str] | None = None,
    condition_file: str | Path | None = None,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> SampleResult:
    """Write samples in the data's own grid; the same arguments write the same bytes.

    Args:
        checkpoint: A run directory, its ``checkpoints`` or the directory of one step.
        num_samples: How many rows; memory does not grow with it.  If not given, 10,000, or one for each row
            of ``condition_file``.
        output: ``.npy``, ``.npz`` (array ``samples``, and the labels of conditional images), ``.csv``,
            ``.parquet`` or ``.png``; if not given, a file in the run's ``samples`` folder, of the kind of the
            data.
        force: Replace an existing file.
        seed: Of the draw.
        step: A number, ``latest`` (also None) or ``best``.
        seed_index: Which of the run's seeds.
        condition: What the samples of a conditional run are given, as text by name: ``{"label": "3"}``; the
            rest is drawn as the training rows have it.
        condition_file: A table of conditions, one a sample, in order and from the start again.
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
        output = folder / f"step-{run.step:08d}-seed-{seed}{which}{natural_suffix(layout)}"
    path = Path(output)
    given = _given(run, condition, condition_file)
    count = num_samples or (len(given) if isinstance(given, np.ndarray) else DEFAULT_COUNT)
    check_output(path, layout, count, force)
    beside = run.generator.labels(count, seed, given)
    write_rows(path, run.generator.blocks(count, seed, given), layout, count, beside)
    return SampleResult(path, count, layout.shape, run.step)


def _given(run: LoadedRun, asked: Mapping[str, str] | None, file: str | Path | None) -> Given | None:
    """What the samples are given: conditions by name, or a table of them in data units."""
    conditioning = run.generator.conditioning
    if not asked and file is None:
        return None
    if conditioning is None:
        raise UsageError(f"{run.directory}: was trained without data.condition, so samples can be given none")
    if file is None:
        assert asked is not None, "one of the two"
        conditioning.draw(1, (0,), asked)  # an unknown name or class is told before a file is begun
        return asked
    if asked:
        raise UsageError("give --condition or --condition-file, not both")
    return conditioning.read(file)
