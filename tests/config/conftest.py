from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import load_experiment
from vdm_cli.errors import ConfigError

Load = Callable[..., ExperimentConfig]
Problems = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load YAML text as the file x.yaml of the current folder."""
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes, *overrides: str) -> ExperimentConfig:
        Path("x.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        return load_experiment("x.yaml", overrides)

    return run


@pytest.fixture
def problems(load: Load) -> Problems:
    """The problems of YAML text, as lines."""

    def run(content: str | bytes, *overrides: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(content, *overrides)
        assert caught.value.exit_code == 2
        return list(caught.value.problems)

    return run
