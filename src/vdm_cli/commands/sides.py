"""The two samples that an evaluation compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import flax.linen as nn
import numpy as np

from vdm_cli.build.dataset import load_dataset
from vdm_cli.commands.load import load
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.dataset import Part
from vdm_cli.data.form import Form
from vdm_cli.data.pair import read_pair
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import KnownValue, known_divergences
from vdm_cli.errors import CheckpointError, DataError
from vdm_cli.estimation.estimate import MINIMUM_ROWS
from vdm_cli.estimation.weights import Weights


@dataclass(frozen=True)
class Sides:
    """The two samples that are compared.

    Attributes:
        p: Data or reference rows (n, ...) in their own units, with labels where both sides have them.
        q: Model or new rows (m, ...).
        columns: Names of the columns of both; None where they have none.
        forms: How the columns of both are written; empty for plain numbers.
        label: How the labels are written that are compared too; None where none are.
        p_source: What P is, for people.
        q_source: What Q is.
        exact: The true divergences by label, where both densities are known.
        warnings: What a reader must know of the samples.
        p_weights: Of the rows of P; None where all count the same.
        q_weights: Of the rows of Q.
    """

    p: Part
    q: Part
    columns: tuple[str, ...] | None
    forms: tuple[Form, ...]
    label: Form | None
    p_source: str
    q_source: str
    exact: dict[str, KnownValue]
    warnings: tuple[str, ...] = ()
    p_weights: Weights | None = None
    q_weights: Weights | None = None


def sides_of_run(
    checkpoint: str | Path,
    wanted: Sequence[FDivergence],
    *,
    num_samples: int,
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
    dataset = load_dataset(run.config.data, run.config.seed)
    if dataset.digest != run.data_digest:
        raise CheckpointError(
            f"{dataset.description}: the data have changed since {run.directory} was trained on them, so its "
            "test rows are not known any more; compare files with --p and --q instead"
        )
    if len(dataset.test) < MINIMUM_ROWS:
        raise DataError(
            f"{dataset.description}: {len(dataset.test)} test rows, and at least {MINIMUM_ROWS} are needed: "
            "train with a larger share or a file in data.split.test, or compare two files with --p and --q"
        )
    law, density = dataset.law, run.generator.density()
    exact = {} if law is None or density is None else known_divergences(wanted, law, density)
    model = run.generator.part(num_samples, seed)
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
    )


def _test_source(config: ExperimentConfig, description: str) -> str:
    """Where the test rows come from: a file of their own, or the data."""
    split = getattr(config.data, "split", None)
    return split.test if split is not None and isinstance(split.test, str) else description


def sides_of_files(p: str | Path, q: str | Path, *, num_samples: int | None, seed: int) -> Sides:
    """Two files of rows, columns matched by name.

    Raises:
        DataError: If a file cannot be read or the columns differ.
    """
    first, second, warnings = read_pair(p, q)
    return Sides(
        p=_at_most(first.values, num_samples, seed),
        q=_at_most(second.values, num_samples, seed + 1),
        columns=first.columns,
        forms=first.forms,
        label=None,
        p_source=str(p),
        q_source=str(q),
        exact={},
        warnings=warnings,
    )


def _at_most(rows: np.ndarray, count: int | None, seed: int) -> Part:
    if count is None or count >= len(rows):
        return Part(rows)
    return Part(rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:count])])
