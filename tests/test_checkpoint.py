from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vdm_cli.checkpoint import Checkpoints
from vdm_cli.errors import CheckpointError
from vdm_cli.networks.affine import Affine
from vdm_cli.networks.mlp import Mlp
from vdm_cli.networks.network import from_linen
from vdm_cli.training.state import TrainState, init_state

ABOUT = {
    "transform": {"offset": [0.1, -3e300], "scale": [1e-9, 2.0]},
    "text": "χ²",
    "validation_divergence": 0.25,
}


def make_state(width: int = 4, seed: int = 0) -> TrainState:
    generator = from_linen(Mlp((2,), (width,), normalization="batch"), (2,))
    critic = from_linen(Affine(()), (2,))
    adam = optax.adam(1e-3)
    return jax.jit(lambda key: init_state(generator, critic, adam, adam, key))(jax.random.key(seed))


@pytest.fixture(scope="module")
def state() -> TrainState:
    return make_state()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, state: TrainState) -> Path:
    directory = tmp_path_factory.mktemp("pristine") / "checkpoints"
    Checkpoints(directory).save(5, state, ABOUT)
    return directory


@pytest.fixture
def checkpoints(pristine: Path, tmp_path: Path) -> Checkpoints:
    """One step of its own for each test, to be damaged."""
    shutil.copytree(pristine, tmp_path / "checkpoints")
    return Checkpoints(tmp_path / "checkpoints")


def assert_identical(a: Any, b: Any) -> None:
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert x.dtype == y.dtype
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))


def test_a_step_is_restored_bit_for_bit(checkpoints: Checkpoints, state: TrainState) -> None:
    restored = checkpoints.restore(5, jax.eval_shape(lambda: state))
    assert restored.step == 5
    assert_identical(restored.state, state)
    assert {name: restored.about[name] for name in ABOUT} == ABOUT


def test_restored_keys_draw_the_same_numbers(checkpoints: Checkpoints, state: TrainState) -> None:
    restored = checkpoints.restore(5, state).state
    draws = [jax.random.normal(jax.random.fold_in(key, 1), (4,)) for key in (state.key, restored.key)]
    np.testing.assert_array_equal(*draws)


def test_awkward_numbers_survive(tmp_path: Path) -> None:
    tree = {
        "float32": jnp.array([jnp.inf, -jnp.inf, -0.0, 1e-45], jnp.float32),
        "bfloat16": jnp.array([1.0, 1e-30], jnp.bfloat16),
        "uint8": jnp.arange(4, dtype=jnp.uint8),
        "keys": jax.random.split(jax.random.key(3), 2),
    }
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    checkpoints.save(0, tree, {})
    restored = checkpoints.restore(0, tree).state
    assert_identical(restored, tree)
    assert np.signbit(restored["float32"][2])


def files_of(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file())


def array_data(path: Path) -> Path:
    """The file that holds the numbers; nothing reads those that writing leaves under ocdbt.process_0."""
    return max((path / "state" / "d").iterdir(), key=lambda file: file.stat().st_size)


def truncate(path: Path) -> None:
    file = array_data(path)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(path: Path) -> None:
    array_data(path).write_bytes(b"")


def remove_data(path: Path) -> None:
    for file in files_of(path / "state"):
        if file.parent.name == "d":
            file.unlink()


def truncate_structure(path: Path) -> None:
    file = path / "state" / "_METADATA"
    file.write_bytes(file.read_bytes()[:1000])


def remove_state(path: Path) -> None:
    shutil.rmtree(path / "state")


def remove_about(path: Path) -> None:
    shutil.rmtree(path / "about")


def garble_about(path: Path) -> None:
    (path / "about" / "metadata").write_bytes(b'{"format": 1, \xff')


def other_format(path: Path) -> None:
    (path / "about" / "metadata").write_text(json.dumps({"format": 0}))


def no_digests(path: Path) -> None:
    (path / "about" / "metadata").write_text(json.dumps({"format": 1}))


def changed_digit(path: Path) -> None:
    """A flipped bit that leaves valid JSON: the transform would be silently wrong."""
    file = path / "about" / "metadata"
    text = file.read_text()
    assert text.count("-3e+300") == 1
    file.write_text(text.replace("-3e+300", "-2e+300"))


def foreign(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()
    (path / "photo.jpg").write_bytes(b"jpg")


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        empty,
        remove_data,
        truncate_structure,
        remove_state,
        remove_about,
        garble_about,
        other_format,
        no_digests,
        changed_digit,
        foreign,
    ],
)
def test_a_damaged_step_is_refused_by_its_path(
    checkpoints: Checkpoints, state: TrainState, damage: Callable[[Path], None]
) -> None:
    path = checkpoints.directory / "5"
    damage(path)
    with pytest.raises(CheckpointError) as caught:
        checkpoints.restore(5, state)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_flipped_bit_anywhere_is_found_or_harmless(checkpoints: Checkpoints, state: TrainState) -> None:
    files = [file for file in files_of(checkpoints.directory / "5") if file.stat().st_size]
    found = []
    for file in files:
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        try:
            assert_identical(checkpoints.restore(5, state).state, state)
        except CheckpointError as error:
            assert "checkpoints/5: " in str(error)  # noqa: PT017
            found.append(file.relative_to(checkpoints.directory / "5").as_posix())
        file.write_bytes(content)
    assert "about/metadata" in found
    assert any(name.startswith("state/") for name in found)
    assert_identical(checkpoints.restore(5, state).state, state)


def test_numbers_that_are_not_those_that_were_saved_are_refused(
    checkpoints: Checkpoints, state: TrainState
) -> None:
    """Nothing is wrong with the arrays by themselves, so that only the digests can tell."""
    checkpoints.save(6, make_state(seed=1), ABOUT)
    shutil.rmtree(checkpoints.directory / "5" / "state")
    shutil.copytree(checkpoints.directory / "6" / "state", checkpoints.directory / "5" / "state")
    with pytest.raises(
        CheckpointError, match=r"checkpoints/5: damaged checkpoint: its numbers are not those"
    ):
        checkpoints.restore(5, state)


def test_the_state_of_another_network_is_refused_by_the_first_difference(checkpoints: Checkpoints) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoints.restore(5, make_state(width=5))
    name = ".average['BatchNorm_0']['bias']"
    expected = f"of another network: {name} is float32[4] there, float32[5] here"
    assert str(caught.value).startswith(f"{checkpoints.directory / '5'}: {expected} (")


def test_a_state_with_other_parts_is_refused(checkpoints: Checkpoints, state: TrainState) -> None:
    with pytest.raises(
        CheckpointError, match=r"checkpoints/5: of another network: \.average.* there, nothing here"
    ):
        checkpoints.restore(5, state.replace(average={}))
    extra = state.replace(average={**state.average, "extra": jnp.zeros(3)})
    with pytest.raises(CheckpointError, match=r"extra'\] is nothing there, float32\[3\] here"):
        checkpoints.restore(5, extra)


def test_a_missing_step_lists_those_there_are(checkpoints: Checkpoints, state: TrainState) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint of step 7 \(there are: 5\)"):
        checkpoints.restore(7, state)


def test_other_entries_are_no_steps(checkpoints: Checkpoints) -> None:
    (checkpoints.directory / "12").write_text("a file")
    (checkpoints.directory / "007").mkdir()
    (checkpoints.directory / "13.orbax-checkpoint-tmp").mkdir()
    (checkpoints.directory / "damaged-4-0").mkdir()
    assert checkpoints.steps() == [5]


def test_a_directory_that_is_not_there_has_no_steps(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "absent")
    assert checkpoints.steps() == []
    assert checkpoints.best() is None
    assert checkpoints.validation() == {}


def many(tmp_path: Path, values: dict[int, float | None]) -> Checkpoints:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    for step, value in values.items():
        checkpoints.save(step, {"x": jnp.zeros(2)}, {"validation_divergence": value})
    return checkpoints


def test_the_best_step_has_the_smallest_validation_divergence_and_is_the_later_of_equals(
    tmp_path: Path,
) -> None:
    checkpoints = many(tmp_path, {1: 0.3, 2: 0.1, 3: 0.2, 4: 0.1, 5: 0.4, 6: None})
    assert checkpoints.validation() == {1: 0.3, 2: 0.1, 3: 0.2, 4: 0.1, 5: 0.4}
    assert checkpoints.best() == 4
    remove_about(checkpoints.directory / "4")
    assert checkpoints.best() == 2


def test_a_step_that_was_not_validated_is_never_best(tmp_path: Path) -> None:
    checkpoints = many(tmp_path, {1: None})
    assert checkpoints.best() is None


@pytest.mark.parametrize(
    ("keep", "left"), [(1, [1, 5, 6]), (2, [1, 4, 5, 6]), (3, [1, 3, 4, 5, 6]), (9, [1, 3, 4, 5, 6])]
)
def test_pruning_keeps_the_latest_the_best_and_the_newest(tmp_path: Path, keep: int, left: list[int]) -> None:
    """Steps 2 and 6 stopped between two checkpoints: neither counts among the latest, but 6 is the newest."""
    checkpoints = many(tmp_path, {1: 0.1, 2: None, 3: 0.3, 4: 0.2, 5: 0.2, 6: None})
    checkpoints.prune(keep)
    assert checkpoints.steps() == left
    assert checkpoints.best() == 1


def test_setting_aside_frees_the_number_and_deletes_nothing(
    checkpoints: Checkpoints, state: TrainState
) -> None:
    asides = []
    for _ in range(2):
        before = [file.read_bytes() for file in files_of(checkpoints.directory / "5")]
        asides.append(checkpoints.set_aside(5))
        assert [file.read_bytes() for file in files_of(asides[-1])] == before
        assert checkpoints.steps() == []
        checkpoints.save(5, state, ABOUT)
    assert [aside.name for aside in asides] == ["damaged-5-0", "damaged-5-1"]
    assert_identical(checkpoints.restore(5, state).state, state)


def test_a_damaged_step_is_saved_again_beside_what_it_was(
    checkpoints: Checkpoints, state: TrainState
) -> None:
    truncate(checkpoints.directory / "5")
    other = make_state(seed=1)
    checkpoints.save(5, other, ABOUT)
    assert_identical(checkpoints.restore(5, state).state, other)
    assert (checkpoints.directory / "damaged-5-0").is_dir()


def test_a_step_earlier_than_the_newest_can_be_saved(checkpoints: Checkpoints, state: TrainState) -> None:
    checkpoints.save(3, state, ABOUT)
    assert checkpoints.steps() == [3, 5]
    assert_identical(checkpoints.restore(3, state).state, state)


def test_an_unfinished_save_is_no_step_and_does_not_stop_the_next(
    checkpoints: Checkpoints, state: TrainState
) -> None:
    unfinished = checkpoints.directory / "6.orbax-checkpoint-tmp"
    shutil.copytree(checkpoints.directory / "5", unfinished)
    assert checkpoints.steps() == [5]
    checkpoints.save(6, state, ABOUT)
    assert_identical(checkpoints.restore(6, state).state, state)


def test_a_directory_that_cannot_be_written_is_an_expected_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CheckpointError, match="file"):
        Checkpoints(tmp_path / "file" / "checkpoints").save(1, {"x": jnp.zeros(2)}, {})
