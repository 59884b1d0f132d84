"""One picture of the user's: what its header says, and its pixels."""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vdm_cli.errors import DataError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")  # others are never tried, whatever a file is called
_CHANNELS = {"L": (), "LA": (), "RGB": (3,), "RGBA": (3,)}
_CONVERT = {
    "P": ("a palette image", "RGB"),
    "PA": ("a palette image", "RGB"),
    "1": ("a bitmap of one bit a pixel", "L"),
    "CMYK": ("a CMYK image", "RGB"),
}
# what Pillow raises at damaged files, found by damaging some
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error, zlib.error)


def picture_shape(file: Path) -> tuple[int, ...]:
    """Return (height, width) of a gray picture or (height, width, 3) of a colored one, from its header.

    Only pictures with an alpha channel are decoded, to see that it hides nothing.

    Raises:
        DataError: If the file is no picture of 8 bits a channel, or claims too many pixels.
    """
    with _opened(file) as image:
        if "A" in image.mode:
            _pixels(image, file)
        return (image.height, image.width, *_CHANNELS[image.mode])


def read_picture(file: Path) -> np.ndarray:
    """Return the pixels, uint8, of the shape that `picture_shape` gives.

    Raises:
        DataError: If the file is no picture, is cut short or has transparent pixels.
    """
    with _opened(file) as image:
        return _pixels(image, file)


@contextlib.contextmanager
def refusing_bombs() -> Iterator[None]:
    """Have `picture_shape` refuse pictures of more pixels than Pillow would decode without a warning.

    The filters of warnings are global: not for use beside other threads.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[ImageFile]:
    """The picture with its header read and found good; what fails inside names the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=_FORMATS) as image:
            _check_header(image, file)
            yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file}: claims over {Image.MAX_IMAGE_PIXELS} pixels, as decompression bombs do; scale it down"
        ) from error
    except UnidentifiedImageError as error:
        raise DataError(f"{file}: is no image of the kinds {', '.join(SUFFIXES)}, or is damaged") from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from error
        raise DataError(f"{file}: is cut short or damaged: {error}") from error


def _check_header(image: ImageFile, file: Path) -> None:
    # The raw mode tells of 16 bits a channel where Pillow would drop half of them.
    deep = any(";16" in str(tile[3]) for tile in image.tile)
    if deep or image.mode.startswith(("I", "F")):
        raise DataError(f"{file}: has more than 8 bits a channel; give such images as one .npy array")
    if image.mode not in _CHANNELS:
        what, mode = _CONVERT.get(image.mode, (f"an image of mode {image.mode}", "RGB"))
        raise DataError(
            f"{file}: is {what}; images must be gray or RGB: convert all, in Python with "
            f"PIL.Image.open(file).convert('{mode}').save(file)"
        )
    if getattr(image, "n_frames", 1) > 1:
        raise DataError(f"{file}: is animated; keep one frame")


def _pixels(image: ImageFile, file: Path) -> np.ndarray:
    pixels = np.asarray(image)
    if "A" not in image.mode:
        return pixels
    if (pixels[..., -1] != 255).any():
        raise DataError(
            f"{file}: has transparent pixels; put all images on a background, or drop transparency in Python "
            "with PIL.Image.open(file).convert('RGB').save(file)"
        )
    return pixels[..., 0] if image.mode == "LA" else pixels[..., :3]
