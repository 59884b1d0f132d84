"""Folders of images: one image a row, and where they lie in subfolders these are their classes."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdm_cli.data.files.picture import SUFFIXES, picture_shape, read_picture, refusing_bombs
from vdm_cli.data.labels import MAX_CLASSES, Labels, class_labels
from vdm_cli.errors import DataError

_OTHER_IMAGES = (".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".tga")
# Threads pay where an image is large enough for its decoding, which releases the interpreter, to outweigh
# their hand-over: 32x32 PNG took 1.6 times as long on two, 64x64 JPEG 0.6 times, 256x256 JPEG 0.46 times.
_LARGE = 1 << 13
_TOGETHER = 32  # images decoded by a thread at a time


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """The images of a folder, by their headers.

    Attributes:
        source: What to call the folder in messages.
        files: The images in the order of their names, class after class.
        shape: Of each image: (h, w) for gray, (h, w, 3) for color.
        labels: Their classes, called by the subfolders; None where there are no subfolders.
        ignored: Number of other files, whose suffixes say that they are no images.
    """

    source: str
    files: tuple[str, ...]
    shape: tuple[int, ...]
    labels: Labels | None
    ignored: int


def list_images(path: Path, source: str) -> ImageFolder:
    """Find the images of a folder and check their headers; hidden files are skipped.

    Args:
        path: The folder: of images, or of folders of images, one a class.
        source: What to call it in messages.

    Raises:
        DataError: If there are no images, if they differ in size or color, if one of them is of another
            kind than .png, .jpg, .bmp and .webp, or if a link leads out of the folder.
    """
    inside = path.resolve()
    files, folders, ignored = _scan(path, inside)
    codes: list[int] = []
    classes = [(folder, _scan(folder, inside)) for folder in folders]
    if files:
        for folder, (images, _, _) in classes:
            if images:
                raise DataError(
                    f"{source}: holds images beside the folder {folder.name} and in it; put all images in "
                    "one folder, or each class in one of its own"
                )
    else:
        for code, (folder, (images, deeper, others_here)) in enumerate(classes):
            if not images:
                where = f", but the folder {deeper[0].name}; give one folder of classes" if deeper else ""
                raise DataError(f"{folder}: holds no images{where}; every folder of {source} is a class")
            files += images
            codes += [code] * len(images)
            ignored += others_here
    if not files:
        others = f", but {ignored} other files" if ignored else ""
        raise DataError(f"{source}: is a folder without images ({', '.join(SUFFIXES)}){others}")
    if len(classes) > MAX_CLASSES and codes:
        raise DataError(f"{source}: holds {len(classes)} folders, and classes are at most {MAX_CLASSES}")
    labels = class_labels(np.array(codes), [folder.name for folder in folders]) if codes else None
    return ImageFolder(source, tuple(map(str, files)), _common_shape(files), labels, ignored)


def read_image_folder(path: Path, source: str) -> tuple[np.ndarray, ImageFolder]:
    """Read all images of a folder, uint8 (n, h, w) or (n, h, w, 3), with their classes.

    Raises:
        DataError: As `list_images` and `decode`.
    """
    folder = list_images(path, source)
    return decode(folder, slice(None)), folder


def decode(folder: ImageFolder, rows: slice | np.ndarray) -> np.ndarray:
    """Decode some images of a folder.

    Args:
        folder: From `list_images`.
        rows: Which ones: a slice, or indices of shape (k,).

    Returns:
        uint8, shape (k, *folder.shape).

    Raises:
        DataError: If one of them is cut short, damaged, or not as its header was.
    """
    wanted = range(len(folder.files))[rows] if isinstance(rows, slice) else rows.tolist()
    files = [folder.files[index] for index in wanted]
    images = np.empty((len(files), *folder.shape), np.uint8)

    def decode_from(start: int) -> None:
        for index in range(start, min(start + _TOGETHER, len(files))):
            pixels = read_picture(Path(files[index]))
            if pixels.shape != folder.shape:
                raise DataError(
                    f"{files[index]}: is now {_described(pixels.shape)}; it was {_described(folder.shape)}"
                )
            images[index] = pixels

    starts = range(0, len(files), _TOGETHER)
    workers = min(8, os.cpu_count() or 1, len(starts))
    if workers > 1 and math.prod(folder.shape) >= _LARGE:
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(decode_from, starts):
                pass
    else:
        for start in starts:
            decode_from(start)
    return images


def _scan(folder: Path, inside: Path) -> tuple[list[Path], list[Path], int]:
    """Images and subfolders in the order of their names, and the number of other files."""
    images, folders, ignored = [], [], 0
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        file = folder / entry.name
        if entry.is_symlink():
            _check_link(file, inside)
        suffix = file.suffix.lower()
        if entry.is_dir():
            folders.append(file)
        elif suffix in _OTHER_IMAGES:
            raise DataError(
                f"{file}: images of type {suffix} are not read; convert them to .png or remove them"
            )
        elif suffix not in SUFFIXES:
            ignored += 1
        elif entry.is_file():
            images.append(file)
        else:
            raise DataError(f"{file}: is not a regular file")
    return images, folders, ignored


def _check_link(file: Path, inside: Path) -> None:
    """Refuse a link that does not lead into the folder `inside`, whose own path has no links."""
    try:
        target = file.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{file}: is a link that leads nowhere; remove it") from error
    if not target.is_relative_to(inside):
        raise DataError(f"{file}: is a link out of the folder, to {target}; copy the file instead")


def _common_shape(files: list[Path]) -> tuple[int, ...]:
    """The shape that all images have by their headers."""
    with refusing_bombs():
        first = picture_shape(files[0])
        for file in files[1:]:
            shape = picture_shape(file)
            if shape != first:
                raise DataError(
                    f"{files[0]} is {_described(first)}, and {file} is {_described(shape)}; all images must "
                    "have one size and be all gray or all colored: resize or convert them"
                )
    return first


def _described(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels, {'colored' if len(shape) == 3 else 'gray'}"
