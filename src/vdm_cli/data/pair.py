"""Two files of rows that are to be compared: columns matched by name, categories by text."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.column_names import column_names
from vdm_cli.data.files.hdf5 import read_hdf5
from vdm_cli.data.files.npz import read_npz
from vdm_cli.data.files.table import choose_columns
from vdm_cli.data.kinds import Kind, kind_of
from vdm_cli.data.recode import with_all_categories
from vdm_cli.data.rows import Rows, read_rows
from vdm_cli.data.selection import find_column
from vdm_cli.data.weight_column import WeightColumn
from vdm_cli.data_path import split_name
from vdm_cli.errors import DataError

_LISTED = 12  # names in a message


@dataclass(frozen=True)
class Choice:
    """What of two files is compared.

    Attributes:
        columns: Names of the columns, in the order of the report; None for all.
        drop: Names of columns that are left out of either file; ``label`` means the labels beside images.
        p_weights: Where the weights of P stand, which are not compared.
        q_weights: Where those of Q stand.
    """

    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    p_weights: WeightColumn | None = None
    q_weights: WeightColumn | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """Two samples of the same columns in the same coding.

    Attributes:
        p: The rows of P.
        q: The rows of Q.
        p_weights: Of the rows of P, (n,) float64; None where all count the same.
        q_weights: Of the rows of Q, (m,).
        warnings: What a reader must know.
    """

    p: Rows
    q: Rows
    p_weights: np.ndarray | None
    q_weights: np.ndarray | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Side:
    """One file, before its rows are read.

    Attributes:
        path: Of the file.
        names: Of all its columns; None for arrays, images and csv files without names.
        weights: Where its weights stand.
    """

    path: str
    names: tuple[str, ...] | None
    weights: WeightColumn | None

    @property
    def comparable(self) -> tuple[str, ...]:
        """Names of the columns but the weights, and but one without a name: an index saved with the table."""
        assert self.names is not None, "only a table has names"
        own = self.weights.name if self.weights is not None else None
        return tuple(name for name in self.names if name and name != own)


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
    first = _Side(os.fspath(p), column_names(p), choice.p_weights)
    second = _Side(os.fspath(q), column_names(q), choice.q_weights)
    for side in (first, second):
        _require_weights(side, choice)
    warnings = [
        f"{side.path}: a column without a name is not compared (an index saved with the table?)"
        for side in (first, second)
        if side.names is not None and "" in side.names
    ]
    named = [side for side in (first, second) if side.names is not None]
    _require_known(named, choice)
    chosen = [_chosen(side, choice) for side in named]
    if len(named) == 2:
        _require_same(first, second, *chosen)
    wanted = chosen[0] if chosen else None
    (rows_p, weights_p), (rows_q, weights_q) = _read(first, wanted), _read(second, wanted)
    if len(named) == 1:
        unnamed = first if first.names is None else second
        warnings.append(f"{unnamed.path} has no column names: columns are compared by position")
    rows_p, rows_q = (_name_columns(rows, named, choice) for rows in (rows_p, rows_q))
    rows_p, rows_q, told = _match_shapes(rows_p, rows_q, choice)
    rows_p, rows_q = with_all_categories(rows_p, rows_q)
    return Pair(rows_p, rows_q, weights_p, weights_q, (*warnings, *told))


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


def _require_weights(side: _Side, choice: Choice) -> None:
    """Refuse weights that the file cannot hold, or does not, before it is read."""
    if side.weights is None:
        return
    if side.weights.name in (choice.columns or ()):
        raise DataError(
            f"{side.path}: '{side.weights.name}' holds the weights, which are not compared: leave it out of "
            "--columns"
        )
    if side.names is not None:
        try:
            choose_columns(side.names, side.path, [side.weights.name])
        except DataError as error:
            raise DataError(str(error).replace(side.path, f"{side.path}: {side.weights.option}", 1)) from None
    elif kind_of(Path(split_name(side.path)[0]), side.path) not in (Kind.NPZ, Kind.HDF5):
        raise DataError(
            f"{side.path}: {side.weights.option} names a column of a table, or another array in the same "
            ".npz or HDF5 file, and this has neither; save the weights beside the rows in one of these"
        )


def _require_known(named: Sequence[_Side], choice: Choice) -> None:
    """Refuse to drop what neither table has."""
    if not named or not choice.drop:
        return
    every = list(dict.fromkeys(name for side in named for name in side.names or ()))
    places = " or ".join(side.path for side in named)
    choose_columns(every, places, choice.drop)


def _chosen(side: _Side, choice: Choice) -> list[str]:
    """The names of a table's columns that are compared."""
    names = side.comparable
    dropped = [name for name in choice.drop if name in names]
    return [names[index] for index in choose_columns(names, side.path, choice.columns, dropped)]


def _require_same(first: _Side, second: _Side, p: Sequence[str], q: Sequence[str]) -> None:
    """Refuse tables of different columns, naming them and what mends it."""
    only_p = [name for name in p if name not in q]
    only_q = [name for name in q if name not in p]
    if not (only_p or only_q):
        return
    apart = (("only in P", only_p), ("only in Q", only_q))
    parts = [f"{where}: {_listed(names)}" for where, names in apart if names]
    common = [name for name in p if name in q]
    mend = "rename them alike in both files"
    if common:
        mend += f", or leave them out with --drop {','.join([*only_p, *only_q][:_LISTED])}"
    if 0 < len(common) <= _LISTED:
        mend += f" (the same as --columns {','.join(common)})"
    raise DataError(f"{first.path} and {second.path} have different columns ({'; '.join(parts)}); {mend}")


def _read(side: _Side, wanted: Sequence[str] | None) -> tuple[Rows, np.ndarray | None]:
    """The rows of a file, a table's wanted columns in this order, and the weights (n,)."""
    weights = side.weights
    if side.names is None:
        rows = read_rows(side.path)
        return rows, None if weights is None else _array_of_weights(side.path, weights, len(rows.values))
    assert wanted is not None
    if weights is None:
        return read_rows(side.path, columns=wanted), None
    rows = read_rows(side.path, columns=[*wanted, weights.name])
    column, form = find_column(rows, weights.name, weights.option)
    if form.kind != "number":
        raise DataError(f"{side.path}: {weights.option}: column '{weights.name}' does not hold numbers")
    values = weights.check(column, side.path)
    return _select(rows, wanted), values


def _array_of_weights(path: str, weights: WeightColumn, count: int) -> np.ndarray:
    """The weights in another array of the same file."""
    file = Path(split_name(path)[0])
    read = read_npz if kind_of(file, path) is Kind.NPZ else read_hdf5
    values = weights.check(read(file, str(file), weights.name), str(file))
    if len(values) != count:
        raise DataError(
            f"{path}: {weights.option}: '{weights.name}' has {len(values)} weights for {count} rows"
        )
    return values


def _name_columns(rows: Rows, named: Sequence[_Side], choice: Choice) -> Rows:
    """Name the columns of rows that have no names, where names are needed, and choose among them."""
    if rows.columns is not None or rows.values.ndim > 2 or (choice == Choice() and not named):
        return rows
    if rows.values.ndim == 1:
        rows = dataclasses.replace(rows, values=rows.values[:, None], integer=rows.integer or (False,))
    width = rows.values.shape[1]
    if not named:
        if choice.columns is None and not choice.drop:
            return rows
        names = tuple(f"x{index}" for index in range(width))
        rows = dataclasses.replace(rows, columns=names)
        kept = choose_columns(names, rows.source, choice.columns, choice.drop)
        return _select(rows, [names[index] for index in kept])
    wanted, every = _chosen(named[0], choice), named[0].comparable
    if width not in (len(wanted), len(every)):
        raise DataError(
            f"{rows.source}: has {width} columns without names, and {named[0].path} has {len(every)} "
            f"({_listed(every)}); give both the same columns, or this one a first line of names"
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
    raise DataError(
        f"rows of P ({p.source}) have shape {one}, and those of Q ({q.source}) {other}: bring both to one "
        f"{'size, for images as --p and --q by resizing' if len(one) > 1 and len(other) > 1 else 'shape'}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
