"""The configurations that travel with the program."""

from __future__ import annotations

from pathlib import Path

from vdm_cli.config.words import did_you_mean
from vdm_cli.errors import ConfigError
from vdm_cli.quoting import printable


def shipped_names() -> list[str]:
    """Their names, sorted: ``ring``, ``univariate/kl``."""
    folder = _folder()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def shipped_path(name: str) -> Path:
    """The file of one of them.

    Raises:
        ConfigError: If there is none of that name.
    """
    names = shipped_names()
    if name not in names:
        hint, listed = did_you_mean(name, names), ", ".join(names) or "none"
        raise ConfigError(
            [f"{printable(name)}: no such file, and no shipped configuration{hint} (shipped: {listed})"]
        )
    return _folder() / f"{name}.yaml"


def _folder() -> Path:
    """``vdm_cli/configs`` of an installed wheel, or ``configs`` of a source checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parents[1] / "configs"
