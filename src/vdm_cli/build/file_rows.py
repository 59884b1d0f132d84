"""The rows of a file that a data section asks for: read, filtered, with their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdm_cli.config.data import FileData
from vdm_cli.data.dataset import Part
from vdm_cli.data.recode import recode_like
from vdm_cli.data.rows import Rows, read_rows
from vdm_cli.data.selection import drop_columns, keep_where, pop_weights
from vdm_cli.errors import DataError

FEWEST_ROWS = 20
LARGEST_VALUE = 1e150


@dataclass(frozen=True, eq=False)
class FileRows:
    """What was read.

    Attributes:
        rows: The rows that take part, without the column of weights.
        weights: One a row, or None.
    """

    rows: Rows
    weights: np.ndarray | None = None

    def part(self, index: np.ndarray) -> Part:
        """The rows of these indices, with their labels and weights."""
        labels = self.rows.labels
        return Part(
            self.rows.values[index],
            None if labels is None else labels.values[index],
            None if self.weights is None else self.weights[index],
        )


@dataclass(frozen=True)
class Parts:
    """A file's rows, and which of them train, validate and test."""

    rows: Rows
    train: Part
    validation: Part
    test: Part


def check_count(count: int, source: str) -> None:
    """Refuse a file of too few rows."""
    if count < FEWEST_ROWS:
        needed = f"training, validation and test need {FEWEST_ROWS} at least"
        raise DataError(f"{source}: {count} rows; {needed}")


def check_largest(largest: float, source: str) -> None:
    """Refuse values whose squares are not finite."""
    if largest > LARGEST_VALUE:
        raise DataError(f"{source}: a value of size {largest:.3g} is too large to train on; rescale it")


def read_file_rows(data: FileData, path: str, like: Rows | None) -> FileRows:
    """Read one of the files of a data section.

    Args:
        data: The section.
        path: Its `path`, or a file of validation or test rows.
        like: The rows of `path` where another file is read, whose columns and categories it must have.

    Raises:
        DataError: If it cannot be read, nothing is left of it, or it does not fit `like`.
    """
    beside = [*(data.where or ()), *((data.weights,) if data.weights else ())]
    wanted = data.columns if like is None or like.columns is None else like.columns
    columns = wanted and (*wanted, *(name for name in dict.fromkeys(beside) if name not in wanted))
    drop = tuple(name for name in data.drop or () if name not in beside) if columns is None else ()
    rows = read_rows(
        path, columns=columns, drop=drop, key=data.key, labels=data.labels if like is None else None
    )
    if like is not None and like.labels is not None and rows.labels is None and data.condition:
        raise DataError(
            f"{path}: has no labels, and data.condition needs them; take a file that has its own (IDX, a "
            "folder of classes), or a share of the rows"
        )
    if data.where:
        rows = keep_where(rows, data.where)
    if like is not None:
        rows = recode_like(rows, like)
    weights = None
    if data.weights:
        rows, weights = pop_weights(rows, data.weights)
    unwanted = [
        name
        for name in data.where or ()
        if name in (data.drop or ()) or (wanted is not None and name not in wanted)
    ]
    if unwanted and rows.columns is not None:
        rows = drop_columns(rows, unwanted)
    if like is not None and rows.values.shape[1:] != like.values.shape[1:]:
        raise DataError(
            f"{path}: rows of shape {rows.values.shape[1:]}, but {like.source} has {like.values.shape[1:]}"
        )
    return FileRows(rows, weights)
