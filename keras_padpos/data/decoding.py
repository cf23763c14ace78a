"""Decode one picture."""

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image


class BrokenPictureError(Exception):
    """A picture that cannot be decoded; the message names it and says why."""


def check_pixels(width: int, height: int) -> None:
    """Raise for more pixels than `Image.MAX_IMAGE_PIXELS`."""
    limit = Image.MAX_IMAGE_PIXELS
    # Up to twice the limit Pillow itself only warns.
    if limit is not None and width * height > limit:
        raise Image.DecompressionBombError(
            f"more than {limit} pixels ({width}x{height})"
        )


@contextlib.contextmanager
def opened_picture(
    file: str | os.PathLike[str] | BinaryIO, name: str
) -> Iterator[Image.Image]:
    """Opens a picture; Pillow decodes it once its pixels are used.

    Whatever Pillow raises, here or in the body of the `with` statement,
    becomes a `BrokenPictureError` that calls the picture `name`.
    """
    try:
        with Image.open(file) as image:
            check_pixels(image.width, image.height)
            yield image
    except (MemoryError, BrokenPictureError):
        raise
    # Pillow's decoders raise nearly anything at damaged bytes: OSError,
    # SyntaxError, ValueError, EOFError, struct.error, zlib.error, ...
    except Exception as error:
        raise BrokenPictureError(f"{name}: {error}") from error


def read_picture(
    file: str | os.PathLike[str] | BinaryIO,
    size: int | tuple[int, int],
    name: str,
) -> np.ndarray:
    """Decodes a picture and resizes it to `size`, a side or (height, width).

    Exactly `Image.open(file).convert("RGB").resize((width, height),
    Image.BICUBIC)` of Pillow: the aspect ratio is not kept, EXIF rotation is
    not applied, and of an animation the first frame is taken. Gives a uint8
    array of shape (height, width, 3).
    """
    height, width = (size, size) if isinstance(size, int) else size
    with opened_picture(file, name) as image:
        resized = image.convert("RGB").resize(
            (width, height), Image.Resampling.BICUBIC
        )
    return np.array(resized)


class TooSmallPictureError(BrokenPictureError):
    """A picture that a crop does not fit into.

    `share` is the share of the size needed that it has, below 1.
    """

    def __init__(self, line: str, share: float) -> None:
        super().__init__(line)
        self.share = share
