"""The command line: options, help and the one error boundary; every command is imported when it runs."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vdm_cli.errors import Interrupted, UsageError, VdmError
from vdm_cli.options import (
    parse_conditions,
    parse_step,
    require_convex,
    require_format,
    require_new,
    require_picture,
)


class _Group(TyperGroup):
    """Turns every expected failure into one message and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VdmError as error:
            from vdm_cli.console import show_error

            show_error(error.title, str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:
            from vdm_cli.console import show_error

            show_error(Interrupted.title, "stopped; nothing was saved")
            raise typer.Exit(Interrupted.exit_code) from None
        except BrokenPipeError:
            raise  # the reader of a pipe has seen enough, as in `vdm divergences | head`
        except OSError as error:  # a full disk, a missing permission, a name that is too long
            from vdm_cli.console import show_error

            where = f"{error.filename}: " if error.filename else ""
            show_error(VdmError.title, f"{where}{error.strerror or error}")
            raise typer.Exit(VdmError.exit_code) from error


app = typer.Typer(
    cls=_Group,
    name="vdm",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train generators by variational divergence minimization, and measure f-divergences from samples.",
)

Checkpoint = Annotated[Path, typer.Option(help="A run directory, its checkpoints/ or one step's directory.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 2, help="Same seed, same result.")]
SeedIndex = Annotated[int, typer.Option(min=0, help="Which seed of a run with training.num_seeds > 1.")]
Format = Annotated[str, typer.Option(metavar="table|json", help="How to print the result.")]
Step = Annotated[str | None, typer.Option(help="A step, 'latest' or 'best'.  [dim](default: latest)[/dim]")]


def main() -> None:
    """Entry point of the console script."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from vdm_cli import __version__

        typer.echo(f"vdm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # XLA's C++ messages; read when JAX is imported


@app.command()
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
    experiment = load_experiment(config, overrides)
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


@app.command()
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


@app.command("eval-divergence")
def eval_divergence(
    checkpoint: Annotated[
        Path | None, typer.Option(help="A run: P is its test rows, Q fresh samples.")
    ] = None,
    p: Annotated[Path | None, typer.Option("--p", help="P: data or reference.")] = None,
    q: Annotated[Path | None, typer.Option("--q", help="Q: model or new.")] = None,
    divergence: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:PARAM]", help="Repeatable.  [dim](default: all named ones)[/dim]"),
    ] = None,
    expression: Annotated[
        list[str] | None,
        typer.Option(metavar="F", help="A convex f of u, such as 'u*log(u)', natural log; repeatable."),
    ] = None,
    num_samples: Annotated[
        int | None,
        typer.Option(min=1, help="Rows drawn from the generator (10000), or used of each file (all)."),
    ] = None,
    level: Annotated[float, typer.Option(help="Of intervals and certificates, e.g. 0.95.")] = 0.95,
    seed: Seed = 0,
    step: Step = None,
    seed_index: SeedIndex = 0,
    format: Format = "table",
    output: Annotated[Path | None, typer.Option(help="Write the result to a new file instead.")] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Draw P beside Q into this folder: marginals and associations, or images."
        ),
    ] = None,
) -> None:
    """Measure how different P (data or reference) and Q (model or new) are, by critics on unseen rows."""
    chosen = parse_step(step)
    if (checkpoint is None) == (p is None and q is None) or (p is None) != (q is None):
        raise UsageError("give --checkpoint RUN, or two files with --p FILE --q FILE")
    if checkpoint is None and (step is not None or seed_index != 0):
        raise UsageError("--step and --seed-index choose a checkpoint: give --checkpoint RUN with them")
    if not 0.5 <= level <= 0.9999:
        raise UsageError(f"--level must be from 0.5 to 0.9999, got {level}")
    require_format(format)
    if output is not None:
        require_new(output, "--output")
    names, expressions = divergence or [], expression or []
    require_convex(names, expressions)

    from vdm_cli.commands.eval_divergence import DEFAULT_COUNT, eval_checkpoint, eval_files
    from vdm_cli.commands.plot_evaluation import check_plots, plot_evaluation
    from vdm_cli.console import estimation_report, show_note, show_result
    from vdm_cli.summary import evaluation_document, evaluation_table

    if plot is not None:
        check_plots(plot)
    with estimation_report() as progress:
        if checkpoint is not None:
            found = eval_checkpoint(
                checkpoint,
                divergences=names,
                expressions=expressions,
                num_samples=num_samples or DEFAULT_COUNT,
                level=level,
                seed=seed,
                step=chosen,
                seed_index=seed_index,
                progress=progress,
            )
        else:
            assert p is not None
            assert q is not None
            found = eval_files(
                p,
                q,
                divergences=names,
                expressions=expressions,
                num_samples=num_samples,
                level=level,
                seed=seed,
                progress=progress,
            )
    text = evaluation_document(found) if format == "json" else evaluation_table(found)
    if output is None:
        show_result(text)
    else:
        output.write_text(text + "\n")
    if plot is not None:
        show_note("pictures: " + ", ".join(map(str, plot_evaluation(found, plot))))


@app.command()
def divergences(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME[:PARAM]]", help="One of them, such as kl or alpha:0.7.", show_default=False
        ),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(metavar="F", help="Check a convex f of u of your own, such as 'u*log(u)', natural log."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Draw f, f*, T, the law of large numbers and the bound; without a name, all f and T.",
        ),
    ] = None,
    format: Format = "table",
) -> None:
    """Explain the named divergences, one of them, or an f of your own: formulas, checks, conventions."""
    if name is not None and expression is not None:
        raise UsageError("give a name or --expression, not both")
    require_format(format)
    if plot is not None:
        require_picture(plot, "--plot")
    if expression is not None:
        require_convex([], [expression])

    from shutil import get_terminal_size

    from vdm_cli.commands.divergences import draw_divergences, explain, explain_all, explain_expression
    from vdm_cli.console import show_note, show_result
    from vdm_cli.explanation import divergence_page, divergence_table, explanations_json

    width = get_terminal_size().columns
    if expression is not None:
        found = [explain_expression(expression)]
    elif name is not None and name != "all":
        found = [explain(name)]
    else:
        found = explain_all()
    if format == "json":
        show_result(explanations_json(found))
    elif len(found) == 1:
        show_result(divergence_page(found[0], width))
    else:
        show_result(divergence_table(found, width))
    if plot is not None:
        draw_divergences(plot, [each.divergence for each in found])
        show_note(f"picture: {plot}")
