"""What opening pictures and opening crops of them share."""

import contextlib
import os
from collections.abc import Callable
from collections.abc import Sequence

from keras_padpos.data.folder_pictures import FolderPictures
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.data.picture_source import PictureSource
from keras_padpos.data.sample_photographs import PHOTOGRAPHS
from keras_padpos.data.synthetic_pictures import SyntheticPictures
from keras_padpos.data.tfds_pictures import TFDSPictures
from keras_padpos.errors import InputError

Spec = str | os.PathLike[str]
Part = PictureFiles | PictureSource

_SYNTHETIC_COUNTS = {"black": 1, "white": 1, "noise": 8}
_ACCEPTED = (
    "'samples:train', 'samples:test', 'black', 'white', 'noise', "
    "'tfds:NAME[:SPLIT]', or a folder of pictures, 'DIR' or 'DIR[start:stop]'"
)


def check_int(name: str, value: int, least: int) -> None:
    """Checks an argument that is a number.

    Args:
        name: The argument's name.
        value: What came.
        least: The smallest value allowed.

    Raises:
        ValueError: If `value` is no int or smaller than that.
    """
    if not isinstance(value, int) or value < least:
        raise InputError(
            f"`{name}` must be an int of at least {least}. "
            f"Received: {name}={value!r}"
        )


def check_shape(size: int | tuple[int, int]) -> tuple[int, int]:
    """Checks an argument that is a size.

    Args:
        size: What came: an int for a square, or a pair (height, width).

    Returns:
        Height and width.

    Raises:
        ValueError: If `size` is neither, or smaller than 1.
    """
    sides = (size, size) if isinstance(size, int) else size
    if (
        not isinstance(sides, (tuple, list))
        or len(sides) != 2
        or not all(isinstance(side, int) and side >= 1 for side in sides)
    ):
        raise InputError(
            f"`size` must be an int of at least 1, or two of them, "
            f"(height, width). Received: size={size!r}"
        )
    return tuple(sides)


def open_set(
    spec: Spec | Sequence[Spec],
    shape: tuple[int, int],
    *,
    count: int | None,
    seed: int,
    data_dir: Spec | None,
    samples: Callable[[str, int | None], Part],
    join: Callable[[Sequence[Part]], PictureSource],
    each_readable: bool = True,
) -> ImageSet:
    """Finds the pictures of a spec and makes an `ImageSet` of them.

    Args:
        spec: As for `open_images`.
        shape: Height and width of what the set gives, in pixels.
        count: How many it gives.
        seed: Seed of the noise.
        data_dir: Where TensorFlow Datasets keeps its data sets.
        samples: What the sample photographs of a split are read from, by the
            split's name and the number wanted, if one is.
        join: Makes one source of those behind the single specs.
        each_readable: Whether each of several specs must have a picture that
            can be read; if not, one of all must.

    Returns:
        The set, of which a first picture has been read, unless it is of
        TensorFlow Datasets.

    Raises:
        FileNotFoundError: If a spec is none of those known and no folder.
        ImportError: If the samples are asked for and not installed.
        OSError: If a data set can be neither found nor downloaded.
        ValueError: If `spec`, `count` or `seed` is wrong, or if there is
            nothing to read.
    """
    check_int("seed", seed, 0)
    if count is not None:
        check_int("count", count, 1)
    alone = isinstance(spec, (str, os.PathLike))
    names = [os.fspath(each) for each in ([spec] if alone else spec)]
    if not names:
        raise InputError("`spec` must name a set of pictures. Received: []")
    # Of several sets together, no single one knows how many it is to give.
    number = count if alone else None
    parts = [
        _part(name, shape, number, seed, data_dir, samples) for name in names
    ]
    if not alone and each_readable:
        for name, part in zip(names, parts, strict=True):
            _check_readable(ImageSet(name, shape, join([part])))
    images = ImageSet(",".join(names), shape, join(parts), count)
    _check_readable(images)
    return images


def _check_readable(images: ImageSet) -> None:
    """Raise now, not in the middle of a run, if there is nothing to read."""
    if images.delivered is None and not images.name.startswith("tfds:"):
        with contextlib.closing(iter(images)) as pictures:
            next(pictures)


def _part(
    spec: str,
    shape: tuple[int, int],
    count: int | None,
    seed: int,
    data_dir: Spec | None,
    samples: Callable[[str, int | None], Part],
) -> Part:
    kind, _, rest = spec.partition(":")
    if kind == "samples":
        if rest not in PHOTOGRAPHS:
            raise InputError(
                f"`spec` must be 'samples:train' or 'samples:test'. "
                f"Received: spec={spec!r}"
            )
        return samples(rest, count)
    if spec in _SYNTHETIC_COUNTS:
        number = count or _SYNTHETIC_COUNTS[spec]
        return SyntheticPictures(spec, shape, number, seed)
    if kind == "tfds":
        return TFDSPictures(rest, data_dir)
    try:
        return FolderPictures(spec)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"`spec` must be {_ACCEPTED}; there is {error}. "
            f"Received: spec={spec!r}"
        ) from error
