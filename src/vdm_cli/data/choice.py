"""Which columns of two files are compared, told from their names before a row is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.files.table import choose_columns
from vdm_cli.data.kinds import Kind, kind_of
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
        num_samples: At most so many rows of each file, chosen at random; None for all.
        seed: Of their choice.
    """

    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    p_weights: WeightColumn | None = None
    q_weights: WeightColumn | None = None
    num_samples: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Side:
    """One file, before its rows are read.

    Attributes:
        path: Of the file.
        names: Of all its columns; None for arrays, images and csv files without names.
        weights: Where its weights stand.
        num_samples: At most so many of its rows are chosen.
        seed: Of their choice.
    """

    path: str
    names: tuple[str, ...] | None
    weights: WeightColumn | None
    num_samples: int | None
    seed: int

    @property
    def comparable(self) -> tuple[str, ...]:
        """Names of the columns but the weights, and but one without a name: an index saved with the table."""
        assert self.names is not None, "only a table has names"
        own = self.weights.name if self.weights is not None else None
        return tuple(name for name in self.names if name and name != own)

    def choose(self, count: int) -> np.ndarray | None:
        """Which of so many rows take part; None for all."""
        if self.num_samples is None or self.num_samples >= count:
            return None
        return np.sort(np.random.default_rng(self.seed).permutation(count)[: self.num_samples])


def require_weights(side: Side, choice: Choice) -> None:
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


def require_known(named: Sequence[Side], choice: Choice) -> None:
    """Refuse to drop what neither table has."""
    if not named or not choice.drop:
        return
    every = list(dict.fromkeys(name for side in named for name in side.names or ()))
    places = " or ".join(side.path for side in named)
    choose_columns(every, places, choice.drop)


def chosen_columns(side: Side, choice: Choice) -> list[str]:
    """The names of a table's columns that are compared."""
    names = side.comparable
    dropped = [name for name in choice.drop if name in names]
    return [names[index] for index in choose_columns(names, side.path, choice.columns, dropped)]


def require_same(first: Side, second: Side, p: Sequence[str], q: Sequence[str]) -> None:
    """Refuse tables of different columns, naming them and what mends it."""
    only_p = [name for name in p if name not in q]
    only_q = [name for name in q if name not in p]
    if not (only_p or only_q):
        return
    apart = (("only in P", only_p), ("only in Q", only_q))
    parts = [f"{where}: {listed(names)}" for where, names in apart if names]
    common = [name for name in p if name in q]
    mend = "rename them alike in both files"
    if common:
        mend += f", or leave them out with --drop {','.join([*only_p, *only_q][:_LISTED])}"
    if 0 < len(common) <= _LISTED:
        mend += f" (the same as --columns {','.join(common)})"
    raise DataError(f"{first.path} and {second.path} have different columns ({'; '.join(parts)}); {mend}")


def listed(names: Sequence[str]) -> str:
    """The names, or the first of many, for a message."""
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
