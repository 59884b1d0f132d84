"""At which steps a run is drawn, and how the pictures become one GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vdm_cli.pictures.animation import frame_period, write_animation


def frames(folder: Path, count: int, side: int = 20, seed: int = 0) -> list[Path]:
    """Pictures of noise, the worst there are to compress."""
    rng = np.random.default_rng(seed)
    paths = [folder / f"{seed}-{index}.png" for index in range(count)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(path)
    return paths


@pytest.mark.parametrize(
    ("steps", "log_every", "checkpoint_every", "period"),
    [
        (5_000, 100, 1_000, 200),  # univariate: 25 frames, every checkpoint is one
        (10_000, 100, 2_000, 400),  # ring
        (15_000, 100, 3_000, 600),  # grid
        (20_000, 100, 2_000, 1_000),  # the default: 800 would miss every second checkpoint
        (60, 10, 20, 10),
        (4, 2, 4, 2),
        (1_000, 1_000_000, 100, 100),  # fewer lines than checkpoints
        (1_000, 100, 1_000_000, 100),  # one checkpoint, at the end
        (7_919, 100, 1_009, 400),  # nothing divides
        (3, 100, 2_000, 100),  # the last step alone
    ],
)
def test_frames_are_even_fall_on_what_the_host_sees_and_hit_checkpoints_where_they_can(
    steps: int, log_every: int, checkpoint_every: int, period: int
) -> None:
    assert frame_period(steps, log_every, checkpoint_every, 25) == period
    assert period % log_every == 0 or period % checkpoint_every == 0
    assert steps / period <= 25


def test_equal_frames_give_equal_bytes_and_nothing_else_in_the_folder(tmp_path: Path) -> None:
    paths = frames(tmp_path, 3)
    (tmp_path / "out").mkdir()
    for name in ("a.gif", "b.gif"):
        assert write_animation(tmp_path / "out" / name, paths)
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["a.gif", "b.gif"]
    assert (tmp_path / "out" / "a.gif").read_bytes() == (tmp_path / "out" / "b.gif").read_bytes()


def test_one_frame_is_no_animation(tmp_path: Path) -> None:
    assert not write_animation(tmp_path / "a.gif", frames(tmp_path, 1))
    assert not write_animation(tmp_path / "a.gif", [])
    assert not (tmp_path / "a.gif").exists()


def test_frames_that_are_missing_damaged_or_of_another_size_are_left_out(tmp_path: Path) -> None:
    paths = [*frames(tmp_path, 1, side=30, seed=1), *frames(tmp_path, 4)]
    paths[2].write_bytes(paths[2].read_bytes()[:200])
    paths[3].unlink()
    assert write_animation(tmp_path / "a.gif", paths)
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.size) == (2, (20, 20))


def test_frames_are_made_smaller_until_the_file_is_small_enough(tmp_path: Path) -> None:
    assert write_animation(tmp_path / "a.gif", frames(tmp_path, 6, side=200), most_bytes=100_000)
    assert 40_000 < (tmp_path / "a.gif").stat().st_size <= 100_000
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.n_frames == 6
        assert 64 < animation.width == animation.height < 200
