"""Random crops of whole pictures, at the pictures' own resolution."""

import os
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_shape
from keras_padpos.data._open_images import Part
from keras_padpos.data._open_images import open_set
from keras_padpos.data.decoding import TooSmallPictureError
from keras_padpos.data.decoding import as_rgb
from keras_padpos.data.decoding import check_pixels
from keras_padpos.data.decoding import opened_picture
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.samples import PhotographFiles
from keras_padpos.data.sources import PictureFiles
from keras_padpos.data.sources import PictureSource
from keras_padpos.data.sources import joined
from keras_padpos.data.sources import joined_classes
from keras_padpos.errors import InputError


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
        centre: Whether crops are of the pictures' middle instead.
    """

    def __init__(
        self,
        parts: Sequence[PictureFiles | PictureSource],
        shape: tuple[int, int],
        per_picture: int,
        shorter_side: int | None,
        seed: int,
        centre: bool = False,
    ) -> None:
        number, sources, may_break, buffer = joined(parts)
        if number is not None:
            number *= per_picture
        super().__init__(number, sources, may_break, buffer)
        self._parts = tuple(parts)
        self._height, self._width = shape
        self._per_picture = per_picture
        self._shorter_side = shorter_side
        self._seed = seed
        self._centre = centre

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

    def class_indices(self, classes: int) -> list[int] | None:
        """The class of each whole picture, where all parts have such ones."""
        return joined_classes(self._parts, classes)

    def load(self, candidate: _Crop) -> np.ndarray:
        """Takes one crop."""
        part = candidate.part
        if isinstance(part, PictureSource):
            return part.load(candidate.candidate)
        file, name = part.file(candidate.candidate)
        with opened_picture(file, name) as image:
            # All that the header tells comes before the costly decoding.
            width, height = self._size(image, name)
            picture = as_rgb(image)
            if picture.size != (width, height):
                picture = picture.resize(
                    (width, height), Image.Resampling.BICUBIC
                )
        left, top = width - self._width, height - self._height
        if self._centre:
            left, top = left // 2, top // 2
        else:
            stream = [self._seed, candidate.picture, candidate.turn]
            rng = np.random.default_rng(stream)
            left = int(rng.integers(left, endpoint=True))
            top = int(rng.integers(top, endpoint=True))
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


def open_crops(
    spec: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    size: int | tuple[int, int],
    *,
    per_picture: int = 1,
    shorter_side: int | None = None,
    centre: bool = False,
    count: int | None = None,
    seed: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
) -> ImageSet:
    """Opens a set of random crops of pictures by a short text.

    The crops keep the pictures' own resolution: they are windows into them,
    with real neighbours on all sides. They come in rounds: one crop of every
    picture, then a second one of every picture, and so on; so the first
    `count` crops are of all pictures evenly. Crops of one picture are not
    independent of each other: `ImageSet.numbered_batches` tells which
    picture each is of.

    Where a crop lies depends only on `seed`, on its picture's place in the
    set (broken pictures have a place too) and on the round. It is drawn
    uniformly from all places where the crop fits.

    Example:

    >>> from keras_padpos.data import open_crops
    >>> crops = open_crops("samples:test", (96, 128), per_picture=2)
    >>> len(crops), crops.shape
    (8, (96, 128))
    >>> [numbers.tolist() for _, numbers in crops.numbered_batches(3)]
    [[0, 1, 2], [3, 0, 1], [2, 3]]

    Args:
        spec: Which pictures: a text or a list of them, as for `open_images`,
            with these differences.

            * `"samples:train"`, `"samples:test"`: the whole photographs, 8
              and 4 of them. No crop is enlarged, shrunk or mirrored.
            * `"black"`, `"white"`, `"noise"`: pictures of just the size,
              whatever `shorter_side` says; every round gives the same ones.
            * pictures of folders and data sets are not resized.
        size: Height and width of the crops, in pixels: an int for a square,
            or a pair (height, width).
        per_picture: How many crops of each picture, at most.
        shorter_side: Resize each picture before it is cropped, its aspect
            ratio kept, until its shorter side has that many pixels, as
            `resize(..., Image.BICUBIC)` of Pillow does; the longer side is
            rounded. Smaller pictures are enlarged. `None`: as they are.
        centre: Take the middle of each picture; nothing is drawn.
        count: How many crops in all, from the first one on. `None`: all.
            As for `open_images`, it is also how many different pictures of
            noise there are, where `spec` is just that.
        seed: Seed of the places and of the noise, at least 0.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        An `ImageSet`. Pictures that are broken or too small are left out;
        its `skipped` counts each once, its `broken` says why, such as
        `"coffee.png: 600x400 pixels, and 736x736 are needed"`, the width
        before the height.

    Raises:
        FileNotFoundError: If `spec` is none of the above and no folder.
        ImportError: If the samples are asked for and not installed.
        OSError: If a data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, if a folder or the
            samples hold no picture that can be read and is large enough, or
            if a data set, a split, or its feature `image` does not exist. A
            data set without such a picture raises at the end of a pass.
    """
    shape = check_shape(size)
    check_ints(per_picture=per_picture)
    if shorter_side is not None:
        check_ints(shorter_side=shorter_side)
        if shorter_side < min(shape):
            raise InputError(
                f"`shorter_side` must be at least {min(shape)} for crops of "
                f"size={size!r}. Received: shorter_side={shorter_side!r}"
            )

    def samples(split: str, number: int | None) -> Part:
        return PhotographFiles(split)

    def join(parts: Sequence[Part]) -> PictureCrops:
        return PictureCrops(
            parts, shape, per_picture, shorter_side, seed, centre
        )

    return open_set(
        spec,
        shape,
        count=count,
        seed=seed,
        data_dir=data_dir,
        samples=samples,
        join=join,
        # Pictures of one set may be too small, those of another large enough.
        each_readable=False,
    )
