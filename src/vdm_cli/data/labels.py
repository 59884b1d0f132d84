"""What stands beside each row of a file of images: its class, or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.form import NUMBER, Form
from vdm_cli.errors import DataError

MAX_CLASSES = 10_000  # ImageNet has 1,000; beyond this they number rows and not kinds of image


@dataclass(frozen=True, eq=False)
class Labels:
    """What stands beside the rows of a file of images: one class, or a number, for each.

    Attributes:
        values: Shape (n,), float64; codes of `form` where that is a category.
        form: How they are written.
        name: What a configuration and the command line call them.
    """

    values: np.ndarray
    form: Form
    name: str = "label"


def class_labels(codes: np.ndarray, names: Sequence[str]) -> Labels:
    """Return classes by their codes.

    Args:
        codes: Whole numbers in [0, len(names)), shape (n,).
        names: Name of each code.
    """
    return Labels(codes.astype(np.float64), Form("category", tuple(names)))


def as_labels(values: np.ndarray, place: str) -> Labels:
    """Return whole numbers as classes named by them, in their order, and fractions as numbers.

    Args:
        values: Finite; its type tells the two apart.
        place: What to call it in messages.

    Raises:
        DataError: If there is not one value a row, or there are too many classes.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{place}: labels must be one a row, but each has the shape {values.shape[1:]}")
    if values.dtype.kind == "f":
        return Labels(values.astype(np.float64), NUMBER)
    names, codes = np.unique(values, return_inverse=True)
    if len(names) > MAX_CLASSES:
        raise DataError(
            f"{place}: has {len(names)} different whole numbers, and classes are at most {MAX_CLASSES}; "
            "write numbers that are no classes as floats"
        )
    return class_labels(codes, [str(name) for name in names])


def check_count(labels: Labels, count: int, place: str, source: str) -> Labels:
    """Return the labels if there is one for each of `count` rows.

    Raises:
        DataError: If their number differs; it names both files.
    """
    if len(labels.values) != count:
        raise DataError(f"{place}: has {len(labels.values)} labels, and {source} has {count} rows")
    return labels
