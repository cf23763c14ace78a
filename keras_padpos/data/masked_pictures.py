"""Pictures with masks, each in a file or in the bytes of one."""

import contextlib
import os
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.decoding import as_rgb
from keras_padpos.data.decoding import opened_picture
from keras_padpos.data.sources import PairSource
from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID

_Stored = str | os.PathLike[str] | BinaryIO


class StoredPair(NamedTuple):
    """A picture and its mask as they are stored."""

    picture: _Stored
    mask: _Stored
    picture_name: str
    mask_name: str


class MaskedPictures(PairSource):
    """Pictures with masks of the same size, both resized together.

    The picture is resized as `Image.BICUBIC` of Pillow does, the mask, once
    its values have been checked, by `Image.NEAREST`, whose pixels have the
    same centres. Sub-classes give `candidates` and `stored`.

    Args:
        shape: Height and width of what the source gives, in pixels.
        expected: The number of pairs, or `None` if it is not known.
        classes: How many classes a mask may hold, beside 255 for void.
        class_names: Their names, if they are known.
        **kwargs: As for `PairSource`.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        expected: int | None,
        classes: int,
        class_names: tuple[str, ...] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(expected, classes, class_names, **kwargs)
        self._shape = shape

    def stored(self, candidate: Any) -> StoredPair:
        """Gives one picture and its mask as they are stored."""
        raise NotImplementedError

    def values(self, mask: Image.Image) -> np.ndarray:
        """Reads a mask's classes; here those of a palette or grey picture.

        Args:
            mask: The mask, not yet decoded.

        Returns:
            A uint8 array of shape (height, width).

        Raises:
            ValueError: If it is neither; the message goes on after the name.
        """
        if mask.mode not in ("1", "L", "P"):
            raise InputError(
                "a mask must hold one class index a pixel, as a palette or "
                f"8 bit grey picture does; this one's mode is {mask.mode}"
            )
        return np.array(mask, "uint8")

    def load(self, candidate: Any) -> tuple[np.ndarray, np.ndarray]:
        """Decodes, checks and resizes one pair."""
        height, width = self._shape
        with self._opened(candidate) as (pair, picture, mask):
            pixels = np.array(
                _decoded(picture, pair.picture_name, as_rgb).resize(
                    (width, height), Image.Resampling.BICUBIC
                )
            )
            return pixels, self._resized(mask, pair.mask_name)

    def load_target(self, candidate: Any) -> np.ndarray:
        """Decodes, checks and resizes one mask, without its picture.

        Of the picture the size alone is looked at.
        """
        with self._opened(candidate) as (pair, _, mask):
            return self._resized(mask, pair.mask_name)

    @contextlib.contextmanager
    def _opened(
        self, candidate: Any
    ) -> Iterator[tuple[StoredPair, Image.Image, Image.Image]]:
        """Opens a pair of one size; what is wrong with it is a ValueError."""
        pair = self.stored(candidate)
        try:
            with (
                opened_picture(pair.picture, pair.picture_name) as picture,
                opened_picture(pair.mask, pair.mask_name) as mask,
            ):
                if mask.size != picture.size:
                    raise BrokenPictureError(
                        f"{pair.mask_name}: {mask.width}x{mask.height} "
                        f"pixels, but its picture {pair.picture_name} has "
                        f"{picture.width}x{picture.height}"
                    )
                yield pair, picture, mask
        except BrokenPictureError as error:
            raise InputError(str(error)) from error

    def _resized(self, mask: Image.Image, name: str) -> np.ndarray:
        height, width = self._shape
        values = self.values(_decoded(mask, name))
        self._check(values)
        resized = Image.fromarray(values).resize(
            (width, height), Image.Resampling.NEAREST
        )
        return np.array(resized)

    def _check(self, values: np.ndarray) -> None:
        wrong = np.argwhere((values >= self.classes) & (values != VOID))
        if len(wrong):
            row, column = wrong[0]
            raise InputError(
                f"class {values[row, column]} in row {row}, column {column}; "
                f"there are {self.classes} classes, from 0 on, and {VOID} is "
                f"void"
            )


def _decoded(
    image: Image.Image,
    name: str,
    convert: Callable[[Image.Image], Image.Image] = lambda image: image,
) -> Image.Image:
    """Decodes a picture here, so that the error names it and no other."""
    try:
        image.load()
        return convert(image)
    except MemoryError:
        raise
    except Exception as error:
        raise BrokenPictureError(f"{name}: {error}") from error
