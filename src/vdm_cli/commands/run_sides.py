"""The two samples of a run: its test rows, and fresh samples of its generator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import flax.linen as nn

from vdm_cli.build.dataset import load_dataset
from vdm_cli.commands.load import LoadedRun, load, sampler
from vdm_cli.commands.sides import Sides
from vdm_cli.commands.training_rows import training_rows
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.dataset import Dataset, Part
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import known_divergences
from vdm_cli.errors import CheckpointError, DataError, UsageError
from vdm_cli.estimation.estimate import MINIMUM_ROWS

FEWEST_SAMPLES, MOST_SAMPLES = 10_000, 50_000
SAMPLES_A_ROW = 5  # of P: with so many the error of Q's mean is small beside that of P's
MOST_NUMBERS = 2_000_000  # in samples beyond the fewest: wider rows cost more and gained nothing (digits)


@dataclass(frozen=True)
class RunRows:
    """The rows of a run, read once for all its checkpoints.

    Attributes:
        dataset: As it was split for training; only its test rows are compared.
        digest: Identifies the rows.
    """

    dataset: Dataset
    digest: str

    def require(self, run: LoadedRun) -> None:
        """Refuse a checkpoint that was trained on other rows.

        Raises:
            CheckpointError: In that case.
        """
        if self.digest != run.data_digest:
            raise CheckpointError(
                f"{self.dataset.description}: the data have changed since {run.directory} was trained on "
                "them, so its test rows are not known any more; compare files with --p and --q instead"
            )

    def sides(
        self,
        run: LoadedRun,
        wanted: Sequence[FDivergence],
        *,
        num_samples: int | None,
        seed: int,
        seed_index: int = 0,
    ) -> Sides:
        """The test rows (P) and fresh samples of one seed of a checkpoint (Q).

        Args:
            run: The checkpoint, with the state of every seed.
            wanted: The divergences whose true values are computed where they are known.
            num_samples: How many samples; if None `default_count`.
            seed: Of the samples: the same latents for every checkpoint.
            seed_index: Which of the run's seeds samples.

        Raises:
            CheckpointError: If the checkpoint was trained on other rows.
        """
        self.require(run)
        dataset, trained = self.dataset, run.generator
        generator = sampler(
            run.players,
            run.state,
            seed_index,
            trained.transform,
            trained.layout,
            run.config,
            trained.conditioning,
        )
        law, density = dataset.law, generator.density()
        exact = {} if law is None or density is None else known_divergences(wanted, law, density)
        model = generator.part(num_samples or default_count(dataset.test), seed)
        label = dataset.conditioning.forms[0] if model.labels is not None and dataset.conditioning else None
        return Sides(
            p=dataset.test,
            q=model,
            columns=dataset.layout.columns,
            forms=dataset.layout.forms,
            label=label,
            p_source=f"{_test_source(run.config, dataset.description)} (test rows)",
            q_source=f"{run.directory.name} (step {run.step}, seed index {seed_index})",
            exact=exact,
            law=law,
            train=training_rows(dataset.train, seed),
            drawn="Q" if law is None else "PQ",
        )


def default_count(test: Part) -> int:
    """As many samples as help: five a test row from 10,000 to 50,000, and never fewer than test rows."""
    rows = test.rows
    width = max(1, math.prod(rows.shape[1:]))
    helpful = min(MOST_SAMPLES, SAMPLES_A_ROW * len(rows), MOST_NUMBERS // width)
    return max(FEWEST_SAMPLES, len(rows), helpful)


def rows_of_run(run: LoadedRun) -> RunRows:
    """Read the rows of a run again, as they were split for training.

    Raises:
        CheckpointError: If they have changed since.
        DataError: If they cannot be read, or the test rows are too few.
    """
    dataset = load_dataset(run.config.data, run.config.seed)
    rows = RunRows(dataset, dataset.digest)
    rows.require(run)
    if len(dataset.test) < MINIMUM_ROWS:
        raise DataError(
            f"{dataset.description}: {len(dataset.test)} test rows, and at least {MINIMUM_ROWS} are needed: "
            "train with a larger share or a file in data.split.test, or compare two files with --p and --q"
        )
    return rows


def check_count(num_samples: int | None) -> None:
    """Refuse a number of rows that nothing could be estimated from, before any is read or drawn.

    Raises:
        UsageError: If it is too small.
    """
    if num_samples is not None and num_samples < MINIMUM_ROWS:
        raise UsageError(f"--num-samples must be at least {MINIMUM_ROWS}, got {num_samples}")


def sides_of_run(
    checkpoint: str | Path,
    wanted: Sequence[FDivergence],
    *,
    num_samples: int | None,
    seed: int,
    step: int | str | None = None,
    seed_index: int = 0,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
) -> Sides:
    """The test rows of a run (P) and fresh samples of its generator (Q).

    Raises:
        CheckpointError: If the checkpoint is missing or damaged.
        DataError: If the data cannot be read again, or have changed, or are too few.
    """
    run = load(checkpoint, step=step, seed_index=seed_index, generator=generator, critic=critic)
    rows = rows_of_run(run)
    return rows.sides(run, wanted, num_samples=num_samples, seed=seed, seed_index=seed_index)


def _test_source(config: ExperimentConfig, description: str) -> str:
    """Where the test rows come from: a file of their own, or the data."""
    split = getattr(config.data, "split", None)
    return split.test if split is not None and isinstance(split.test, str) else description
