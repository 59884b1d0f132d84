"""What a data path says: a file or folder, and for files that hold several arrays the name of one."""

from __future__ import annotations

import re
from pathlib import Path

CONTAINERS = (".npz", ".h5", ".hdf5", ".root")
_INSIDE = re.compile(r"(.*?(?:\.npz|\.h5|\.hdf5|\.root)):(.*)", re.IGNORECASE | re.DOTALL)


def split_name(path: str) -> tuple[str, str | None]:
    """Return the file of a data path, and the name of what is meant inside it.

    Example:
        >>> split_name("run.h5:/detector/hits"), split_name("a:b.csv")
        (('run.h5', '/detector/hits'), ('a:b.csv', None))
    """
    parts = _INSIDE.fullmatch(path)
    return (parts[1], parts[2]) if parts else (path, None)


def join_name(file: str | Path, name: str | None) -> str:
    """Return the data path of a file and a name inside it: the inverse of `split_name`."""
    return str(file) if name is None else f"{file}:{name}"


def absolute(path: str) -> str:
    """Return the data path seen from any working folder."""
    file, name = split_name(path)
    return join_name(Path(file).absolute(), name)


def names_array_of(path: str, name: str) -> bool:
    """Whether `name` is the bare name of an array inside the file that `path` means, and no path itself.

    So it is where that file holds several arrays and the name has no point: the labels ``y_train`` of
    ``digits.npz``, but not ``labels.npy`` or ``./labels``.
    """
    return Path(split_name(path)[0]).suffix.lower() in CONTAINERS and "." not in name
