"""One map or channel for both sides: what it preserves, what it refuses, that it repeats."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from vdm_cli.errors import DataError, UsageError
from vdm_cli.estimation.channel import fit_noise
from vdm_cli.estimation.components import fit_components
from vdm_cli.estimation.exported import load_exported
from vdm_cli.estimation.map_name import asked_map, parse_map
from vdm_cli.estimation.way import fit_way


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal([0.0, 5.0, 0.0], [1.0, 10.0, 0.0], (4_000, 3))


def test_noise_has_its_share_of_each_columns_deviation(rows: np.ndarray) -> None:
    added = fit_noise(rows, 0.5)(rows, (0, 0)) - rows
    # the standard deviation of 4,000 draws has a standard error of 1.1 %: four of them
    np.testing.assert_allclose(added.std(axis=0), 0.5 * rows.std(axis=0), rtol=0.045, atol=1e-12)


def test_pixels_share_one_deviation() -> None:
    rows = np.zeros((1_000, 4), np.uint8)
    rows[:, 0] = np.tile([0, 200], 500)
    np.testing.assert_allclose(fit_noise(rows, 0.1, common=True).deviation, 0.1 * rows.std())


def test_indicators_take_no_noise(rows: np.ndarray) -> None:
    noisy = fit_noise(rows, 1.0, numbers=np.array([True, False, True]))(rows, (0,))
    np.testing.assert_array_equal(noisy[:, 1], rows[:, 1])
    assert np.all(noisy[:, 0] != rows[:, 0])


def test_noise_is_the_same_in_every_block_size_and_another_for_another_side(rows: np.ndarray) -> None:
    channel = fit_noise(rows, 1.0)
    whole = channel(rows, (7, 0))
    np.testing.assert_array_equal(channel(rows, (7, 0), block=123), whole)
    assert not np.any(channel(rows, (7, 1))[:, 0] == whole[:, 0])


def test_noise_leaves_large_numbers_their_digits() -> None:
    rows = np.full((100, 1), 10**12, np.int64) + np.arange(100)[:, None]
    noisy = fit_noise(rows, 1e-3)(rows, (0,))
    np.testing.assert_array_equal(np.rint(noisy), rows)  # the deviation is .03


def test_components_are_white_on_the_rows_they_were_fitted_on(rows: np.ndarray) -> None:
    mixed = rows[:, :2] @ np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 4.0]])
    found = fit_components(mixed, 2, seed=0)(mixed)
    np.testing.assert_allclose(np.cov(found.T), np.eye(2), atol=1e-3)


def test_constant_columns_have_no_part_in_components(rows: np.ndarray) -> None:
    project = fit_components(rows, 2, seed=0)
    moved = rows + np.array([[0.0, 0.0, 1e6]])
    np.testing.assert_array_equal(project(moved), project(rows))


def test_more_components_than_there_are_is_an_error_or_as_many_as_there_are(rows: np.ndarray) -> None:
    with pytest.raises(
        DataError, match=r"pca:3: 4000 rows .* 2 columns that vary .* no more than 2 principal"
    ):
        fit_components(rows, 3, seed=0)
    assert fit_components(rows, 3, seed=0, at_most=True)(rows).shape == (4_000, 2)


def test_components_see_rows_after_the_noise(rows: np.ndarray) -> None:
    way = fit_way(rows, parse_map("pca:1"), 2.0, shape=(3,), pixels=False, numbers=np.ones(3, bool), seed=1)
    noisy = fit_noise(rows, 2.0)
    expected = fit_components(noisy(rows, (1, 2)), 1, seed=1)(noisy(rows, (1, 0)))
    np.testing.assert_array_equal(way(rows, (1, 0)), expected)


@pytest.mark.parametrize("text", ["pca", "pca:", "pca:0", "pca:-3", "pca:2.5", "pca:x", "pca:²"])
def test_components_need_a_number(text: str) -> None:
    with pytest.raises(UsageError, match="wants a whole number K >= 1"):
        parse_map(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"net.bin: no such file; give pca:K"):
        parse_map(str(tmp_path / "net.bin"))
    with pytest.raises(UsageError, match="is a folder"):
        parse_map(str(tmp_path))


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_noise_is_a_positive_number(size: float) -> None:
    with pytest.raises(UsageError, match="--noise must be a positive number"):
        asked_map(None, size)


class TestExported:
    """Functions written by `jax.export`, which needs flatbuffers for it."""

    @pytest.fixture(autouse=True)
    def _flatbuffers(self) -> None:
        pytest.importorskip("flatbuffers")

    @pytest.fixture
    def images(self) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 255, (1_500, 4 * 3)).astype(np.uint8)

    @staticmethod
    def write(path: Path, function: object, *shapes: jax.ShapeDtypeStruct, **options: object) -> Path:
        path.write_bytes(export.export(jax.jit(function), **options)(*shapes).serialize())  # type: ignore[arg-type]
        return path

    @pytest.mark.parametrize("batch", ["b", 7, 2_000])
    def test_any_number_of_rows_goes_through(
        self, tmp_path: Path, images: np.ndarray, batch: str | int
    ) -> None:
        count = export.symbolic_shape(batch)[0] if isinstance(batch, str) else batch
        rows = jax.ShapeDtypeStruct((count, 4, 3), jnp.float32)
        path = self.write(tmp_path / "f", lambda x: jnp.stack([x.sum((1, 2)), x[:, 0, 1]], axis=1), rows)
        found = load_exported(path, (4, 3))(images)
        np.testing.assert_array_equal(found, np.stack([images.sum(axis=1), images[:, 1]], axis=1))
        assert found.dtype == np.float32

    @pytest.mark.parametrize(
        ("shape", "dtype", "function", "told"),
        [
            (
                (4, 4),
                "float32",
                lambda x: x[:, 0],
                r"takes float32\[5,4,4\], and these rows are \(batch, 4, 3\)",
            ),
            ((12,), "float32", lambda x: x, r"takes float32\[5,12\], and these rows"),
            ((4, 3), "int32", lambda x: x[:, 0], r"takes int32\[5,4,3\], and these rows .* float32"),
            ((4, 3), "float32", lambda x: x, "must return one array"),
            ((4, 3), "float32", lambda x: (x[:, 0], x[:, 1]), "must return one array"),
            ((4, 3), "float32", lambda x: x[:, 0] + 1j, "complex64"),
        ],
    )
    def test_a_function_of_other_rows_is_refused(
        self, tmp_path: Path, shape: tuple[int, ...], dtype: str, function: object, told: str
    ) -> None:
        path = self.write(tmp_path / "f", function, jax.ShapeDtypeStruct((5, *shape), dtype))
        with pytest.raises(DataError, match=told):
            load_exported(path, (4, 3))

    def test_a_function_of_two_arrays_is_refused(self, tmp_path: Path) -> None:
        rows = jax.ShapeDtypeStruct((5, 4), jnp.float32)
        path = self.write(tmp_path / "f", lambda x, y: x + y, rows, rows)
        with pytest.raises(DataError, match="takes 2 arrays or a structure"):
            load_exported(path, (4,))

    def test_a_function_for_another_device_is_refused(self, tmp_path: Path) -> None:
        rows = jax.ShapeDtypeStruct((5, 4), jnp.float32)
        path = self.write(tmp_path / "f", lambda x: x, rows, platforms=["tpu"])
        with pytest.raises(DataError, match="exported for tpu, and this is"):
            load_exported(path, (4,))

    @pytest.mark.parametrize("content", [b"", b"no function", bytes(1_000)])
    def test_what_is_no_function_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "f").write_bytes(content)
        with pytest.raises(DataError, match=r"is not a function written by jax\.export"):
            load_exported(tmp_path / "f", (4,))

    def test_features_that_are_no_numbers_are_counted(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "f", jnp.log, jax.ShapeDtypeStruct((5, 2), jnp.float32))
        features = load_exported(path, (2,))
        with pytest.raises(DataError, match="the features of 3 rows are NaN or infinite"):
            features(np.repeat([[1.0, 1.0], [0.0, 1.0]], [4, 3], axis=0))

    def test_features_that_depend_on_the_batch_are_refused(self, tmp_path: Path) -> None:
        """They are no map of rows, and a divergence of them bounds nothing."""
        path = self.write(
            tmp_path / "f", lambda x: x - x.mean(0, keepdims=True), jax.ShapeDtypeStruct((5, 2), jnp.float32)
        )
        with pytest.raises(DataError, match="depend on the other rows"):
            load_exported(path, (2,))(np.random.default_rng(0).normal(size=(20, 2)))


def test_without_flatbuffers_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="needs the package flatbuffers; install it with"):
        load_exported(tmp_path / "f", (4,))
