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
    """Refuses pictures that would take too much memory.

    Raises:
        Image.DecompressionBombError: If there are more pixels than
            `Image.MAX_IMAGE_PIXELS`.
    """
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
    """Opens one picture; Pillow decodes it when its pixels are asked for.

    Args:
        file: A path, or an open binary file.
        name: What the error calls the picture.

    Yields:
        The picture, of which only the header has been read so far.

    Raises:
        BrokenPictureError: If the picture has more pixels than
            `Image.MAX_IMAGE_PIXELS`, or if Pillow fails here or in the
            body of the `with` statement.
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
    """Decodes one picture and resizes it.

    Exactly `Image.open(file).convert("RGB").resize((width, height),
    Image.BICUBIC)` of Pillow: the aspect ratio is not kept, EXIF rotation is
    not applied, and of an animation the first frame is taken.

    Args:
        file: A path, or an open binary file.
        size: Height and width of the result, in pixels: an int for a square,
            or a pair (height, width).
        name: What the error calls the picture.

    Returns:
        A uint8 array of shape (height, width, 3), RGB.

    Raises:
        BrokenPictureError: If Pillow cannot decode the file to its end, or
            if the picture has more pixels than `Image.MAX_IMAGE_PIXELS`.
    """
    height, width = (size, size) if isinstance(size, int) else size
    with opened_picture(file, name) as image:
        resized = image.convert("RGB").resize((width, height), Image.BICUBIC)
    return np.array(resized)


class TooSmallPictureError(BrokenPictureError):
    """A picture that a crop does not fit into.

    Args:
        line: Its name, its size, and the size that is needed.
        share: The share of the size needed that it has, below 1.
    """

    def __init__(self, line: str, share: float) -> None:
        super().__init__(line)
        self.share = share
