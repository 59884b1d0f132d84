"""NumPy's .npy: a header with type and shape, then the values."""

from __future__ import annotations

import math
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from vdm_cli.data.files.array import as_rows, check_kind
from vdm_cli.errors import DataError


@dataclass(frozen=True)
class NpyHeader:
    """What stands before the values of a .npy file.

    Attributes:
        shape: Of the whole array; the first dimension counts rows.
        dtype: As stored, byte order included.
        fortran_order: Whether the first index varies fastest, so that a row does not lie in one piece.
        offset: Where the values begin, in bytes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    offset: int


def read_npy(path: Path, source: str) -> np.ndarray:
    """Read the rows of a .npy file, shape (n, *shape).

    Raises:
        DataError: If the file is damaged, or is not an array of finite real numbers.
    """
    with path.open("rb") as stream:
        return read_array(stream, path.stat().st_size, source)


def read_array(stream: IO[bytes], size: int, place: str) -> np.ndarray:
    """Read the rows of a seekable stream that holds one .npy file.

    What the header claims is held against the size of the stream before memory is taken for it.

    Args:
        stream: The file, at its beginning.
        size: Length of the stream in bytes.
        place: What to call the array in messages.

    Raises:
        DataError: If the file is damaged, or is not an array of finite real numbers.
    """
    header = read_header(stream, size, place)
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Python 2, as in `read_header`
        try:
            values = np.lib.format.read_array(stream, allow_pickle=False)
        except MemoryError as error:
            claimed = math.prod(header.shape) * header.dtype.itemsize
            raise DataError(
                f"{place}: needs {claimed / 2**30:.1f} GiB of memory, more than there is"
            ) from error
        except ValueError as error:
            raise DataError(f"{place}: is damaged: {error}") from error
    return as_rows(values, place)


def read_header(stream: IO[bytes], size: int, place: str) -> NpyHeader:
    """Read what a .npy file promises, and hold it against the size of the file; no value is read.

    Args:
        stream: The file, at its beginning; left at the first value.
        size: Length of the stream in bytes.
        place: What to call the array in messages.

    Raises:
        DataError: If the header is damaged, or promises other than rows of real numbers, or more or fewer
            bytes than follow it.
    """
    with warnings.catch_warnings():
        # Headers written by Python 2 are read all the same, with a warning about their speed.
        warnings.simplefilter("ignore", UserWarning)
        shape, fortran_order, dtype = _parse_header(stream, place)
    check_kind(dtype, shape, place)
    claimed, held = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if claimed != held:
        raise DataError(
            f"{place}: the header promises {claimed} bytes of values (shape {shape}, {dtype}), "
            f"but {held} follow; the file is incomplete or damaged"
        )
    return NpyHeader(shape, dtype, fortran_order, stream.tell())


def write_npy(stream: IO[bytes], chunks: Iterable[np.ndarray], num_rows: int, shape: tuple[int, ...]) -> None:
    """Write a .npy file chunk by chunk, the same bytes that ``np.save`` writes for the whole.

    Args:
        stream: Where to write.
        chunks: Arrays of shape (m, *shape), all of one native type, `num_rows` rows in all.
        num_rows: How many rows there will be, for the header; at least 1.
        shape: Shape of one row.
    """
    for index, chunk in enumerate(chunks):
        if index == 0:
            descr = np.lib.format.dtype_to_descr(chunk.dtype)
            header = {"descr": descr, "fortran_order": False, "shape": (num_rows, *shape)}
            np.lib.format.write_array_header_1_0(stream, header)
        stream.write(chunk.tobytes())


def _parse_header(stream: IO[bytes], place: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type from the header; leaves the stream at the first value."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            # Version 3 exists for field names beyond Latin-1, hence only for records.
            raise DataError(f"{place}: is of .npy version {version[0]}, used for records with named fields")
    except (ValueError, SyntaxError, TypeError, EOFError, tokenize.TokenError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{place}: is not a .npy file, or its header is damaged: {reason[:120]}") from error
    if any(length < 0 for length in shape):
        raise DataError(f"{place}: is damaged: the header gives the shape {shape}")
    return shape, fortran_order, dtype
