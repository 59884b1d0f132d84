"""HDF5: arrays, called datasets, in a tree of groups (extra ``hdf5``)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vdm_cli.data.files.array import as_rows, check_kind
from vdm_cli.data.files.compressed import check_expansion
from vdm_cli.data.files.inside import choose_inside
from vdm_cli.errors import DataError

if TYPE_CHECKING:
    import h5py


def read_hdf5(path: Path, source: str, name: str | None = None) -> np.ndarray:
    """Read the rows of one dataset, shape (n, *shape).

    Args:
        path: The file.
        source: What to call it in messages.
        name: Path of the dataset inside the file; may be left out where there is only one.

    Raises:
        DataError: If h5py is not installed, the dataset cannot be told, or it is damaged or not of finite
            real numbers.
    """
    try:
        import h5py
    except ImportError as error:
        raise DataError(
            f"{source}: reading HDF5 needs the package h5py; install it with: pip install 'vdm-cli[hdf5]'"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            held: list[str] = []
            file.visititems(lambda key, item: held.append(key) if isinstance(item, h5py.Dataset) else None)
            dataset = file[choose_inside(held, name, path, "dataset")]
            place = f"{path}:{dataset.name}"
            _check(dataset, path, place)
            return as_rows(dataset[()], place)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{source}: is not an HDF5 file, or is damaged: {error}") from error


def _check(dataset: h5py.Dataset, path: Path, place: str) -> None:
    """Refuse a dataset by what is said of it, before any of its values is read."""
    import h5py

    if h5py.check_string_dtype(dataset.dtype) is not None:
        raise DataError(f"{place}: holds text; rows must be real numbers")
    if h5py.check_vlen_dtype(dataset.dtype) is not None:
        raise DataError(f"{place}: holds lists of varying length; every row must have the same shape")
    if dataset.shape is None:
        raise DataError(f"{place}: has no rows (an empty dataset)")
    check_kind(dataset.dtype, dataset.shape, place)
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{place}: its values lie in other files; copy them into one, or name that file")
    cells = max(math.prod(dataset.shape), math.prod(dataset.chunks or ()))
    check_expansion(cells * dataset.dtype.itemsize, path.stat().st_size, place)
