"""The kinds of data files, told by their names: the one table that reading goes by."""

from __future__ import annotations

import difflib
import enum
import re
from pathlib import Path

from vdm_cli.data.files.compressed import plain_name
from vdm_cli.errors import DataError


class Kind(enum.Enum):
    """How a file holds rows; the value is how people are told of it."""

    NPY = ".npy"
    NPZ = ".npz"
    CSV = ".csv (also .csv.gz)"
    PARQUET = ".parquet"
    IDX = "IDX (.idx or -idx3-ubyte, also .gz)"
    CIFAR = "CIFAR's .bin (also .gz, .xz)"
    HDF5 = ".h5:DATASET"
    ROOT = ".root:TREE"
    IMAGES = "a folder of images"

    @property
    def is_table(self) -> bool:
        """Whether its columns have names."""
        return self in (Kind.CSV, Kind.PARQUET, Kind.ROOT)


SUPPORTED = ", ".join(kind.value for kind in Kind)
_COMPRESSIBLE = (Kind.CSV, Kind.IDX, Kind.CIFAR)
_NAMES = {
    Kind.NPY: r".*\.npy",
    Kind.NPZ: r".*\.npz",
    Kind.CSV: r".*\.csv",
    Kind.PARQUET: r".*\.parquet",
    Kind.IDX: r".*(\.idx|[-.]idx\d(-ubyte)?)",
    Kind.CIFAR: r".*\.bin",
    Kind.HDF5: r".*\.(h5|hdf5)",
    Kind.ROOT: r".*\.root",
}


def kind_of(file: Path, source: str) -> Kind:
    """Return the kind of an existing file, or of a folder.

    Args:
        file: The file, without the name of what is meant inside it.
        source: What to call it in messages.

    Raises:
        DataError: If there is no such file, or it is of no supported kind.
    """
    _require(file, source)
    if file.is_dir():
        return Kind.IMAGES
    name = plain_name(file)
    compressed = name != file.name.lower()
    for kind, pattern in _NAMES.items():
        if re.fullmatch(pattern, name) and (not compressed or kind in _COMPRESSIBLE):
            return kind
    suffix = "".join(file.suffixes[-2:] if compressed else file.suffixes[-1:]).lower()
    what = f"files of type '{suffix}' are" if suffix else "a file without a suffix is"
    raise DataError(f"{source}: {what} not supported; supported are {SUPPORTED}")


def _require(file: Path, source: str) -> None:
    """Refuse what is neither a regular file nor a folder, naming the nearest one in the same folder."""
    try:
        if file.is_file() or file.is_dir():
            return
        if file.exists():
            raise DataError(f"{source}: is not a regular file")
        siblings = sorted(entry.name for entry in file.parent.iterdir()) if file.parent.is_dir() else []
    except (OSError, ValueError) as error:
        raise DataError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not file.parent.is_dir():
        raise DataError(f"{source}: no such file: the folder {file.parent} does not exist")
    near = difflib.get_close_matches(file.name, siblings, n=1, cutoff=0.6)
    hint = f". Did you mean {file.parent / near[0]}?" if near else f" in the folder {file.parent}"
    raise DataError(f"{source}: no such file{hint}")
