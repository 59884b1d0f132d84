"""From the data section of a configuration to a `Dataset`."""

from __future__ import annotations

from typing import assert_never

import jax
import numpy as np

from vdm_cli.config import data as config
from vdm_cli.data import transform as transforms
from vdm_cli.data.dataset import Dataset, split_rows
from vdm_cli.data.digits import load_digits
from vdm_cli.data.layout import continuous_layout, fit_layout
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.rows import Rows, read_rows
from vdm_cli.data.transform import Transform
from vdm_cli.errors import DataError

HELD_OUT = 10_000  # validation rows, and test rows, of a synthetic law
TRAIN_KEY, VALIDATION_KEY, TEST_KEY = 0, 1, 2
DATA_KEYS = 0x64617461  # "data": apart from the keys of weights and latents
FEWEST_ROWS = 20
LARGEST_VALUE = 1e150  # squares must stay finite


def load_dataset(data: config.DataConfig, seed: int) -> Dataset:
    """Read or draw the rows, split them and fit the transform and the layout on the training part.

    Args:
        data: The data section.
        seed: Of the draw and of the split.

    Raises:
        DataError: If a file cannot be read as rows of finite numbers, or has too few.
    """
    match data:
        case config.FileData():
            rows = read_rows(data.path, columns=data.columns, key=data.key)
            return _split(rows, data, seed)
        case config.DigitsData():
            return _split(load_digits(), data, seed)
        case config.GaussianData() | config.GaussianMixtureData() | config.RingData() | config.GridData():
            return _synthetic(data, seed)
        case _:
            assert_never(data)


def build_law(
    data: config.GaussianData | config.GaussianMixtureData | config.RingData | config.GridData,
) -> GaussianMixture:
    """The law of a synthetic data section."""
    match data:
        case config.GaussianData():
            return GaussianMixture.gaussian(data.mean, std=data.std, covariance=data.covariance)
        case config.GaussianMixtureData():
            return GaussianMixture.mixture(data.means, data.weights, data.stds, data.covariances)
        case config.RingData():
            return GaussianMixture.ring(data.modes, data.radius, data.std)
        case config.GridData():
            return GaussianMixture.grid(data.side, data.spacing, data.std)
        case _:
            assert_never(data)


def _synthetic(
    data: config.GaussianData | config.GaussianMixtureData | config.RingData | config.GridData, seed: int
) -> Dataset:
    law = build_law(data)
    draw = jax.jit(law.sample, static_argnums=1)

    def part(purpose: int, count: int) -> np.ndarray:
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), DATA_KEYS), purpose)
        return np.asarray(draw(key, count), np.float64)

    if data.transform == "none":
        transform = transforms.identity((law.dim,))
    else:
        transform = Transform(law.mean, np.sqrt(np.diagonal(law.covariance)))
    return Dataset(
        train=None if data.size is None else part(TRAIN_KEY, data.size),
        validation=part(VALIDATION_KEY, HELD_OUT),
        test=part(TEST_KEY, HELD_OUT),
        transform=transform,
        layout=continuous_layout((law.dim,)),
        law=law,
        description=data.kind,
    )


def _split(rows: Rows, data: config.FileData | config.DigitsData, seed: int) -> Dataset:
    count = len(rows.values)
    if count < FEWEST_ROWS:
        needed = f"training, validation and test need {FEWEST_ROWS} at least"
        raise DataError(f"{rows.source}: {count} rows; {needed}")
    shares = {
        name: share
        for name, share in (("validation", data.split.validation), ("test", data.split.test))
        if isinstance(share, float)
    }
    kept, *held_out = split_rows(count, tuple(shares.values()), seed)
    parts = {name: rows.values[index] for name, index in zip(shares, held_out, strict=True)}
    for name, path in (("validation", data.split.validation), ("test", data.split.test)):
        if isinstance(path, str):
            parts[name] = _own_file(path, rows, data)
    train = rows.values[kept]
    return Dataset(
        train=train,
        validation=parts["validation"],
        test=parts["test"],
        transform=_fit_transform(data.transform, train, rows.source),
        layout=fit_layout(rows, train),
        law=None,
        description=rows.source,
    )


def _own_file(path: str, like: Rows, data: config.FileData | config.DigitsData) -> np.ndarray:
    key = data.key if isinstance(data, config.FileData) else None
    rows = read_rows(path, columns=like.columns, key=key)
    if rows.values.shape[1:] != like.values.shape[1:]:
        raise DataError(
            f"{path}: rows of shape {rows.values.shape[1:]}, but {like.source} has {like.values.shape[1:]}"
        )
    return rows.values


def _fit_transform(kind: config.TransformKind, rows: np.ndarray, source: str) -> Transform:
    largest = float(np.abs(rows.astype(np.float64)).max())
    if largest > LARGEST_VALUE:
        raise DataError(f"{source}: a value of size {largest:.3g} is too large to train on; rescale it")
    match kind:
        case "standardize":
            return transforms.standardize(rows)
        case "range":
            return transforms.to_range(rows)
        case "none":
            return transforms.identity(rows.shape[1:])
        case _:
            assert_never(kind)
