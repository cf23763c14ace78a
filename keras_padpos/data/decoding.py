"""Decode one picture."""

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL import UnidentifiedImageError

from keras_padpos.checks import pair_of
from keras_padpos.errors import InputError


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
    except UnidentifiedImageError as error:
        # Pillow's own text names the file once more.
        raise BrokenPictureError(
            f"{name}: cannot identify image file"
        ) from error
    # Pillow's decoders raise nearly anything at damaged bytes: OSError,
    # SyntaxError, ValueError, EOFError, struct.error, zlib.error, ...
    except Exception as error:
        raise BrokenPictureError(f"{name}: {error}") from error


def as_rgb(image: Image.Image, mode: str = "RGB") -> Image.Image:
    """Converts a picture to 8 bit RGB, or another 8 bit mode, by its mode.

    * 8 bit grey and RGB: as they are; 1 bit: 0 and 255.
    * 16 bits: scaled to 8, 65535 becomes 255.
    * a palette: the colours that it holds.
    * CMYK, YCbCr and HSV: by Pillow's formulas, without a colour profile.
    * alpha: dropped; the colours below it are taken as they are stored.

    Raises:
        ValueError: For 32 bit integers and floats, whose range is not known.
    """
    if image.mode.startswith("I;16") or (
        # 16 bits too, in earlier versions of Pillow.
        image.mode == "I" and image.format == "PNG"
    ):
        grey = np.asarray(image).astype("float32") / 257
        image = Image.fromarray(np.rint(grey).astype("uint8"))
    if image.mode in ("I", "F"):
        kind = "floats" if image.mode == "F" else "32 bit integers"
        raise InputError(
            f"its pixels are {kind}, whose range is not known; save it with "
            "8 or 16 bits"
        )
    if mode != "RGBA":
        # Else Pillow warns of colours that are partly transparent.
        image.info.pop("transparency", None)
    return image.convert(mode)


def read_picture(
    file: str | os.PathLike[str] | BinaryIO,
    size: int | tuple[int, int],
    name: str,
) -> np.ndarray:
    """Decodes a picture and resizes it to `size`, a side or (height, width).

    Converted by `as_rgb`, then `resize((width, height), Image.BICUBIC)` of
    Pillow: the aspect ratio is not kept, EXIF rotation is not applied, and of
    an animation the first frame is taken. Gives a uint8 array of shape
    (height, width, 3).
    """
    height, width = pair_of(size)
    with opened_picture(file, name) as image:
        resized = as_rgb(image).resize(
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
