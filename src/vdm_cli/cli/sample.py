"""`vdm sample`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vdm_cli.cli.arguments import Checkpoint, Seed, SeedIndex, Step
from vdm_cli.options import parse_conditions, parse_step


def sample(
    checkpoint: Checkpoint,
    num_samples: Annotated[
        int | None, typer.Option(min=1, help="How many rows.  [dim](default: 10000)[/dim]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help=".npy .npz .csv .parquet or .png  [dim](default: in the run's samples/)[/dim]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    seed: Seed = 0,
    step: Step = None,
    seed_index: SeedIndex = 0,
    condition: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What samples of a conditional run are given; repeatable."),
    ] = None,
    condition_file: Annotated[
        Path | None, typer.Option(help="A table of conditions, one row a sample.")
    ] = None,
) -> None:
    """Draw samples from a trained generator, in the data's own columns, types, decimals and range."""
    chosen = parse_step(step)
    from vdm_cli.commands.sample import sample as run
    from vdm_cli.console import show_note, show_result

    result = run(
        checkpoint,
        num_samples=num_samples,
        output=output,
        force=force,
        seed=seed,
        step=chosen,
        seed_index=seed_index,
        condition=parse_conditions(condition or []),
        condition_file=condition_file,
    )
    shape = " x ".join(str(side) for side in (result.count, *result.shape))
    show_note(f"{shape} samples of step {result.step}")
    show_result(str(result.output))
