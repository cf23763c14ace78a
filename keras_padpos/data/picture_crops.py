"""Random crops of whole pictures, at the pictures' own resolution."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_padpos.data._read_picture import check_pixels
from keras_padpos.data._read_picture import opened_picture
from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.data.picture_source import PictureSource
from keras_padpos.data.too_small_picture_error import TooSmallPictureError


class _Crop(NamedTuple):
    picture: int
    turn: int
    part: PictureFiles | PictureSource
    candidate: Any


class PictureCrops(PictureSource):
    """Random crops of whole pictures, at the pictures' own resolution.

    They come in rounds: one crop of every picture, then a second one of
    every picture, and so on. Where a crop lies depends on the seed, on the
    picture's place among all pictures, broken ones too, and on the round:
    `rng = np.random.default_rng([seed, place, round])` draws first the left
    edge, then the top one, each uniformly from all that fit.

    Args:
        parts: Where the pictures are, one part after the other. Those of a
            `PictureSource` have just the size already and are taken as they
            are.
        shape: Height and width of the crops, in pixels.
        per_picture: How many rounds.
        shorter_side: Pictures are resized, their aspect ratio kept, until
            the shorter side has that many pixels. `None`: they are not.
        seed: Seed of the places.
    """

    def __init__(
        self,
        parts: Sequence[PictureFiles | PictureSource],
        shape: tuple[int, int],
        per_picture: int,
        shorter_side: int | None,
        seed: int,
    ) -> None:
        expected = [part.expected for part in parts]
        buffers = [part.shuffle_buffer for part in parts]
        super().__init__(
            None if None in expected else per_picture * sum(expected),
            tuple(name for part in parts for name in part.sources),
            any(
                isinstance(part, PictureFiles) or part.may_break
                for part in parts
            ),
            # One that cannot hold all candidates decides for all.
            min((size for size in buffers if size is not None), default=None),
        )
        self._parts = tuple(parts)
        self._height, self._width = shape
        self._per_picture = per_picture
        self._shorter_side = shorter_side
        self._seed = seed

    def candidates(self) -> Iterator[_Crop]:
        """Starts a pass over the crops, round by round."""
        for turn in range(self._per_picture):
            place = 0
            for part in self._parts:
                for candidate in part.candidates():
                    yield _Crop(place, turn, part, candidate)
                    place += 1

    def numbered_candidates(self) -> Iterator[tuple[int, _Crop]]:
        """Starts a pass over the crops, each with its picture's place."""
        return ((crop.picture, crop) for crop in self.candidates())

    def load(self, candidate: _Crop) -> np.ndarray:
        """Takes one crop."""
        part = candidate.part
        if isinstance(part, PictureSource):
            return part.load(candidate.candidate)
        file, name = part.file(candidate.candidate)
        with opened_picture(file, name) as image:
            # All that the header tells comes before the costly decoding.
            width, height = self._size(image, name)
            picture = image.convert("RGB")
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.BICUBIC)
        stream = [self._seed, candidate.picture, candidate.turn]
        rng = np.random.default_rng(stream)
        left = int(rng.integers(width - self._width, endpoint=True))
        top = int(rng.integers(height - self._height, endpoint=True))
        box = (left, top, left + self._width, top + self._height)
        return np.array(picture.crop(box))

    def _size(self, image: Image.Image, name: str) -> tuple[int, int]:
        """Width and height of the picture that is cropped."""
        width, height = image.size
        once_resized = ""
        if self._shorter_side is not None:
            width, height = (
                round(side * self._shorter_side / min(image.size))
                for side in image.size
            )
            check_pixels(width, height)
            once_resized = f" ({width}x{height} once resized)"
        if width < self._width or height < self._height:
            square = self._width == self._height
            raise TooSmallPictureError(
                f"{name}: {image.width}x{image.height} pixels{once_resized}, "
                f"and {self._width}x{self._height} are needed"
                f"{'' if square else ' (width x height)'}",
                min(width / self._width, height / self._height),
            )
        return width, height
