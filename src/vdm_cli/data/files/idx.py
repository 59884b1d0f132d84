"""IDX, the format of MNIST: four bytes of type and dimensions, the shape, then the values, big-endian."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vdm_cli.data.files.array import as_rows, check_kind
from vdm_cli.data.files.compressed import COMPRESSIONS, most_bytes, open_bytes
from vdm_cli.data.labels import Labels, as_labels, check_count
from vdm_cli.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_IMAGES = re.compile(r"images([-.])idx[34]", re.IGNORECASE)


def read_idx(path: Path, source: str) -> np.ndarray:
    """Read the rows of an IDX file, shape (n, *shape), compressed or not.

    What the header claims is held against the size of the file before memory is taken for it.
    The format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.

    Raises:
        DataError: If the file is damaged, or is not an array of finite numbers.
    """
    with open_bytes(path, source) as stream:
        shape, dtype = _read_header(stream, source)
        check_kind(dtype, shape, source)
        claimed = math.prod(shape) * dtype.itemsize
        promise = f"the header promises {claimed} bytes of values (shape {shape}, {dtype.name})"
        held = most_bytes(path) - 4 - 4 * len(shape)
        compressed = path.suffix.lower() in COMPRESSIONS
        if claimed > held or (claimed != held and not compressed):
            most = "at most " if compressed else ""
            raise DataError(
                f"{source}: {promise}, but {most}{max(held, 0)} follow; the file is incomplete or damaged"
            )
        values = np.empty(shape, dtype)
        filled = _fill(stream, values)
        if filled < claimed or stream.read(1):
            count = f"only {filled}" if filled < claimed else "more"
            raise DataError(f"{source}: {promise}, but {count} follow; the file is incomplete or damaged")
    return as_rows(values, source)


def read_idx_labels(path: Path, source: str, count: int) -> Labels | None:
    """Read the classes of a file of images from the file of labels beside it, if there is one.

    They belong together by their names: ``train-images-idx3-ubyte.gz`` and ``train-labels-idx1-ubyte.gz``.

    Args:
        path: The file of images.
        source: What to call it in messages.
        count: How many images it has.

    Raises:
        DataError: If the labels are damaged, or are not one whole number an image.
    """
    name = _IMAGES.sub(r"labels\1idx1", path.name)
    if name == path.name:
        return None
    plain = name.removesuffix(path.suffix) if path.suffix.lower() in COMPRESSIONS else name
    for candidate in dict.fromkeys((name, plain, *(plain + suffix for suffix in COMPRESSIONS))):
        beside = path.with_name(candidate)
        if beside.is_file():
            labels = as_labels(read_idx(beside, str(beside)), str(beside))
            return check_count(labels, count, str(beside), source)
    return None


def _read_header(stream: BinaryIO, source: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Shape and type from the header; leaves the stream at the first value."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise DataError(f"{source}: is not an IDX file: its first bytes are {magic.hex(' ') or 'missing'}")
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{source}: the file ends within its header; it is incomplete or damaged")
    return struct.unpack(f">{magic[3]}I", sizes), np.dtype(_TYPES[magic[2]])


def _fill(stream: BinaryIO, values: np.ndarray) -> int:
    """Fill the array from the stream; the number of bytes that came."""
    buffer = memoryview(values.reshape(-1).view(np.uint8))
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled : filled + (1 << 24)])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    return filled
