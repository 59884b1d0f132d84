"""Parquet: typed columns in row groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np

from vdm_cli.data.layout import Layout, feature_names

_GROUP_VALUES = 1 << 22  # numbers in a row group: 32 MiB as float64


def write_parquet(stream: IO[bytes], chunks: Iterable[np.ndarray], layout: Layout) -> None:
    """Write rows as one column a feature; integer features as 64-bit integers.

    Args:
        stream: Where to write.
        chunks: Arrays of shape (m, *layout.shape), at most one dimension a row, on the layout's grid.
        layout: Names and types of the features.
    """
    import pyarrow
    import pyarrow.parquet

    whole = np.uint64 if layout.dtype == "uint64" else np.int64
    types = [np.dtype(whole if integer else layout.dtype) for integer in layout.integer]
    names = feature_names(layout)
    fields = [(name, pyarrow.from_numpy_dtype(dtype)) for name, dtype in zip(names, types, strict=True)]
    schema = pyarrow.schema(fields)
    with pyarrow.parquet.ParquetWriter(stream, schema) as writer:
        for group in _groups(chunks, max(1, _GROUP_VALUES // len(names))):
            features = group.reshape(-1, len(names)).T
            arrays = [
                pyarrow.array(feature.astype(dtype)) for feature, dtype in zip(features, types, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _groups(chunks: Iterable[np.ndarray], num_rows: int) -> Iterator[np.ndarray]:
    """Gather chunks into groups of at least `num_rows` rows, but for the last."""
    held: list[np.ndarray] = []
    for chunk in chunks:
        held.append(chunk)
        if sum(map(len, held)) >= num_rows:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
