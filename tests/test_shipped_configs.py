from pathlib import Path

import jax
import pytest

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.config.data import FileData
from vdm_cli.config.load import load_experiment
from vdm_cli.config.shipped import shipped_names
from vdm_cli.divergences.catalog import catalog

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "configs").rglob("*.yaml"))


def test_every_file_in_configs_is_shipped_under_its_path():
    names = {file.relative_to(ROOT / "configs").with_suffix("").as_posix() for file in FILES}
    assert names == set(shipped_names())
    assert len(FILES) == 13 + len(catalog())


def test_there_is_a_univariate_config_for_every_divergence():
    assert {file.stem for file in FILES if file.parent.name == "univariate"} == set(catalog())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_config_loads_and_builds(file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # data beside the config is found from any folder
    config = load_experiment(str(file))
    if isinstance(config.data, FileData) and config.data.path.startswith(".."):  # data of the user's own
        monkeypatch.chdir(ROOT)
        if not Path(config.data.path).exists():
            pytest.skip(f"needs {config.data.path}")
    experiment = build_experiment(config, load_dataset(config.data, config.seed))
    state = jax.eval_shape(experiment.initial_state)
    assert state.step.shape == (config.training.num_seeds,)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_config_opens_with_its_command_and_what_was_measured(file):
    lines = file.read_text().splitlines()
    name = file.relative_to(ROOT / "configs").with_suffix("").as_posix()
    assert lines[0].startswith(f"# vdm train --config {name} ")
    assert "2 CPU cores" in lines[0]
    assert lines[1].startswith("# measured")


def test_the_readme_table_lists_every_divergence():
    text = (ROOT / "README.md").read_text()
    assert [name for name in catalog() if f"| `{name}` |" not in text] == []
