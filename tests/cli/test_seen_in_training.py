"""What a run shows of itself: the exact divergence beside the bound, its pictures and their animation."""

from __future__ import annotations

import dataclasses
import json
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from PIL import Image

import vdm_cli
from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.commands.live import LiveDivergence
from vdm_cli.commands.run_pictures import PicturesOfRun
from vdm_cli.commands.witness import live_witness, optimal_witness, witness_scale
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.errors import Interrupted
from vdm_cli.run_directory import RunDirectory

SCRIPT = Path(__file__).parents[2] / "docs" / "figures" / "covering_dropping.py"
LINE = {"kind": "gaussian_mixture", "means": [-1.0, 2.0], "stds": [0.5, 1.0], "size": None}
PLANE = {"kind": "ring", "modes": 3, "radius": 1.0, "std": 0.3, "size": None}
LIPSCHITZ = {"kind": "gradient_penalty", "weight": 10.0}


def experiment(**sections: Any) -> ExperimentConfig:
    """An affine generator on the line; ten lines of metrics and one checkpoint, as they take seconds."""
    return ExperimentConfig.model_validate(
        {
            "name": "seen",
            "divergence": "kl",
            "data": LINE,
            "latent": {"kind": "normal", "dim": sections.pop("dim", 1)},
            "generator": {"kind": "affine"},
            "critic": {"hidden": [16], "activation": "tanh"},
            "objective": {"generator_loss": "minimax", "penalties": []},
            "optimizers": {
                "critic": {"kind": "adam", "learning_rate": 0.01},
                "generator": {"kind": "adam", "learning_rate": 0.003},
            },
            "training": {
                "steps": 200,
                "batch_size": 256,
                "critic_steps": 2,
                "log_every": 20,
                **sections.pop("training", {}),
            },
            "checkpoints": {"every": 200},
            **sections,
        }
    )


SHORT: dict[str, Any] = {
    "training": {"steps": 4, "log_every": 2, "batch_size": 24},
    "checkpoints": {"every": 4},
}


class Listener:
    """Keeps what the progress line would show; asks the run to stop once it has passed a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.shown: list[dict[str, float]] = []
        self._stop_at = stop_at

    def note(self, text: str) -> None:
        """Hear nothing."""

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        """Keep the values."""
        self.shown.append(values)
        if step == self._stop_at:
            signal.raise_signal(signal.SIGTERM)


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def live_density(run: Path, seed_index: int) -> GaussianMixture:
    loaded = vdm_cli.load(run, seed_index=seed_index)
    params = jax.tree.map(lambda leaf: leaf[seed_index], loaded.state.generator.params)
    density = dataclasses.replace(loaded.generator, params=params).density()
    assert density is not None
    return density


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two seeds whose law is known at every step."""
    run = tmp_path_factory.mktemp("runs") / "line"
    vdm_cli.train(experiment(training={"num_seeds": 2}), run_dir=run)
    return run


def test_the_exact_divergence_is_that_of_the_live_generator_of_each_seed(line: Path) -> None:
    records = {record["step"]: record for record in metrics(line)}
    assert all(len(record["seeds"]["exact_divergence"]) == 2 for record in records.values())
    law = load_dataset(experiment().data, 0).law
    assert law is not None
    expected = [exact_divergence(catalog()["kl"], law, live_density(line, index)) for index in (0, 1)]
    assert records[200]["seeds"]["exact_divergence"] == pytest.approx(expected, rel=1e-9)
    assert records[200]["exact_divergence"] == pytest.approx(np.mean(expected), rel=1e-9)
    averaged = vdm_cli.load(line).generator.density()
    assert averaged is not None
    assert exact_divergence(catalog()["kl"], law, averaged) != pytest.approx(expected[0], rel=1e-6)


def test_the_bound_stays_below_the_exact_divergence_on_average(line: Path) -> None:
    late = [record["seeds"] for record in metrics(line)[5:]]
    gaps = np.asarray([np.subtract(seeds["exact_divergence"], seeds["bound"]) for seeds in late])
    error = gaps.std(axis=0) / np.sqrt(len(gaps))
    assert (gaps.mean(axis=0) > -3.0 * error).all()
    assert (gaps.mean(axis=0) < 0.1).all()


def test_in_the_plane_it_is_measured_at_checkpoints_and_stays_on_the_line(tmp_path: Path) -> None:
    listener = Listener()
    config = experiment(data=PLANE, dim=2, **SHORT)
    vdm_cli.train(config, run_dir=tmp_path / "run", report=listener)
    known = {record["step"]: record.get("exact_divergence") for record in metrics(tmp_path / "run")}
    assert list(known) == [2, 4]
    assert known[2] is None
    assert known[4] > 0.0
    assert [list(shown)[:2] for shown in listener.shown] == [["bound", "it/s"], ["bound", "exact"]]


def test_an_infinite_divergence_is_null_in_the_metrics_and_told_on_the_line(tmp_path: Path) -> None:
    """A hundredth of the data is a hundred times wider than the rest, and than any first Gaussian."""
    tails = {"kind": "gaussian_mixture", "means": [0, 0], "weights": [99, 1], "stds": [1, 100], "size": None}
    listener = Listener()
    config = experiment(divergence="pearson_chi2", data=tails, **SHORT)
    vdm_cli.train(config, run_dir=tmp_path / "run", report=listener)
    assert [record["exact_divergence"] for record in metrics(tmp_path / "run")] == [None, None]
    assert [shown["exact"] for shown in listener.shown] == [np.inf, np.inf]


@pytest.mark.parametrize(
    ("sections", "columns"),
    [
        ({}, 1),
        ({"data": PLANE, "dim": 2}, 2),
        ({"generator": {"kind": "mlp", "hidden": [4]}}, 0),
        ({"latent": {"kind": "uniform", "dim": 1}}, 0),
        ({"objective": {"packing": 2}, "data": PLANE, "dim": 2}, 0),
        ({"objective": {"pairing": "relativistic"}}, 0),
        ({"divergence": "wasserstein", "objective": {"penalties": [LIPSCHITZ]}}, 0),
    ],
)
def test_what_is_not_known_or_not_bounded_is_left_out_but_everything_is_drawn(
    tmp_path: Path, sections: dict[str, Any], columns: int
) -> None:
    config = experiment(**sections)
    built = build_experiment(config, load_dataset(config.data, 0))
    state = built.initial_state()
    live = LiveDivergence(built)
    known = live(state)
    assert (known is not None) == (columns > 0)
    assert known is None or live.quick == (columns == 1)
    PicturesOfRun(built, RunDirectory(tmp_path)).draw(state, 7)
    with Image.open(tmp_path / "samples" / "step-00000007.png") as picture:
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 20


def test_the_animation_starts_at_step_0_and_holds_the_last_frame(line: Path) -> None:
    frames = sorted((line / "samples").glob("step-*.png"))
    assert [int(frame.stem[5:]) for frame in frames] == list(range(0, 220, 20))
    with Image.open(line / "samples" / "training.gif") as animation:
        assert animation.n_frames == len(frames)
        durations = []
        for index in range(animation.n_frames):
            animation.seek(index)
            durations.append(animation.info["duration"])
        assert len(set(durations[:-1])) == 1
        assert durations[-1] > 5 * durations[0]
        assert animation.info["loop"] == 0
        animation.seek(0)
        shown, drawn = animation.convert("RGB"), Image.open(frames[0]).convert("RGB")
        difference = np.abs(np.asarray(shown, float) - np.asarray(drawn, float)).mean()
    assert difference < 3.0  # of 255: the palette


def test_an_interrupted_run_is_animated_and_resumes_to_the_same_bytes(line: Path, tmp_path: Path) -> None:
    config, run = experiment(training={"num_seeds": 2}), tmp_path / "run"
    with pytest.raises(Interrupted):
        vdm_cli.train(config, run_dir=run, report=Listener(stop_at=120))
    with Image.open(run / "samples" / "training.gif") as animation:
        assert animation.n_frames == 8  # steps 0 to 140
    vdm_cli.train(config, run_dir=run, resume=True)
    assert (run / "metrics.jsonl").read_bytes() == (line / "metrics.jsonl").read_bytes()
    drawn, expected = (
        {entry.name: entry.read_bytes() for entry in (each / "samples").iterdir()} for each in (run, line)
    )
    assert drawn == expected
    (run / "samples" / "training.gif").unlink()
    vdm_cli.train(config, run_dir=run, resume=True)
    assert (run / "samples" / "training.gif").read_bytes() == expected["training.gif"]


@pytest.mark.parametrize("name", [*catalog(), "wasserstein"])
def test_every_divergence_has_levels_of_its_witness(name: str) -> None:
    penalties = [LIPSCHITZ] if name == "wasserstein" else []
    config = experiment(divergence=name, objective={"penalties": penalties})
    scale = witness_scale(build_experiment(config, load_dataset(config.data, 0)))
    assert scale is not None
    assert len(scale.levels) >= 10
    assert (np.diff(scale.levels) > 0).all()
    assert np.isfinite([scale.low, scale.high]).all()
    assert scale.low < scale.levels[len(scale.levels) // 2] < scale.high


def test_the_witness_that_is_drawn_is_the_critics_and_the_optimum_is_that_of_the_density_ratio() -> None:
    """The mean of T over P less that of f* after T over Q is D_f at the optimum, and less elsewhere."""
    config = experiment()
    dataset = load_dataset(config.data, 0)
    built = build_experiment(config, dataset)
    p, q = dataset.law, GaussianMixture.gaussian(1.0, 2.0)
    assert p is not None
    grid = np.linspace(-14.0, 15.0, 20_001)[:, None]
    masses = [np.exp(law.log_density(grid)) * (grid[1, 0] - grid[0, 0]) for law in (p, q)]
    values = []
    for witness in (optimal_witness(catalog()["kl"], p, q), live_witness(built, built.initial_state())):
        t = witness(grid)
        values.append(masses[0] @ t - masses[1] @ np.exp(t - 1.0))
    exact = exact_divergence(catalog()["kl"], p, q)
    assert values[0] == pytest.approx(exact, abs=1e-6)
    assert values[1] < values[0] - 0.01


def test_fits_by_two_divergences_are_measured_by_both_and_drawn(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vdm_cli.train(experiment(divergence="reverse_kl", **SHORT), run_dir=tmp_path / "other")
    output = tmp_path / "new" / "fits.png"
    arguments = [str(SCRIPT), str(line), str(tmp_path / "other"), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 0
    header, *rows = (row.split() for row in capsys.readouterr().out.splitlines())
    assert header == ["fitted", "by", "mean", "sd", "kl", "reverse_kl"]
    assert [row[0] for row in rows] == ["kl", "reverse_kl"]
    law, density = load_dataset(experiment().data, 0).law, vdm_cli.load(line).generator.density()
    assert law is not None
    assert density is not None
    for name, value in zip(header[4:], rows[0][3:], strict=True):
        assert float(value) == pytest.approx(exact_divergence(catalog()[name], law, density), abs=1e-5)
    with Image.open(output) as picture:
        assert picture.width > 900


def test_runs_whose_law_is_unknown_are_refused_by_name(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(reference), "--output", str(tmp_path / "fits.png")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 2
    assert f"{reference}: its data are no synthetic law" in capsys.readouterr().err
    assert not (tmp_path / "fits.png").exists()
