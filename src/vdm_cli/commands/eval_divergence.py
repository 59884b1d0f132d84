"""Measure f-divergences: `vdm eval-divergence`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flax.linen as nn
import numpy as np

from vdm_cli.build.dataset import load_dataset
from vdm_cli.commands.load import load
from vdm_cli.comparison.compare import Comparison, compare_tables
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.dataset import Part
from vdm_cli.data.features import fit_features
from vdm_cli.data.form import Form
from vdm_cli.data.pair import read_pair
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.known import KnownValue, known_divergences
from vdm_cli.divergences.names import constants_told, parse_divergences
from vdm_cli.errors import CheckpointError, DataError
from vdm_cli.estimation.estimate import MINIMUM_ROWS, estimate_divergences
from vdm_cli.estimation.result import Estimation
from vdm_cli.pictures.images import are_images

DEFAULT_COUNT = 10_000


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


@dataclass(frozen=True)
class Evaluation:
    """Estimates with the samples they were made from.

    Attributes:
        sides: P and Q.
        estimation: What was found.
        comparison: Marginals and associations, for information; None for images.
    """

    sides: Sides
    estimation: Estimation
    comparison: Comparison | None

    def to_json(self) -> dict[str, Any]:
        """The document of ``--format json``, schema 1."""

        def side(part: Part, source: str) -> dict[str, Any]:
            return {"source": source, "n": len(part), "shape": list(part.rows.shape[1:])}

        sides = self.sides
        found = self.estimation.to_json()
        found["warnings"] = [*sides.warnings, *found["warnings"]]
        columns = () if self.comparison is None else self.comparison.columns
        return {
            "schema": 1,
            "p": side(sides.p, sides.p_source),
            "q": side(sides.q, sides.q_source),
            **found,
            "columns": [column.to_json() for column in columns],
        }


def eval_checkpoint(
    checkpoint: str | Path,
    *,
    divergences: Sequence[str] = (),
    expressions: Sequence[str] = (),
    num_samples: int = DEFAULT_COUNT,
    level: float = 0.95,
    seed: int = 0,
    step: int | str | None = None,
    seed_index: int = 0,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
    progress: Callable[[float], None] | None = None,
) -> Evaluation:
    """Compare the test rows of a run (P) with fresh samples of its generator (Q).

    Args:
        checkpoint: A run directory, its ``checkpoints`` or the directory of one step.
        divergences: ``NAME[:PARAM]`` each; all named ones if nothing is asked for.
        expressions: A convex f of u each, such as ``u*log(u)``; they come after the named ones.
        num_samples: Rows drawn from the generator, rounded and clipped as `vdm sample` writes them.
        level: Of intervals and certificates.
        seed: Of the draw, the split and the critics.
        step: A number, ``latest`` (also None) or ``best``.
        seed_index: Which of the run's seeds.
        generator: The module that the run was trained with, where it was not a configured one.
        critic: The same for the critic.
        progress: Called with the share of the work done.

    Raises:
        UsageError: If a divergence or an expression is none.
        CheckpointError: If the checkpoint is missing or damaged.
        DataError: If the data cannot be read again, or have changed, or are too few.
    """
    wanted = parse_divergences(divergences, expressions)
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
    sides = Sides(
        p=dataset.test,
        q=model,
        columns=dataset.layout.columns,
        forms=dataset.layout.forms,
        label=label,
        p_source=f"{_test_source(run.config, dataset.description)} (test rows)",
        q_source=f"{run.directory.name} (step {run.step}, seed index {seed_index})",
        exact=exact,
        warnings=constants_told(divergences, expressions),
    )
    return _evaluate(sides, wanted, level, seed, progress)


def _test_source(config: ExperimentConfig, description: str) -> str:
    """Where the test rows come from: a file of their own, or the data."""
    split = getattr(config.data, "split", None)
    return split.test if split is not None and isinstance(split.test, str) else description


def eval_files(
    p: str | Path,
    q: str | Path,
    *,
    divergences: Sequence[str] = (),
    expressions: Sequence[str] = (),
    num_samples: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Evaluation:
    """Compare two files of rows; columns are matched by name.

    Args:
        p: Data or reference.
        q: Model or new.
        divergences: ``NAME[:PARAM]`` each; all named ones if nothing is asked for.
        expressions: A convex f of u each, such as ``u*log(u)``; they come after the named ones.
        num_samples: At most so many rows of each file, chosen at random; all if None.
        level: Of intervals and certificates.
        seed: Of the choice, the split and the critics.
        progress: Called with the share of the work done.

    Raises:
        UsageError: If a divergence or an expression is none.
        DataError: If a file cannot be read, the columns differ or the rows are too few.
    """
    wanted = parse_divergences(divergences, expressions)
    first, second, warnings = read_pair(p, q)
    sides = Sides(
        p=_at_most(first.values, num_samples, seed),
        q=_at_most(second.values, num_samples, seed + 1),
        columns=first.columns,
        forms=first.forms,
        label=None,
        p_source=str(p),
        q_source=str(q),
        exact={},
        warnings=(*warnings, *constants_told(divergences, expressions)),
    )
    return _evaluate(sides, wanted, level, seed, progress)


def _at_most(rows: np.ndarray, count: int | None, seed: int) -> Part:
    if count is None or count >= len(rows):
        return Part(rows)
    return Part(rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:count])])


def _evaluate(
    sides: Sides,
    wanted: Sequence[FDivergence],
    level: float,
    seed: int,
    progress: Callable[[float], None] | None,
) -> Evaluation:
    features = fit_features([sides.p.rows, sides.q.rows], sides.forms, sides.label)
    p, q = (features(part.rows, part.labels) for part in (sides.p, sides.q))
    estimation = estimate_divergences(
        p, q, wanted, level=level, seed=seed, exact=sides.exact, progress=progress
    )
    comparison = None
    if not are_images(sides.p.rows.shape[1:]):
        comparison = compare_tables(sides.p.rows, sides.q.rows, sides.columns, sides.forms, seed)
    return Evaluation(sides, estimation, comparison)
