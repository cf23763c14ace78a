"""Decode one picture."""

import os
from typing import BinaryIO

import numpy as np
from PIL import Image


class BrokenPictureError(Exception):
    """A picture that cannot be decoded; the message names it and says why."""


def read_picture(
    file: str | os.PathLike[str] | BinaryIO, size: int, name: str
) -> np.ndarray:
    """Decodes one picture and resizes it to a square.

    Exactly `Image.open(file).convert("RGB").resize((size, size),
    Image.BICUBIC)` of Pillow: the aspect ratio is not kept, EXIF rotation is
    not applied, and of an animation the first frame is taken.

    Args:
        file: A path, or an open binary file.
        size: Height and width of the result, in pixels.
        name: What the error calls the picture.

    Returns:
        A uint8 array of shape (size, size, 3), RGB.

    Raises:
        BrokenPictureError: If Pillow cannot decode the file to its end, or
            if the picture has more pixels than `Image.MAX_IMAGE_PIXELS`.
    """
    try:
        with Image.open(file) as image:
            limit = Image.MAX_IMAGE_PIXELS
            # Up to twice the limit Pillow itself only warns.
            if limit is not None and image.width * image.height > limit:
                raise Image.DecompressionBombError(
                    f"more than {limit} pixels ({image.width}x{image.height})"
                )
            resized = image.convert("RGB").resize((size, size), Image.BICUBIC)
    except MemoryError:
        raise
    # Pillow's decoders raise nearly anything at damaged bytes: OSError,
    # SyntaxError, ValueError, EOFError, struct.error, zlib.error, ...
    except Exception as error:
        raise BrokenPictureError(f"{name}: {error}") from error
    return np.array(resized)
