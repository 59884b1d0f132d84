import subprocess
import sys
from pathlib import Path

import pytest

import vdm_cli

ROOT = Path(__file__).parents[1]


def test_modules_import_only_from_layers_below_them():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", ["vdm_cli", "vdm_cli.cli", "vdm_cli.config.load", "vdm_cli.errors"])
def test_what_starts_every_command_does_not_import_jax(module):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"jax", "flax", "numpy"}.isdisjoint(done.stdout.split())


def test_every_public_name_can_be_imported():
    assert dir(vdm_cli) == sorted(vdm_cli.__all__)
    assert all(callable(getattr(vdm_cli, name)) for name in vdm_cli.__all__ if name != "__version__")
    with pytest.raises(AttributeError, match="no attribute 'evaluate'"):
        _ = vdm_cli.evaluate


def test_no_module_is_too_long_to_read_in_one_sitting():
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > 350} == {}
