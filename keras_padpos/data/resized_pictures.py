"""Pictures in files, resized to a square."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_padpos.data._read_picture import read_picture
from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.data.picture_source import PictureSource


class ResizedPictures(PictureSource):
    """Pictures in files, resized to a square.

    Args:
        files: The pictures as they are stored.
        size: Height and width of the pictures, in pixels.
    """

    def __init__(self, files: PictureFiles, size: int) -> None:
        super().__init__(
            files.expected,
            files.sources,
            may_break=True,
            shuffle_buffer=files.shuffle_buffer,
        )
        self._files = files
        self._size = size

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates of the files."""
        return self._files.candidates()

    def load(self, candidate: Any) -> np.ndarray:
        """Decodes and resizes one picture."""
        file, name = self._files.file(candidate)
        return read_picture(file, self._size, name)
