"""Images of a folder, decoded as they are needed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from vdm_cli.data.files.images import decode, list_images
from vdm_cli.data.labels import Labels
from vdm_cli.data.rows import Rows, array_rows


class ImageRows:
    """The images of one folder, each a block of its own; see `RowFile`.

    Args:
        path: The folder.
        source: What to call it in messages.
        labels: What stands beside the images, in place of the classes that their folders are.

    Raises:
        DataError: If there are no images, or they differ in size or color; see `list_images`.
    """

    has_blanks = False
    identity = ""
    dtype = np.dtype(np.uint8)

    def __init__(self, path: Path, source: str, labels: Labels | None = None):
        self.folder = list_images(path, source)
        self.source, self.shape = source, self.folder.shape
        self.count = len(self.folder.files)
        self.edges = np.arange(self.count + 1)
        self.labels = self.folder.labels if labels is None else labels

    def read(self, start: int, stop: int) -> np.ndarray:
        """Images start..stop-1, uint8; see `RowFile`."""
        return decode(self.folder, slice(start, stop))

    def read_blocks(self, blocks: np.ndarray) -> np.ndarray:
        """Some images; see `RowFile`."""
        return decode(self.folder, blocks)

    def describe(self, values: np.ndarray) -> Rows:
        """Some images as `read_rows` describes them; see `RowFile`."""
        return dataclasses.replace(array_rows(values, self.source), ignored=self.folder.ignored)
