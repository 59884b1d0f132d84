"""`vdm eval-divergence`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vdm_cli.cli.arguments import Format, Seed
from vdm_cli.data.ratio_file import check_ratio_file
from vdm_cli.data.weight_column import parse_weight_column
from vdm_cli.errors import UsageError
from vdm_cli.options import (
    parse_budget,
    parse_names,
    parse_seed_index,
    parse_steps,
    require_convex,
    require_format,
    require_map,
    require_new,
)
from vdm_cli.two_sample.names import parse_metrics


def eval_divergence(
    checkpoint: Annotated[
        Path | None, typer.Option(help="A run: P is its test rows, Q fresh samples.")
    ] = None,
    p: Annotated[Path | None, typer.Option("--p", help="P: data or reference.")] = None,
    q: Annotated[Path | None, typer.Option("--q", help="Q: model or new.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Columns of two files to compare: only these.")
    ] = None,
    drop: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Columns of two files to leave out.")
    ] = None,
    p_weights: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN[:MAX]",
            help="Weights of P's rows, a column that is not compared; certified only with the largest "
            "that any row could have, MAX.",
        ),
    ] = None,
    q_weights: Annotated[
        str | None, typer.Option(metavar="COLUMN[:MAX]", help="The same of Q's rows.")
    ] = None,
    divergence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:PARAM]",
            help="Which, such as kl or alpha:0.7; repeatable.  [dim](default: all named ones)[/dim]",
        ),
    ] = None,
    expression: Annotated[
        list[str] | None,
        typer.Option(metavar="F", help="A convex f of u, such as 'u*log(u)', natural log; repeatable."),
    ] = None,
    num_samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rows drawn from the generator (10000; up to 50000 where P has more than 2000 rows and they "
            "help), or used of each file (all).",
        ),
    ] = None,
    level: Annotated[float, typer.Option(help="Confidence of intervals and certificates.")] = 0.95,
    seed: Seed = 0,
    budget: Annotated[
        str, typer.Option(metavar="fast|default|thorough", help="How much work goes into the critics.")
    ] = "default",
    features: Annotated[
        str | None,
        typer.Option(
            metavar="pca:K|FILE",
            help="Compare K principal components of rows, or what an exported JAX function makes of them; "
            "images also in pixels.",
        ),
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(metavar="SD", help="Add noise of SD standard deviations to both sides first."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="Measures beside the divergences: c2st, mmd, energy, sliced_wasserstein, precision, recall, "
            "density, coverage, modes, memorization, knn_kl, renyi, all or none.  [dim](default: all that "
            "apply)[/dim]",
        ),
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(
            help="A step, 'latest', 'best', or 'all': a row for each kept one.  [dim](default: latest)[/dim]"
        ),
    ] = None,
    seed_index: Annotated[
        str | None,
        typer.Option(
            metavar="I|all",
            help="Which seed of a run with training.num_seeds > 1, or all of them.  [dim](default: 0)[/dim]",
        ),
    ] = None,
    format: Format = "table",
    output: Annotated[Path | None, typer.Option(help="Write the result to a new file instead.")] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw P beside Q into this folder: marginals and associations, or images; log-ratios and "
            "their calibration; what each column or pixel tells alone.",
        ),
    ] = None,
    ratios: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every evaluated row's log p/q, and the weight that turns Q into P, to a new .csv, "
            ".parquet, .npz or .npy.",
        ),
    ] = None,
) -> None:
    """Measure how different P (data or reference) and Q (model or new) are, by critics on unseen rows."""
    chosen, index, work = parse_steps(step), parse_seed_index(seed_index), parse_budget(budget)
    if (checkpoint is None) == (p is None and q is None) or (p is None) != (q is None):
        raise UsageError("give --checkpoint RUN, or two files with --p FILE --q FILE")
    if checkpoint is None and (step is not None or seed_index is not None):
        raise UsageError("--step and --seed-index choose a checkpoint: give --checkpoint RUN with them")
    compared, dropped = parse_names(columns, "--columns"), parse_names(drop, "--drop") or ()
    for option, text in (("--p-weights", p_weights), ("--q-weights", q_weights)):
        parse_weight_column(text, option)
    if p is None and any(each is not None for each in (columns, drop, p_weights, q_weights)):
        raise UsageError("--columns, --drop, --p-weights and --q-weights are for files: give --p and --q too")
    if not 0.5 <= level <= 0.9999:
        raise UsageError(f"--level must be from 0.5 to 0.9999, got {level}")
    require_format(format)
    if output is not None:
        require_new(output, "--output")
    if ratios is not None:
        check_ratio_file(ratios, "--ratios ")
        if output is not None and output.absolute() == ratios.absolute():
            raise UsageError(f"--output and --ratios name the same file, {ratios}")
        if "all" in (chosen, index):
            raise UsageError(
                "--ratios is for one step and one seed: choose them with --step and --seed-index"
            )
    names, expressions = divergence or [], expression or []
    require_convex(names, expressions)
    require_map(features, noise)
    parse_metrics(metrics or None)

    if checkpoint is not None and "all" in (chosen, index):
        _follow(
            checkpoint,
            output,
            plot,
            format,
            divergences=names,
            expressions=expressions,
            num_samples=num_samples,
            level=level,
            seed=seed,
            step=chosen,
            seed_index=index,
            budget=work,
            features=features,
            noise=noise,
            metrics=metrics or None,
        )
        return

    from vdm_cli.commands.eval_divergence import eval_checkpoint, eval_files
    from vdm_cli.commands.plot_evaluation import check_plots, plot_evaluation
    from vdm_cli.commands.ratios import save_ratios
    from vdm_cli.console import estimation_report, show_note, show_result
    from vdm_cli.rows_told import weights_told
    from vdm_cli.verdict import evaluation_document, evaluation_table

    if plot is not None:
        check_plots(plot)
    with estimation_report() as progress:
        if checkpoint is not None:
            found = eval_checkpoint(
                checkpoint,
                divergences=names,
                expressions=expressions,
                num_samples=num_samples,
                level=level,
                seed=seed,
                step=chosen,
                seed_index=int(index),
                budget=work,
                features=features,
                noise=noise,
                metrics=metrics or None,
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
                budget=work,
                features=features,
                noise=noise,
                metrics=metrics or None,
                columns=compared,
                drop=dropped,
                p_weights=p_weights,
                q_weights=q_weights,
                progress=progress,
            )
    text = evaluation_document(found) if format == "json" else evaluation_table(found)
    if output is None:
        show_result(text)
    else:
        output.write_text(text + "\n")
    if plot is not None:
        show_note("pictures: " + ", ".join(map(str, plot_evaluation(found, plot))))
    if ratios is not None:
        show_note(f"ratios: {save_ratios(found, ratios)}: {weights_told(found.weights)}")


def _follow(checkpoint: Path, output: Path | None, plot: Path | None, format: str, **asked: Any) -> None:
    """Several steps or seeds of a run."""
    from vdm_cli.commands.follow import follow_run
    from vdm_cli.commands.plot_evaluation import check_plots
    from vdm_cli.commands.plot_followed import EVALUATIONS, plot_followed
    from vdm_cli.console import estimation_report, show_note, show_result
    from vdm_cli.follow_table import followed_document, followed_table, shown_labels

    if plot is not None:
        check_plots(plot, (EVALUATIONS,))
    with estimation_report() as progress:
        found = follow_run(checkpoint, **asked, progress=progress)
    text = followed_document(found) if format == "json" else followed_table(found)
    if output is None:
        show_result(text)
    else:
        output.write_text(text + "\n")
    if plot is not None:
        show_note("pictures: " + ", ".join(map(str, plot_followed(found, shown_labels(found), plot))))
