"""From the data section of a configuration to a `Dataset`."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import jax
import numpy as np

from vdm_cli.build.file_rows import FileRows, Parts, check_count, check_largest, read_file_rows
from vdm_cli.build.streamed import open_streamed
from vdm_cli.config import data as config
from vdm_cli.data import affine
from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.conditioning import Conditioning, fit_conditioning
from vdm_cli.data.dataset import Dataset, Part, split_rows, thin
from vdm_cli.data.digits import load_digits
from vdm_cli.data.layout import continuous_layout, fit_layout
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.data.rows import Rows
from vdm_cli.data.selection import drop_columns, find_column
from vdm_cli.data.table_transform import fit_table
from vdm_cli.data.transform import Transform
from vdm_cli.errors import DataError

HELD_OUT = 10_000  # validation rows, and test rows, of a synthetic law
TRAIN_KEY, VALIDATION_KEY, TEST_KEY = 0, 1, 2
DATA_KEYS = 0x64617461  # "data": apart from the keys of weights and latents


def load_dataset(data: config.DataConfig, seed: int, say: Callable[[str], None] | None = None) -> Dataset:
    """Read or draw the rows, split them and fit the transform and the layout on the training part.

    Args:
        data: The data section.
        seed: Of the draw and of the split.
        say: Told how far the reading is, where it takes long.

    Raises:
        DataError: If a file cannot be read as rows, or has too few.
    """
    match data:
        case config.FileData():
            streamed = open_streamed(data, seed, say)
            if streamed is not None:
                return streamed.exactly(_from_parts(streamed.parts, data), data.transform)
            return _from_parts(_split(read_file_rows(data, data.path, like=None), data, seed), data)
        case config.DigitsData():
            return _from_parts(_split(FileRows(load_digits()), data, seed), data)
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

    def part(purpose: int, count: int) -> Part:
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), DATA_KEYS), purpose)
        return Part(np.asarray(draw(key, count), np.float64))

    if data.transform == "none":
        transform = affine.identity((law.dim,))
    else:
        transform = AffineTransform(law.mean, np.sqrt(np.diagonal(law.covariance)))
    return Dataset(
        train=None if data.size is None else part(TRAIN_KEY, data.size),
        validation=part(VALIDATION_KEY, HELD_OUT),
        test=part(TEST_KEY, HELD_OUT),
        transform=transform,
        layout=continuous_layout((law.dim,)),
        law=law,
        description=data.kind,
    )


def _split(found: FileRows, data: config.FileData | config.DigitsData, seed: int) -> Parts:
    rows = found.rows
    count = len(rows.values)
    check_count(count, rows.source)
    shares = {
        name: share
        for name, share in (("validation", data.split.validation), ("test", data.split.test))
        if isinstance(share, float)
    }
    kept, *held_out = split_rows(count, tuple(shares.values()), seed)
    parts = {name: found.part(index) for name, index in zip(shares, held_out, strict=True)}
    for name, path in (("validation", data.split.validation), ("test", data.split.test)):
        if isinstance(path, str):
            assert isinstance(data, config.FileData), "digits have no files"
            own = read_file_rows(data, path, like=rows)
            parts[name] = own.part(np.arange(len(own.rows.values)))
    return Parts(rows, found.part(kept), thin(parts["validation"], seed), thin(parts["test"], seed + 1))


def _from_parts(parts: Parts, data: config.FileData | config.DigitsData) -> Dataset:
    rows, train = parts.rows, parts.train
    layout = fit_layout(rows, train.rows)  # first: it refuses columns that are all blank
    conditioning = _conditioning(parts, data.condition if isinstance(data, config.FileData) else None)
    modelled = rows
    values = train.rows
    if conditioning is not None and conditioning.places:
        modelled = drop_columns(rows, conditioning.names)
        values = np.delete(values, conditioning.places, axis=1)
    return Dataset(
        train=train,
        validation=parts.validation,
        test=parts.test,
        transform=_fit_transform(data.transform, values, modelled),
        layout=layout,
        law=None,
        description=rows.source,
        conditioning=conditioning,
    )


def _conditioning(parts: Parts, names: tuple[str, ...] | None) -> Conditioning | None:
    if names is None:
        return None
    rows, train = parts.rows, parts.train
    columns = [find_column(rows, name, "data.condition") for name in names]
    forms = [form for _, form in columns]
    if rows.columns is None:
        assert train.labels is not None, "found by find_column"
        return fit_conditioning(names, forms, (), train.labels[:, None], train.weights)
    places = [rows.columns.index(name) for name in names]
    return fit_conditioning(names, forms, places, train.rows[:, places], train.weights)


def _fit_transform(kind: config.TransformKind | None, values: np.ndarray, rows: Rows) -> Transform:
    """The transform of the columns that the model makes, from their training values."""
    largest = max(-float(np.nanmin(values)), float(np.nanmax(values)))
    check_largest(largest, rows.source)
    if rows.columns is not None and kind in (None, "quantile", "standardize"):
        return fit_table(values, rows.forms, quantile=kind != "standardize")
    if any(form.kind == "category" or form.blank is not None for form in rows.forms):
        raise DataError(f"{rows.source}: data.transform {kind} needs numbers alone; leave it out")
    match kind or ("range" if values.ndim > 2 else "standardize"):
        case "standardize":
            return affine.standardize(values)
        case "quantile":
            if values.ndim > 2:
                raise DataError(f"{rows.source}: data.transform quantile is for tables; images take range")
            return fit_table(values.reshape(len(values), -1), (), quantile=True)
        case "range":
            return affine.to_range(values)
        case "none":
            return affine.identity(values.shape[1:])
        case other:
            assert_never(other)
