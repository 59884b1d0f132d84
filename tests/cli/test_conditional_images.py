"""Images with labels beside them: asked for by class, written with their classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_harness import Vdm
from PIL import Image

TINY = """\
data: {path: %s, labels: %s, condition: [label]}
generator: {kind: conv, channels: 4}
critic: {kind: conv, channels: 4}
training: {steps: 6, batch_size: 8, log_every: 3, ema_decay: 0.9}
checkpoints: {every: 6}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, vdm: Vdm) -> Path:
    folder = tmp_path_factory.mktemp("images")
    labels = np.random.default_rng(0).integers(0, 3, 600)
    np.save(
        folder / "images.npy", np.full((600, 8, 8), 60, np.uint8) * labels[:, None, None].astype(np.uint8)
    )
    np.save(folder / "labels.npy", labels)
    config = folder / "tiny.yaml"
    config.write_text(TINY % (folder / "images.npy", folder / "labels.npy"))
    outcome = vdm("train", "--config", config, "--run-dir", folder / "run")
    assert outcome.code == 0, outcome.err
    return folder / "run"


def test_samples_carry_their_classes(run: Path, vdm: Vdm, tmp_path: Path) -> None:
    outcome = vdm("sample", "--checkpoint", run, "--num-samples", 1_500, "--output", tmp_path / "all.npz")
    assert outcome.code == 0, outcome.err
    with np.load(tmp_path / "all.npz") as written:
        assert written["samples"].shape == (1_500, 8, 8)
        assert written["samples"].dtype == np.uint8
        assert written["label"].dtype == np.int64
        shares = np.bincount(written["label"]) / 1_500
    np.testing.assert_allclose(shares, [1 / 3] * 3, atol=0.1)  # 480 training rows: 4 standard errors


def test_a_class_that_is_asked_for_is_given(run: Path, vdm: Vdm, tmp_path: Path) -> None:
    asked = ["--condition", "label=2", "--num-samples", 10]
    assert vdm("sample", "--checkpoint", run, *asked, "--output", tmp_path / "two.npz").code == 0
    with np.load(tmp_path / "two.npz") as written:
        np.testing.assert_array_equal(written["label"], 2)
    outcome = vdm("sample", "--checkpoint", run, "--condition", "label=3", "--output", tmp_path / "three.npz")
    assert outcome.code == 2
    assert "label=3: no such class in the training data (0, 1, 2)" in outcome.err


def test_images_are_drawn_as_one_grid(run: Path, vdm: Vdm, tmp_path: Path) -> None:
    asked = ["--num-samples", 9, "--output", tmp_path / "grid.png"]
    assert vdm("sample", "--checkpoint", run, *asked).code == 0
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (3 * 32 + 2, 3 * 32 + 2)


def test_a_conditional_run_on_images_is_evaluated_with_its_classes(run: Path, vdm: Vdm) -> None:
    outcome = vdm("eval-divergence", "--checkpoint", run, "--num-samples", 100, "--divergence", "kl")
    assert outcome.code == 0, outcome.err
    assert "60 rows" in outcome.out
