"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Checkpoint = Annotated[Path, typer.Option(help="A run directory, its checkpoints/ or one step's directory.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 2, help="Same seed, same result.")]
SeedIndex = Annotated[int, typer.Option(min=0, help="Which seed of a run with training.num_seeds > 1.")]
Format = Annotated[str, typer.Option(metavar="table|json", help="How to print the result.")]
Step = Annotated[str | None, typer.Option(help="A step, 'latest' or 'best'.  [dim](default: latest)[/dim]")]
