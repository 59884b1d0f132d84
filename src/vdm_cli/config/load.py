"""From a file or a shipped name, with changes from the command line, to a checked configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vdm_cli.config.data import FileData
from vdm_cli.config.document import MAX_BYTES, Document, read_document
from vdm_cli.config.dump import dump_experiment
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.overrides import apply_override, short_overrides
from vdm_cli.config.places import report
from vdm_cli.config.problems import schema_problems
from vdm_cli.config.shipped import shipped_names, shipped_path
from vdm_cli.data_path import join_name, names_array_of, split_name
from vdm_cli.errors import ConfigError
from vdm_cli.quoting import printable

__all__ = ["dump_experiment", "load_experiment", "short_overrides"]


def load_experiment(config: str, overrides: Sequence[str] = ()) -> ExperimentConfig:
    """Read, change and check one experiment's configuration.

    Args:
        config: A YAML file, or the name of a shipped configuration.
        overrides: ``KEY=VALUE`` each: a dotted key, and its value in YAML.

    Raises:
        ConfigError: With every problem found, each on its own line with its place.
    """
    path, name = _find(config)
    document = read_document(_read(path), str(path))
    for index, override in enumerate(overrides):
        apply_override(document, index, override)
    document.tree.setdefault("name", name)
    return _with_found_files(_validated(document), path.parent)


def _validated(document: Document) -> ExperimentConfig:
    problems = document.problems
    try:
        config = ExperimentConfig.model_validate(document.tree)
    except ValidationError as error:
        raise ConfigError(report(problems + schema_problems(error, document))) from error
    if problems:
        raise ConfigError(report(problems))
    return config


def _find(config: str) -> tuple[Path, str]:
    """The file that `config` means, and the experiment's name if the file gives none."""
    path, shown = Path(config), printable(config)
    if not config:
        raise ConfigError(["the configuration has no name; give a YAML file or a shipped name"])
    try:
        is_there, is_folder = path.exists(), path.is_dir()
    except OSError as error:
        raise ConfigError([f"{shown}: {error.strerror}"]) from error
    if is_there and not is_folder:
        return path, _as_name(path.stem)
    if config in shipped_names():
        return shipped_path(config), _as_name(config)
    if is_folder:
        inside = "; did you mean its config.yaml?" if (path / "config.yaml").is_file() else ""
        raise ConfigError([f"{shown}: a folder, not a YAML file{inside}"])
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        stem = path.with_suffix("").name
        hint = f"; did you mean the shipped '{stem}'?" if stem in shipped_names() else ""
        raise ConfigError([f"{shown}: no such file{hint}"])
    return shipped_path(config), config


def _as_name(text: str) -> str:
    """A run name as near to the text as the rules for names allow."""
    return re.sub(r"[^A-Za-z0-9._+=-]+", "-", text).lstrip("._+=-")[:100] or "run"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error


def _with_found_files(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    """Name files beside the configuration so that they are found from the current folder."""
    data = config.data
    if not isinstance(data, FileData):
        return config
    split = data.split.model_copy(update={key: _found(value, folder) for key, value in data.split})
    labels = data.labels
    if labels is not None and not names_array_of(data.path, labels):
        labels = _found(labels, folder)
    data = data.model_copy(update={"path": _found(data.path, folder), "labels": labels, "split": split})
    return config.model_copy(update={"data": data})


def _found(value: Any, folder: Path) -> Any:
    """A path as it is if it exists, else beside the configuration if it exists there, else as it is."""
    if not isinstance(value, str):
        return value
    file, name = split_name(value)
    return value if _exists(Path(file)) or not _exists(folder / file) else join_name(folder / file, name)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
