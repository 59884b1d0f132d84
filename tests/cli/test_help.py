"""Help, version and configuration errors are quick: they import no numerics."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cli_harness import Vdm

from vdm_cli import __version__

HEAVY = ("jax", "jaxlib", "flax", "optax", "orbax", "numpy", "scipy", "sklearn", "matplotlib", "pyarrow")
PROBE = f"""
import sys
from vdm_cli.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
print("HEAVY", *[name for name in {HEAVY} if name in sys.modules])
sys.exit(code)
"""
COMMANDS = ([], ["train"], ["sample"], ["eval-divergence"], ["divergences"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["train", "--help"], 0),
        (["train", "--config", "rng"], 2),
        (["train", "--config", "ring", "--set", "training.step=3"], 2),
        (["eval-divergence"], 2),
        (["divergences", "--help"], 0),
        (["divergences", "--plot", "kl.pdf"], 2),
        (["sample", "--checkpoint", ".", "--step", "x"], 2),
    ],
)
def test_no_numerics_are_imported_for(arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == "HEAVY"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_ends_well(vdm: Vdm, command: list[str]) -> None:
    for option in ("--help", "-h"):
        shown = vdm(*command, option)
        assert shown.code == 0
        assert shown.err == ""
        assert max(map(len, shown.out.splitlines())) <= 80


def test_help_says_which_side_is_which(vdm: Vdm) -> None:
    text = " ".join(vdm("eval-divergence", "--help").out.split())
    assert "P: data or reference" in text
    assert "Q: model or new" in text


def test_version(vdm: Vdm) -> None:
    assert vdm("--version").out == f"vdm {__version__}\n"


def test_the_module_is_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vdm_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"vdm {__version__}\n"
