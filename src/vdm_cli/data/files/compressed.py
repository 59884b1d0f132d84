"""Bytes of a file that may be compressed by gzip or xz, without trusting what it expands to."""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from vdm_cli.errors import DataError

_FORMATS: dict[str, tuple[str, Callable[[BinaryIO], Any]]] = {
    ".gz": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    ".xz": ("xz", lzma.LZMAFile),
}
COMPRESSIONS = tuple(_FORMATS)
# gzip expands zeros 1,032-fold and xz far more; tables and images of real data stay below 100.
LARGEST_FACTOR = 200
ALWAYS_ALLOWED = 1 << 25  # bytes that any file may expand to: 32 MiB


def open_bytes(path: Path, source: str) -> BinaryIO:
    """Open a file for reading; what ends in ``.gz`` or ``.xz`` is decompressed on the way.

    The stream of a compressed file cannot seek.  While it is read it raises `DataError` where the file is cut
    short or damaged, and where it expands as only a decompression bomb does: beyond 32 MiB, more than
    200 bytes for each compressed byte read so far.

    Args:
        path: The file.
        source: What to call it in messages.
    """
    suffix = path.suffix.lower()
    if suffix not in COMPRESSIONS:
        return path.open("rb")
    return cast(BinaryIO, io.BufferedReader(_Expanded(path, suffix, source), 1 << 16))


def plain_name(path: Path) -> str:
    """Name of the file in small letters, without the suffix of its compression."""
    name = path.name.lower()
    return name[:-3] if name.endswith(COMPRESSIONS) else name


def most_bytes(path: Path) -> int:
    """Return how many bytes `open_bytes` can yield: the size of a plain file, else an upper bound."""
    size = path.stat().st_size
    return size if path.suffix.lower() not in COMPRESSIONS else _largest_content(size)


def check_expansion(claimed: int, size: int, place: str) -> None:
    """Refuse what claims to hold far more than its file could unless it were a decompression bomb.

    Args:
        claimed: Bytes of values.
        size: Bytes of the file.
        place: What to call it in messages.
    """
    if claimed > _largest_content(size):
        raise DataError(
            f"{place}: claims {claimed} bytes of values in a file of {size}, over {LARGEST_FACTOR}-fold, as "
            "decompression bombs do; if it is meant to, save it as .npy or .parquet"
        )


def _largest_content(size: int) -> int:
    return max(ALWAYS_ALLOWED, LARGEST_FACTOR * size)


class _Expanded(io.RawIOBase):
    """The bytes behind a compressed file, counted as they come."""

    def __init__(self, path: Path, suffix: str, source: str):
        self._kind, decompress = _FORMATS[suffix]
        self._source = source
        self._count = 0
        self._compressed = path.open("rb")
        self._stream = decompress(self._compressed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            count: int = self._stream.readinto(buffer)
        except EOFError as error:
            raise DataError(
                f"{self._source}: the {self._kind} file is cut short (after {self._count} bytes of content); "
                "copy or download it again"
            ) from error
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
            raise DataError(
                f"{self._source}: is no {self._kind} file, or is damaged ({error}); copy or download it again"
            ) from error
        self._count += count
        if self._count > _largest_content(self._compressed.tell()):
            raise DataError(
                f"{self._source}: expands more than {LARGEST_FACTOR}-fold, as decompression bombs do; "
                "if it is meant to, decompress it and give the plain file"
            )
        return count

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._compressed.close()
        super().close()
