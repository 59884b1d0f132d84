"""`--features` and `--noise` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_harness import Vdm

from vdm_cli.commands.eval_divergence import eval_files
from vdm_cli.verdict import evaluation_table

EVALUATE = ("eval-divergence", "--divergence", "kl")


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Thin sheets a fifth of a unit apart: separated, until noise of one standard deviation blurs them."""
    folder, rng = tmp_path_factory.mktemp("apart"), np.random.default_rng(0)
    thin = np.array([0.01, 1.0, 1.0])
    np.save(folder / "p.npy", rng.normal(size=(400, 3)) * thin)
    np.save(folder / "q.npy", rng.normal(size=(400, 3)) * thin + np.array([0.2, 0.0, 0.0]))
    return folder / "p.npy", folder / "q.npy"


def test_separated_samples_are_offered_a_blur_that_brings_them_together(
    vdm: Vdm, apart: tuple[Path, Path]
) -> None:
    p, q = apart
    sharp = eval_files(p, q, divergences=["kl"])
    assert sharp.estimation.estimates[0].status == "saturated"
    offer = "--noise 0.1 or --features pca:K compare a blurred version"
    assert any(offer in text for text in sharp.to_json()["warnings"])
    assert offer in " ".join(evaluation_table(sharp).split())
    assert sharp.to_json()["treatment"] == {"features": None, "noise": None, "fitted_on": {"p": 0, "q": 0}}

    outcome = vdm(*EVALUATE, "--p", p, "--q", q, "--noise", 1, "--features", "pca:3", "--format", "json")
    blurred = json.loads(outcome.out)
    assert blurred["estimates"][0]["status"] != "saturated"
    assert not any("blurred" in text for text in blurred["warnings"])
    assert blurred["estimates"][0]["estimate"] < 0.7 * sharp.estimation.estimates[0].estimate
    assert blurred["treatment"] == {"features": "pca:3", "noise": 1.0, "fitted_on": {"p": 80, "q": 80}}
    assert blurred["mapped"] is None


@pytest.mark.slow
def test_images_are_compared_in_pixels_and_in_features(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, most in (("p", 200), ("q", 180)):
        np.save(tmp_path / f"{name}.npy", rng.integers(0, most, (120, 8, 8)).astype(np.uint8))
    found = eval_files(tmp_path / "p.npy", tmp_path / "q.npy", divergences=["kl"], noise=0.5)
    document = found.to_json()
    assert document["treatment"] == {"features": None, "noise": 0.5, "fitted_on": {"p": 24, "q": 24}}
    assert document["mapped"]["map"] == "pca:50"
    assert document["mapped"]["fitted_on"] == {"p": 24, "q": 24}
    assert [row["divergence"] for row in document["mapped"]["estimates"]] == ["kl"]
    table = " ".join(evaluation_table(found).split())
    set_apart = "24 rows of P and 24 of Q, which it is fitted on, are set apart"
    assert f"compared: pixels with noise of 0.5 sd; {set_apart}" in table
    assert f"compared: 47 principal components of pixels with noise of 0.5 sd; {set_apart}" in table
    scored = found.estimation.scores.p_rows
    assert len(set(scored)) == 96
    assert max(scored) > 96  # numbers among all 120 rows


@pytest.mark.parametrize(
    ("option", "value", "code", "told"),
    [
        ("--features", "pca:none", 2, "--features pca:K wants a whole number K >= 1"),
        ("--features", "nowhere.bin", 2, "--features nowhere.bin: no such file"),
        ("--noise", 0, 2, "--noise must be a positive number"),
        ("--features", "pca:4", 1, "no more than 3 principal components"),
    ],
)
def test_a_map_that_is_none_is_told(
    vdm: Vdm, apart: tuple[Path, Path], option: str, value: object, code: int, told: str
) -> None:
    p, q = apart
    outcome = vdm(*EVALUATE, "--p", p, "--q", q, option, value)
    assert outcome.code == code
    assert told in " ".join(outcome.err.split())
    assert outcome.out == ""
