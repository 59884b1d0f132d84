"""`vdm train`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vdm_cli.errors import UsageError


def train(
    config: Annotated[str, typer.Option(help="A YAML file, or the name of a shipped one: ring, digits, ...")],
    override: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one value; repeatable.")
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the run goes.  [dim](default: runs/NAME)[/dim]")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run, bit for bit.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
    init_from: Annotated[
        Path | None, typer.Option(help="Start from the weights of another run, at step 0.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop after N checkpoints without a better one: checkpoints.patience.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the resolved config and the parameter counts; write nothing."),
    ] = False,
) -> None:
    """Train a generator by minimizing an f-divergence's variational bound."""
    from vdm_cli.config.divergence import constant_told
    from vdm_cli.config.load import load_experiment, short_overrides
    from vdm_cli.console import show_note

    if resume and overwrite:
        raise UsageError("--resume continues a run and --overwrite replaces it: give one of them")
    overrides = override or []
    stopping = [] if patience is None else [f"checkpoints.patience={patience}"]
    experiment = load_experiment(config, [*overrides, *stopping])
    directory = run_dir or Path("runs") / (experiment.name + short_overrides(overrides))
    if said := constant_told(experiment.divergence):
        show_note(said)
    if dry_run:
        _dry_run(experiment)
        return

    from vdm_cli.commands.train import train as run
    from vdm_cli.console import show_result, training_report
    from vdm_cli.summary import training_summary

    with training_report(experiment.training.steps) as report:
        result = run(
            experiment,
            run_dir=directory,
            resume=resume,
            overwrite=overwrite,
            init_from=init_from,
            report=report,
            command=shlex.join(["vdm", *sys.argv[1:]]),
        )
    show_result(training_summary(result))


def _dry_run(experiment: Any) -> None:
    from vdm_cli.commands.train import plan
    from vdm_cli.config.load import dump_experiment
    from vdm_cli.console import show_result

    found = plan(experiment)
    rows = "fresh at every step" if found.train_rows is None else f"{found.train_rows:,}"
    generator, critic = found.generator_parameters, found.critic_parameters
    show_result(
        dump_experiment(found.config).rstrip()
        + f"\n# parameters: generator {generator:,}, critic {critic:,}; training rows: {rows}"
    )
