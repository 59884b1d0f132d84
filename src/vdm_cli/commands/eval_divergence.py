"""Measure f-divergences: `vdm eval-divergence`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import flax.linen as nn

from vdm_cli.commands.evaluation import Asked, Evaluation, evaluate
from vdm_cli.commands.file_sides import sides_of_files
from vdm_cli.commands.run_sides import check_count, sides_of_run
from vdm_cli.data.choice import Choice
from vdm_cli.data.weight_column import parse_weight_column
from vdm_cli.estimation.budget import BudgetName


def eval_checkpoint(
    checkpoint: str | Path,
    *,
    divergences: Sequence[str] = (),
    expressions: Sequence[str] = (),
    num_samples: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    step: int | str | None = None,
    seed_index: int = 0,
    budget: BudgetName = "default",
    features: str | None = None,
    noise: float | None = None,
    metrics: Sequence[str] | None = None,
    generator: nn.Module | None = None,
    critic: nn.Module | None = None,
    progress: Callable[[float], None] | None = None,
) -> Evaluation:
    """Compare the test rows of a run (P) with fresh samples of its generator (Q).

    Args:
        checkpoint: A run directory, its ``checkpoints`` or the directory of one step.
        divergences: ``NAME[:PARAM]`` each; all named ones if nothing is asked for.
        expressions: A convex f of u each, such as ``u*log(u)``; they come after the named ones.
        num_samples: Rows drawn from the generator, rounded and clipped as `vdm sample` writes them; if None
            10,000, or up to 50,000 where these help: five a test row, and never fewer than test rows.
        level: Of intervals and certificates.
        seed: Of the draw, the split and the critics.
        step: A number, ``latest`` (also None) or ``best``.
        seed_index: Which of the run's seeds.
        budget: ``fast``, ``default`` or ``thorough``.
        features: ``pca:K`` or a file of ``jax.export``: compare mapped rows, or images in features beside
            their pixels; images have ``pca:50`` if None.
        noise: Compare rows with noise of so many standard deviations; none if None.
        metrics: Names of measures beside the divergences, ``all`` or ``none``; all that apply if None.
        generator: The module that the run was trained with, where it was not a configured one.
        critic: The same for the critic.
        progress: Called with the share of the work done.

    Raises:
        UsageError: If a divergence, an expression or a measure is none, or the rows asked for are too few.
        CheckpointError: If the checkpoint is missing or damaged.
        DataError: If the data cannot be read again, or have changed, or are too few.
    """
    check_count(num_samples)
    asked = Asked.parse(
        divergences,
        expressions,
        level=level,
        seed=seed,
        budget=budget,
        features=features,
        noise=noise,
        metrics=metrics,
    )
    sides = sides_of_run(
        checkpoint,
        asked.divergences,
        num_samples=num_samples,
        seed=seed,
        step=step,
        seed_index=seed_index,
        generator=generator,
        critic=critic,
    )
    return evaluate(sides, asked, progress)


def eval_files(
    p: str | Path,
    q: str | Path,
    *,
    divergences: Sequence[str] = (),
    expressions: Sequence[str] = (),
    num_samples: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    budget: BudgetName = "default",
    features: str | None = None,
    noise: float | None = None,
    metrics: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    p_weights: str | None = None,
    q_weights: str | None = None,
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
        budget: ``fast``, ``default`` or ``thorough``.
        features: ``pca:K`` or a file of ``jax.export``: compare mapped rows, or images in features beside
            their pixels; images have ``pca:50`` if None.
        noise: Compare rows with noise of so many standard deviations; none if None.
        metrics: Names of measures beside the divergences, ``all`` or ``none``; all that apply if None.
        columns: Names of the columns that are compared; all if None.
        drop: Names of columns that are left out.
        p_weights: ``COLUMN`` or ``COLUMN:MAX``: the weights of the rows of P, a column (or another array of
            an .npz or HDF5 file) that is not compared, and the largest that any row of P's law could have;
            without it nothing is certified.
        q_weights: The same of Q.
        progress: Called with the share of the work done.

    Raises:
        UsageError: If a divergence, an expression or a measure is none, weights are misspelled, or the rows
            asked for are too few.
        DataError: If a file cannot be read, the columns differ, the rows are too few, or weights are none.
    """
    check_count(num_samples)
    asked = Asked.parse(
        divergences,
        expressions,
        level=level,
        seed=seed,
        budget=budget,
        features=features,
        noise=noise,
        metrics=metrics,
    )
    choice = Choice(
        None if columns is None else tuple(columns),
        tuple(drop),
        parse_weight_column(p_weights, "--p-weights"),
        parse_weight_column(q_weights, "--q-weights"),
        num_samples,
        seed,
    )
    sides = sides_of_files(p, q, choice)
    return evaluate(sides, asked, progress)
