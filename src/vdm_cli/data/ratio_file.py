"""Where the log-ratios and weights of rows may be written."""

from __future__ import annotations

import os
from pathlib import Path

from vdm_cli.errors import UsageError

SUFFIXES = (".csv", ".parquet", ".npz", ".npy")


def check_ratio_file(path: Path, prefix: str = "") -> None:
    """Refuse what could not become a new file of one of the `SUFFIXES`.

    Args:
        path: The file.
        prefix: What stands before it in a message, such as the option.

    Raises:
        UsageError: If the suffix is another one, the file exists, or its folder does not or is closed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{prefix}{path}: the suffix must be one of {', '.join(SUFFIXES)}")
    folder = path.absolute().parent
    if path.exists() or path.is_symlink():
        raise UsageError(f"{prefix}{path}: it exists; choose another file")
    if not folder.is_dir():
        raise UsageError(f"{prefix}{path}: there is no folder {path.parent}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{prefix}{path}: no permission to write in the folder {path.parent}")
