"""Parquet: typed columns in row groups, written with the types that they had where they were read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np

from vdm_cli.data.files.arrow_types import arrow_type
from vdm_cli.data.form import NUMBER, Form
from vdm_cli.data.layout import Layout, feature_names

_GROUP_VALUES = 1 << 22  # numbers in a row group: 32 MiB as float64


def write_parquet(stream: IO[bytes], chunks: Iterable[np.ndarray], layout: Layout) -> None:
    """Write rows as one column a feature, of the type that it had where it was read.

    What was read from text gets 64-bit integers, floats of the layout's type, strings, days or microseconds.

    Args:
        stream: Where to write.
        chunks: Arrays of shape (m, *layout.shape), at most one dimension a row, on the layout's grid.
        layout: Names and types of the features.
    """
    import pyarrow
    import pyarrow.parquet

    from vdm_cli.data.files.arrow_columns import decode

    names = feature_names(layout)
    forms = layout.forms or (NUMBER,) * len(names)
    types = [_written_type(layout, index, form) for index, form in enumerate(forms)]
    schema = pyarrow.schema(list(zip(names, types, strict=True)), metadata=_pandas_metadata(names, forms))
    with pyarrow.parquet.ParquetWriter(stream, schema) as writer:
        for group in _groups(chunks, max(1, _GROUP_VALUES // len(names))):
            features = group.reshape(-1, len(names)).T
            arrays = list(map(decode, features, forms, types))
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _written_type(layout: Layout, index: int, form: Form) -> Any:
    """The Arrow type of a column."""
    import pyarrow

    if form.stored:
        return arrow_type(form.stored)
    match form.kind:
        case "category":
            return pyarrow.string()
        case "date":
            return pyarrow.timestamp("us") if "%H" in form.pattern.replace("-", "") else pyarrow.date32()
        case "number" if layout.integer[index]:
            return pyarrow.uint64() if layout.dtype == "uint64" else pyarrow.int64()
        case "number":
            return pyarrow.from_numpy_dtype(layout.dtype)


def _pandas_metadata(names: Sequence[str], forms: Sequence[Form]) -> dict[str, str] | None:
    """What pandas looks for to give the columns their types again: Int64 with nulls, say, and not float64."""
    if not any(form.pandas for form in forms):
        return None
    columns = [
        {"name": name, "field_name": name, "pandas_type": form.pandas, "numpy_type": form.pandas}
        for name, form in zip(names, forms, strict=True)
        if form.pandas
    ]
    return {"pandas": json.dumps({"index_columns": [], "column_indexes": [], "columns": columns})}


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
