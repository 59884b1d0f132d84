"""Variational divergence minimization: train generators by f-divergences, and measure them from samples.

The commands as functions, imported when first used:

    train(config) -> TrainResult                     `vdm train`
    load(run) -> LoadedRun                           a checkpoint, ready to sample
    sample(run, output=...) -> SampleResult          `vdm sample`
    eval_checkpoint(run), eval_files(p, q) -> Evaluation   `vdm eval-divergence`
    plot_evaluation(evaluation, directory)           its `--plot`
    follow_run(run) -> Followed                      its `--step all` and `--seed-index all`
    save_ratios(evaluation, path)                    its `--ratios`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vdm_cli.commands.eval_divergence import eval_checkpoint, eval_files
    from vdm_cli.commands.follow import follow_run
    from vdm_cli.commands.load import load
    from vdm_cli.commands.plot_evaluation import plot_evaluation
    from vdm_cli.commands.ratios import save_ratios
    from vdm_cli.commands.sample import sample
    from vdm_cli.commands.train import train

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "eval_checkpoint",
    "eval_files",
    "follow_run",
    "load",
    "plot_evaluation",
    "sample",
    "save_ratios",
    "train",
]

_MODULES = {
    "train": "train",
    "load": "load",
    "sample": "sample",
    "eval_checkpoint": "eval_divergence",
    "eval_files": "eval_divergence",
    "follow_run": "follow",
    "plot_evaluation": "plot_evaluation",
    "save_ratios": "ratios",
}


def __getattr__(name: str) -> Any:
    """Import a command when it is first used: `import vdm_cli` alone stays free of JAX."""
    if name not in _MODULES:
        raise AttributeError(f"module 'vdm_cli' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"vdm_cli.commands.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
