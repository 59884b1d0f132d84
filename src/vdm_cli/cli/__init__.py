"""The command line: options, help and the one error boundary; every command is imported when it runs."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vdm_cli.cli.evaluate import eval_divergence
from vdm_cli.cli.explain import divergences
from vdm_cli.cli.sample import sample
from vdm_cli.cli.train import train
from vdm_cli.errors import Interrupted, VdmError


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


app.command()(train)
app.command()(sample)
app.command("eval-divergence")(eval_divergence)
app.command()(divergences)
