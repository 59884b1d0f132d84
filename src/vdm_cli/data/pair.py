"""Two files of rows that are to be compared: columns matched by name, categories by text."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.choice import (
    Choice,
    Side,
    chosen_columns,
    listed,
    require_known,
    require_same,
    require_weights,
)
from vdm_cli.data.column_names import column_names
from vdm_cli.data.files.hdf5 import read_hdf5
from vdm_cli.data.files.npz import read_npz
from vdm_cli.data.files.table import choose_columns
from vdm_cli.data.kinds import Kind, kind_of
from vdm_cli.data.recode import with_all_categories
from vdm_cli.data.row_weights import check_weights
from vdm_cli.data.rows import Rows, read_rows
from vdm_cli.data.selection import find_column, take_rows
from vdm_cli.data.stream.some_rows import read_some_npy
from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.data_path import split_name
from vdm_cli.errors import DataError


@dataclass(frozen=True, eq=False)
class Pair:
    """Two samples of the same columns in the same coding.

    Attributes:
        p: The rows of P.
        q: The rows of Q.
        p_weights: Of the rows of P, (n,) float64; None where all count the same.
        q_weights: Of the rows of Q, (m,).
        p_places: Which rows of its file those of P are, increasing from 0; None where they are all of it.
        q_places: Which rows of its file those of Q are.
        warnings: What a reader must know.
    """

    p: Rows
    q: Rows
    p_weights: np.ndarray | None
    q_weights: np.ndarray | None
    p_places: np.ndarray | None
    q_places: np.ndarray | None
    warnings: tuple[str, ...]


def read_pair(p: str | Path, q: str | Path, choice: Choice | None = None) -> Pair:
    """Read both files as rows of the same columns in the same coding.

    Columns are matched by name, in any order.  Where one file has no names they are the other's, by position;
    where none has, they are x0, x1, ....  Names are held against each other before any row is read.

    Args:
        p: The file of P.
        q: The file of Q.
        choice: Which columns are compared, and which are weights.

    Raises:
        DataError: If a file cannot be read, or their columns, shapes or kinds differ.
    """
    choice = choice or Choice()
    size = choice.num_samples
    first = Side(os.fspath(p), column_names(p), choice.p_weights, size, choice.seed)
    second = Side(os.fspath(q), column_names(q), choice.q_weights, size, choice.seed + 1)
    for side in (first, second):
        require_weights(side, choice)
    warnings = [
        f"{side.path}: a column without a name is not compared (an index saved with the table?)"
        for side in (first, second)
        if side.names is not None and "" in side.names
    ]
    named = [side for side in (first, second) if side.names is not None]
    require_known(named, choice)
    chosen = [chosen_columns(side, choice) for side in named]
    if len(named) == 2:
        require_same(first, second, *chosen)
    wanted = chosen[0] if chosen else None
    rows_p, weights_p, places_p = _read(first, wanted)
    rows_q, weights_q, places_q = _read(second, wanted)
    if len(named) == 1:
        unnamed = first if first.names is None else second
        warnings.append(f"{unnamed.path} has no column names: columns are compared by position")
    rows_p, rows_q = (_name_columns(rows, named, choice) for rows in (rows_p, rows_q))
    rows_p, rows_q, told = _match_shapes(rows_p, rows_q, choice)
    rows_p, rows_q = with_all_categories(rows_p, rows_q)
    return Pair(rows_p, rows_q, weights_p, weights_q, places_p, places_q, (*warnings, *told))


def require_different(p: str | Path, q: str | Path) -> None:
    """Refuse one file as both.

    Raises:
        DataError: If both paths mean the same file, and the same array in it.
    """
    (first, one), (second, other) = split_name(os.fspath(p)), split_name(os.fspath(q))
    try:
        same = one == other and Path(first).samefile(second)
    except OSError:
        return  # one is not there: reading it says so
    if same:
        raise DataError(
            f"{p} is both P and Q: rows that are compared with themselves say nothing; to see what no "
            "difference looks like, split the file into two of different rows"
        )


def _read(side: Side, wanted: Sequence[str] | None) -> tuple[Rows, np.ndarray | None, np.ndarray | None]:
    """The rows of a file, a table's wanted columns in this order, their weights (n,) and their places."""
    if side.num_samples is not None and kind_of(Path(side.path), side.path) is Kind.NPY:
        rows, places = read_some_npy(Path(side.path), side.path, side.choose)
        return rows, None, places
    weights = None
    if side.names is None:
        rows = read_rows(side.path)
        if side.weights is not None:
            weights = _array_of_weights(side.path, side.weights, len(rows.values))
    elif side.weights is None:
        rows = read_rows(side.path, columns=wanted)
    else:
        assert wanted is not None
        rows = read_rows(side.path, columns=[*wanted, side.weights.name])
        weights = _column_of_weights(rows, side.weights)
        rows = _select(rows, wanted)
    places = side.choose(len(rows.values))
    if places is None:
        return rows, weights, None
    return take_rows(rows, places), None if weights is None else weights[places], places


def _column_of_weights(rows: Rows, weights: WeightColumn) -> np.ndarray:
    values, form = find_column(rows, weights.name, weights.option)
    if form.kind != "number":
        raise DataError(f"{rows.source}: {weights.option}: column '{weights.name}' does not hold numbers")
    return check_weights(weights, values, rows.source)


def _array_of_weights(path: str, weights: WeightColumn, count: int) -> np.ndarray:
    """The weights in another array of the same file."""
    file = Path(split_name(path)[0])
    read = read_npz if kind_of(file, path) is Kind.NPZ else read_hdf5
    values = check_weights(weights, read(file, str(file), weights.name), str(file))
    if len(values) != count:
        raise DataError(
            f"{path}: {weights.option}: '{weights.name}' has {len(values)} weights for {count} rows"
        )
    return values


def _name_columns(rows: Rows, named: Sequence[Side], choice: Choice) -> Rows:
    """Name the columns of rows that have no names, where names are needed, and choose among them."""
    asked = choice.columns is not None or any(name != "label" for name in choice.drop)
    if rows.values.ndim > 2 and asked:
        raise DataError(
            f"{rows.source}: images have no columns to choose; --drop label leaves out their labels"
        )
    if rows.columns is not None or rows.values.ndim > 2 or not (named or asked):
        return rows
    if rows.values.ndim == 1:
        rows = dataclasses.replace(rows, values=rows.values[:, None])
    width = rows.values.shape[1]
    if not named:
        names = tuple(f"x{index}" for index in range(width))
        rows = dataclasses.replace(rows, columns=names)
        kept = choose_columns(names, rows.source, choice.columns, choice.drop)
        return _select(rows, [names[index] for index in kept])
    wanted, every = chosen_columns(named[0], choice), named[0].comparable
    if width not in (len(wanted), len(every)):
        raise DataError(
            f"{rows.source}: has {width} columns without names, and {named[0].path} has {len(every)} "
            f"({listed(every)}); give both the same columns, or this one a first line of names"
        )
    if width == len(wanted):
        return dataclasses.replace(rows, columns=tuple(wanted))
    return _select(dataclasses.replace(rows, columns=every), wanted)


def _select(rows: Rows, names: Sequence[str]) -> Rows:
    """The table with these columns, in this order."""
    assert rows.columns is not None, "only a table has names"
    kept = [rows.columns.index(name) for name in names]
    if kept == list(range(len(rows.columns))):
        return rows
    first = kept == list(range(len(kept)))  # a view: the table may be large
    return dataclasses.replace(
        rows,
        values=rows.values[:, : len(kept)] if first else rows.values[:, kept],
        columns=tuple(names),
        integer=tuple(rows.integer[index] for index in kept),
        text_decimals=tuple(rows.text_decimals[index] for index in kept),
        forms=tuple(rows.forms[index] for index in kept) if rows.forms else (),
    )


def _match_shapes(p: Rows, q: Rows, choice: Choice) -> tuple[Rows, Rows, list[str]]:
    """Rows of one shape, with labels where both have them."""
    if "label" in choice.drop or p.labels is None or q.labels is None:
        told = []
        if "label" not in choice.drop and (p.labels is None) != (q.labels is None):
            told.append(f"only {'P' if q.labels is None else 'Q'} has labels, so that they are not compared")
        p, q = dataclasses.replace(p, labels=None), dataclasses.replace(q, labels=None)
    else:
        told = [
            "the labels beside the images are compared too: divergences are those of images and labels "
            "together; --drop label compares the images alone"
        ]
    one, other = p.values.shape[1:], q.values.shape[1:]
    if one == other:
        return p, q, told
    if one == (*other, 1) or other == (*one, 1):  # gray images with and without an axis of channels
        shape = min(one, other, key=len) or (1,)
        p, q = (
            dataclasses.replace(rows, values=rows.values.reshape(len(rows.values), *shape)) for rows in (p, q)
        )
        return p, q, told
    mend = "resize the images of one" if len(one) > 1 and len(other) > 1 else "bring both to one shape"
    raise DataError(f"rows of P ({p.source}) have shape {one}, and those of Q ({q.source}) {other}: {mend}")
