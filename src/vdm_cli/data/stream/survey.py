"""One pass over a file before training: is every value finite, and what are the statistics of the rows?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.stream.moments import Moments
from vdm_cli.data.stream.prefetch import Prefetch
from vdm_cli.data.stream.row_file import RowFile, in_order, row_bytes
from vdm_cli.errors import DataError

PIECE_BYTES = 4 << 20
_CACHED_BYTES = 256 << 10  # of a piece at a time: its float64 copy stays in a core's cache

Progress = Callable[[int, int], None]  # rows read, rows in all


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass over a file found.

    Attributes:
        moments: Of the training rows, flattened to features; of the values that are not blank.
        parts: The rows that were asked for, in their order.
        digest: Identifies the values of all rows, training or not, and their labels.
    """

    moments: Moments
    parts: tuple[np.ndarray, ...]
    digest: str


def survey(
    file: RowFile, held_out: np.ndarray, parts: Sequence[np.ndarray], progress: Progress | None = None
) -> Survey:
    """Read a file once from its first row to its last.

    Args:
        file: The rows.
        held_out: Rows that the moments leave out, increasing.
        parts: Numbers of the rows to keep, increasing, part by part.
        progress: Told how far it is, every few MiB.

    Raises:
        DataError: If the file cannot be read, or a value is infinite, or NaN and no blank.
    """
    features = math.prod(file.shape)
    moments = Moments(features)
    kept = [np.empty((len(part), *file.shape), file.dtype) for part in parts]
    digest = hashlib.sha256()  # modern processors have instructions for it: twice as fast as blake2b
    digest.update(str((file.count, file.shape, file.dtype.str, file.identity)).encode())
    if file.labels is not None:
        digest.update(str((file.labels.name, file.labels.form)).encode())
        digest.update(np.ascontiguousarray(file.labels.values).data)
    with closing(Prefetch(_pieces(file), 2)) as pieces, ThreadPoolExecutor(1) as hashing:
        hashed: Future[None] | None = None
        for start, rows in pieces:
            stop = start + len(rows)
            if hashed is not None:
                hashed.result()
            hashed = hashing.submit(digest.update, rows.data)  # its own core: it releases the interpreter
            for part, into in zip(parts, kept, strict=True):
                within = slice(*np.searchsorted(part, (start, stop)))
                into[within] = rows[part[within] - start]
            _take_in(moments, rows.reshape(-1, features), start, held_out, file)
            if progress is not None:
                progress(stop, file.count)
    return Survey(moments, tuple(kept), digest.hexdigest()[:32])


def _pieces(file: RowFile) -> Iterator[tuple[int, np.ndarray]]:
    for start, stop in in_order(file, PIECE_BYTES):
        yield start, file.read(start, stop)


def _take_in(moments: Moments, rows: np.ndarray, first: int, held_out: np.ndarray, file: RowFile) -> None:
    """Add the training rows among rows (n, features), the first of which is number `first`."""
    some = max(1, _CACHED_BYTES // row_bytes(file))
    for start in range(0, len(rows), some):
        block = rows[start : start + some]
        if block.dtype.kind == "f":
            _require_finite(block, first + start, file)
        place = first + start
        out = held_out[slice(*np.searchsorted(held_out, (place, place + len(block))))] - place
        training = np.delete(block, out, axis=0) if len(out) else block
        if len(training):
            moments.add(training)


def _require_finite(rows: np.ndarray, first: int, file: RowFile) -> None:
    fine = ~np.isinf(rows) if file.has_blanks else np.isfinite(rows)
    if fine.all():
        return
    row, feature = (int(index) for index in np.unravel_index(int(np.argmin(fine)), fine.shape))
    place = tuple(int(index) for index in np.unravel_index(feature, file.shape)) if file.shape else ()
    element = f", feature {place[0] if len(place) == 1 else place}" if place else ""
    raise DataError(
        f"{file.source}: row {first + row}{element} is {rows[row, feature]} (rows and features count from 0; "
        "the rows after it were not read); all must be finite: remove those rows or fill them in"
    )
