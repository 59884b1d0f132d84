"""The binary versions of CIFAR-10 and CIFAR-100: records of a class and a 32x32 picture in three planes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.files.compressed import COMPRESSIONS, open_bytes
from vdm_cli.data.labels import Labels, class_labels
from vdm_cli.errors import DataError

_PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class _Version:
    """One of the two data sets.

    Attributes:
        name: What people call it.
        classes: Number of values of each byte before the pixels; the last one is the label.
        names_file: The text file beside it with the names of the labels, one a line.
    """

    name: str
    classes: tuple[int, ...]
    names_file: str

    @property
    def record(self) -> int:
        """Length of one record in bytes."""
        return len(self.classes) + _PIXELS


_VERSIONS = (
    _Version("CIFAR-10", (10,), "batches.meta.txt"),
    _Version("CIFAR-100", (20, 100), "fine_label_names.txt"),
)


def read_cifar(path: Path, source: str) -> tuple[np.ndarray, Labels]:
    """Read the images (n, 32, 32, 3), uint8, and their classes; which data set it is follows from the size.

    The classes of CIFAR-100 are its 100 fine ones.  They are called as the text file beside the images
    says (``batches.meta.txt`` or ``fine_label_names.txt``), or by their numbers.
    The format: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Raises:
        DataError: If the size is not a multiple of one kind of record alone, or a class is out of range.
    """
    if path.suffix.lower() not in COMPRESSIONS:
        _version(path.stat().st_size, source)
    with open_bytes(path, source) as stream:
        content = stream.read()
    version = _version(len(content), source)
    records = np.frombuffer(content, np.uint8).reshape(-1, version.record)
    width = len(version.classes)
    wrong = (records[:, :width] >= version.classes).any(axis=1)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"{source}: has the size of {version.name}, but record {first} starts with the class "
            f"{', '.join(map(str, records[first, :width]))}; it is another kind of file, or damaged"
        )
    planes = records[:, width:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), class_labels(
        records[:, width - 1], _names(path.with_name(version.names_file), version.classes[-1])
    )


def _version(size: int, source: str) -> _Version:
    """Which data set a file of this many bytes belongs to."""
    fitting = [version for version in _VERSIONS if size and size % version.record == 0]
    if len(fitting) == 1:
        return fitting[0]
    records = " and ".join(f"{version.record} ({version.name})" for version in _VERSIONS)
    if not fitting:
        what = "no multiple of a record's; it is incomplete or no CIFAR file"
    else:
        what = "a multiple of either record's; split the file in two"
    raise DataError(f"{source}: has {size} bytes, {what} (records have {records} bytes)")


def _names(path: Path, count: int) -> list[str]:
    """Names of the classes from the file beside the images, or their numbers."""
    if not path.is_file():
        return [str(code) for code in range(count)]
    try:
        names = path.read_text(encoding="utf-8").split()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8; it should name {count} classes, one a line") from error
    if len(set(names)) != count or len(names) != count:
        raise DataError(f"{path}: names {len(set(names))} classes; it should name {count}, one a line")
    return names
