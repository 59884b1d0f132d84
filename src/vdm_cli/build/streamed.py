"""Training rows read as they are needed, where a file is too large to be held in memory."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vdm_cli.build.file_rows import Parts, check_count, check_largest, read_file_rows
from vdm_cli.config.data import FileData, TransformKind
from vdm_cli.data import affine
from vdm_cli.data.affine import AffineTransform
from vdm_cli.data.dataset import Dataset, Part, StreamedPart
from vdm_cli.data.layout import Layout
from vdm_cli.data.stream.held_out import hold_out, sample_rest
from vdm_cli.data.stream.moments import Moments
from vdm_cli.data.stream.opened import STREAMED, open_row_file, total_bytes
from vdm_cli.data.stream.row_file import RowFile
from vdm_cli.data.stream.survey import Progress, survey
from vdm_cli.errors import UsageError

IN_MEMORY_BYTES = 512 << 20  # rows that take more are streamed, unless the data section says otherwise
MOST_HELD_OUT = 10_000  # rows in each held-out part
MOST_HELD_OUT_VALUES = 1 << 26
SAMPLE_ROWS = 100_000  # that stand for all training rows where something is fitted
SAMPLE_VALUES = 1 << 25
_TELL_EVERY = 10.0  # seconds

Say = Callable[[str], None]


@dataclass(frozen=True)
class Streamed:
    """A file that is streamed, surveyed once.

    Attributes:
        parts: The rows in memory: the sample that stands for the training rows, and the held-out rows.
        train: The training rows.
        moments: Of all training rows.
    """

    parts: Parts
    train: StreamedPart
    moments: Moments

    def exactly(self, dataset: Dataset, kind: TransformKind | None) -> Dataset:
        """The dataset of `parts` with all training rows, and fitted on all of them as far as they are known.

        Offsets, scales and ranges are those of all training rows; decimals, quantiles and the few values that
        make a numeric column a category are those of the sample.

        Args:
            dataset: Built from `parts`.
            kind: Of the transform, as the data section names it.
        """
        places = () if dataset.conditioning is None else dataset.conditioning.places
        transform = dataset.transform
        if isinstance(transform, AffineTransform):
            transform = _exact_transform(kind, transform, self.moments, places)
        layout = _exact_range(dataset.layout, self.moments)
        return dataclasses.replace(dataset, train=self.train, transform=transform, layout=layout)


def open_streamed(data: FileData, seed: int, say: Say | None = None) -> Streamed | None:
    """Survey the file of a data section that is to be streamed; None where its rows belong in memory.

    Args:
        data: The section.
        seed: Of the split.
        say: Told how far the survey is.

    Raises:
        DataError: If the file cannot be read as rows of finite numbers, or has too few.
        UsageError: If the section asks for streaming together with what needs the rows in memory.
    """
    if data.in_memory:
        return None
    file = open_row_file(
        data.path, columns=data.columns, drop=data.drop or (), key=data.key, labels=data.labels
    )
    if file is None:
        if data.in_memory is None:
            return None
        kinds = ", ".join(kind.value for kind in STREAMED)
        raise UsageError(
            f"{data.path}: data.in_memory: false reads rows as they are needed, which works for {kinds}; "
            "convert the file, or leave data.in_memory out"
        )
    if data.in_memory is None and total_bytes(file) <= IN_MEMORY_BYTES:
        return None
    check_count(file.count, file.source)
    for option, value in (("weights", data.weights), ("where", data.where)):
        if value is not None:
            raise UsageError(
                f"{file.source}: data.{option} needs the rows in memory, which would take "
                f"{total_bytes(file) / 2**30:.1f} GiB; say data.in_memory: true if there is room, or write "
                "the rows that you want to a file of their own"
            )
    return _survey(file, data, seed, say)


def _survey(file: RowFile, data: FileData, seed: int, say: Say | None) -> Streamed:
    values = math.prod(file.shape)
    shares = {"validation": data.split.validation, "test": data.split.test}
    most = max(1, min(MOST_HELD_OUT, MOST_HELD_OUT_VALUES // values))
    sizes = [
        min(most, max(1, round(share * file.count))) for share in shares.values() if isinstance(share, float)
    ]
    held_out_parts = hold_out(file.count, sizes, seed) if sizes else []
    held_out = np.sort(np.concatenate([np.empty(0, np.int64), *held_out_parts]))
    sample = sample_rest(file.count, held_out, max(1, min(SAMPLE_ROWS, SAMPLE_VALUES // values)), seed)
    found = survey(file, held_out, [sample, *held_out_parts], _told(file, say))
    check_largest(float(np.max(np.maximum(-found.moments.minimum, found.moments.maximum))), file.source)
    kept = [
        Part(rows, None if file.labels is None else file.labels.values[numbers])
        for numbers, rows in zip([sample, *held_out_parts], found.parts, strict=True)
    ]
    rows = dataclasses.replace(file.describe(found.parts[0]), labels=file.labels)
    read = iter(kept[1:])
    held = {}
    for name, share in shares.items():
        if isinstance(share, str):
            other = read_file_rows(data, share, like=rows)
            held[name] = other.part(np.arange(len(other.rows.values)))
        else:
            held[name] = next(read)
    parts = Parts(rows, kept[0], held["validation"], held["test"])
    return Streamed(parts, StreamedPart(file, held_out, kept[0], found.digest), found.moments)


def _told(file: RowFile, say: Say | None) -> Progress | None:
    """What tells people now and then how far a survey is."""
    if say is None:
        return None
    told = time.monotonic()
    say(
        f"{file.source}: {file.count} rows, {total_bytes(file) / 2**30:.1f} GiB, are read as they are "
        "needed; once now, to see that they are finite"
    )

    def progress(done: int, count: int) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_EVERY and done < count:
            told = time.monotonic()
            say(f"{file.source}: {100 * done // count} % read")

    return progress


def _exact_transform(
    kind: TransformKind | None, fitted: AffineTransform, moments: Moments, conditions: tuple[int, ...]
) -> AffineTransform:
    """The transform that was fitted on a sample, fitted on all rows; conditions are no part of it."""
    shape = fitted.shape

    def modelled(values: np.ndarray) -> np.ndarray:
        return np.delete(values, conditions).reshape(shape)

    low, high = modelled(moments.minimum), modelled(moments.maximum)
    match kind or ("range" if len(shape) > 1 else "standardize"):
        case "standardize":
            return affine.by_moments(modelled(moments.mean), modelled(moments.std), np.maximum(-low, high))
        case "range":
            return affine.by_range(float(low.min()), float(high.max()), shape)
        case _:
            return fitted


def _exact_range(fitted: Layout, moments: Moments) -> Layout:
    """The layout of a sample with the range of all rows; that of a category is its codes already."""
    low, high = moments.minimum, moments.maximum
    if len(fitted.minimum) < len(low):  # one entry for the whole row
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    return dataclasses.replace(
        fitted,
        minimum=tuple(float(value) for value in np.minimum(fitted.minimum, low)),
        maximum=tuple(float(value) for value in np.maximum(fitted.maximum, high)),
    )
