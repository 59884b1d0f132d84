"""Draws fits of one law by different divergences side by side, and measures each by every divergence.

    vdm train --config univariate/kl
    vdm train --config univariate/reverse_kl
    python docs/figures/covering_dropping.py runs/univariate-kl runs/univariate-reverse_kl --output fits.png

KL(P || Q) is large where p is and q is not, so its fit covers both modes of the data; reverse KL is large
where q is and p is not, so its fit leaves the narrow mode and keeps to the wide one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import vdm_cli
from vdm_cli.build.dataset import load_dataset
from vdm_cli.console import show_result, table_text
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.errors import UsageError, VdmError
from vdm_cli.pictures.figure import save_figure
from vdm_cli.pictures.fits import Fit, draw_fits


def measured_fits(runs: list[str]) -> tuple[GaussianMixture, list[Fit]]:
    """The law that the runs fitted, and each run's fit by the divergences of all of them."""
    loaded = [vdm_cli.load(run) for run in runs]
    if any(run.config.data != loaded[0].config.data for run in loaded):
        raise UsageError("the runs were trained on different data; give runs of one law")
    p = load_dataset(loaded[0].config.data, loaded[0].config.seed).law
    if p is None or p.dim != 1:
        raise UsageError(f"{runs[0]}: its data are no synthetic law of one number, such as univariate/kl's")
    laws, divergences = [], {}
    for name, run in zip(runs, loaded, strict=True):
        divergence, law = run.players.objective.divergence, run.generator.density()
        if law is None or not isinstance(divergence, FDivergence):
            raise UsageError(f"{name}: it needs an f-divergence, an affine generator and a normal latent")
        laws.append((divergence.label, law))
        divergences[divergence.label] = divergence
    fits = []
    for label, law in laws:
        values = {name: exact_divergence(each, p, law) for name, each in divergences.items()}
        fits.append(Fit(label, law, {name: value for name, value in values.items() if value is not None}))
    return p, fits


def cross_table(fits: list[Fit]) -> str:
    """One line a fit: its mean and standard deviation, and the exact D_f(P || Q) of every kind in nats."""
    names = list(fits[0].divergences)
    rows = [
        [
            fit.label,
            f"{fit.law.mean[0]:.4f}",
            f"{np.sqrt(fit.law.covariance[0, 0]):.4f}",
            *(f"{fit.divergences[name]:.5f}" for name in names),
        ]
        for fit in fits
    ]
    return table_text(["fitted by", "mean", "sd", *names], rows)


def main() -> int:
    """Read the runs, print the table, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run directory of `vdm train`")
    parser.add_argument("--output", required=True, metavar="FILE", help="the picture, a PNG")
    arguments = parser.parse_args()
    try:
        p, fits = measured_fits(arguments.runs)
    except VdmError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    show_result(cross_table(fits))
    save_figure(draw_fits(p, fits), Path(arguments.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())
