"""Open a set of pictures by a short text."""

import contextlib
import os
from collections.abc import Callable
from collections.abc import Sequence

from keras_padpos.checks import as_list
from keras_padpos.checks import check_ints
from keras_padpos.data.folders import FolderPictures
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.samples import DEFAULT_COUNTS
from keras_padpos.data.samples import PHOTOGRAPHS
from keras_padpos.data.samples import SamplePhotographs
from keras_padpos.data.sources import JoinedPictures
from keras_padpos.data.sources import PictureFiles
from keras_padpos.data.sources import PictureSource
from keras_padpos.data.sources import ResizedPictures
from keras_padpos.data.sources import SyntheticPictures
from keras_padpos.data.tfds_sets import TFDSPictures
from keras_padpos.errors import InputError

Spec = str | os.PathLike[str]
Part = PictureFiles | PictureSource

_SYNTHETIC_COUNTS = {"black": 1, "white": 1, "noise": 8}
_ACCEPTED = (
    "'samples:train', 'samples:test', 'black', 'white', 'noise', "
    "'tfds:NAME[:SPLIT]', or a folder of pictures, 'DIR' or 'DIR[start:stop]'"
)


def limited(spec: Spec | Sequence[Spec], most: int | None) -> int | None:
    """How many pictures of a spec to ask for, if `most` is only a limit.

    Of `"black"`, `"white"` and `"noise"`, any number could be made.

    Example:

    >>> limited("noise", 100), limited("noise", 2), limited("folder", 100)
    (8, 2, 100)

    Args:
        spec: As in `open_images`.
        most: The limit, if any.

    Returns:
        The `count` for `open_images`.
    """
    name = os.fspath(spec) if isinstance(spec, (str, os.PathLike)) else ""
    if most is None or name not in _SYNTHETIC_COUNTS:
        return most
    return min(most, _SYNTHETIC_COUNTS[name])


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

    `samples` gives what a split of the sample photographs is read from, by
    its name and the number asked for; `join` makes one source of those of
    several specs. If `each_readable`, each spec must have a picture that can
    be read; if not, one of all must. Unless the set is of TensorFlow Datasets,
    a first picture is read here.
    """
    check_ints(0, seed=seed)
    if count is not None:
        check_ints(count=count)
    alone = isinstance(spec, (str, os.PathLike))
    specs = as_list("spec", spec, (str, os.PathLike))
    if not specs or not all(isinstance(s, (str, os.PathLike)) for s in specs):
        raise InputError(
            f"`spec` must name a set of pictures. Received: spec={spec!r}"
        )
    names = [os.fspath(each) for each in specs]
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


def open_images(
    spec: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    size: int = 224,
    count: int | None = None,
    seed: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
) -> ImageSet:
    """Opens a set of pictures by a short text.

    Example:

    >>> from keras_padpos.data import open_images
    >>> images = open_images("noise", size=64, count=2, seed=1)
    >>> len(images), images.name
    (2, 'noise')
    >>> [picture.shape for picture in images]
    [(64, 64, 3), (64, 64, 3)]

    Args:
        spec: Which pictures.

            * `"samples:train"`, `"samples:test"`: random square crops of
              everyday photographs that scikit-image and scikit-learn carry
              (the extra `samples`). The two share no photograph, all
              photographs of a split contribute equally, and the crops
              depend on `seed` alone. A crop's side is at least `size`, if
              the photograph has as much; half of the crops are mirrored.
            * `"black"`, `"white"`: a picture of 0 or of 255.
            * `"noise"`: every pixel and channel drawn on its own from a
              normal distribution of mean 127.5 and deviation 50, clipped to
              [0, 255]. The noise picture that Islam et al. released is
              darker: mean about 25, deviation about 24, clipped.
            * `"tfds:NAME"`, `"tfds:NAME:SPLIT"`: the feature `image` of a
              TensorFlow Datasets data set, in stored order, such as
              `"tfds:cifar10:test[:60]"`. `SPLIT` is `train` if left out. A
              data set that is not in `data_dir` is downloaded.
            * anything else: a folder of pictures (bmp, gif, jpeg, jpg, png,
              tif, tiff, webp), sorted by name; of one that holds no picture
              itself, those of its sub-folders, one after the other.
              `"DIR[:120]"` or `"DIR[20:40]"` takes some of them, as a Python
              slice does. A folder with a name like the above: `"./black"`.

            Pictures of folders and data sets become 8 bit RGB: 16 bits are
            scaled to 8, a palette and CMYK become their colours (without a
            colour profile), alpha is dropped, and 32 bit integers and floats
            count as broken, since their range is not known. They are resized
            as `resize((size, size), Image.BICUBIC)` of Pillow does, which
            does not keep the aspect ratio. Several in a list are one set,
            one after the other; it is called by their names, with commas
            between them.
        size: Height and width of the pictures, in pixels.
        count: How many pictures: of a folder or data set the first `count`
            readable ones, or all if there are fewer. `None`: all of those;
            24 and 12 crops of the samples; 8 of noise; 1 black or white one.
            Of several sets together.
        seed: Seed of the crops and the noise, at least 0. It changes nothing
            elsewhere.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        An `ImageSet`. Broken pictures are left out and counted in its
        `skipped`.

    Raises:
        FileNotFoundError: If `spec` is none of the above and no folder.
        ImportError: If the samples are asked for and not installed.
        OSError: If a data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, if a folder holds no
            readable picture, or if a data set, a split, or its feature
            `image` does not exist.
    """
    check_ints(size=size)

    def samples(split: str, number: int | None) -> SamplePhotographs:
        number = number or DEFAULT_COUNTS[split]
        return SamplePhotographs(split, size, number, seed)

    def join(parts: Sequence[Part]) -> JoinedPictures:
        return JoinedPictures(
            [
                part
                if isinstance(part, PictureSource)
                else ResizedPictures(part, size)
                for part in parts
            ]
        )

    return open_set(
        spec,
        (size, size),
        count=count,
        seed=seed,
        data_dir=data_dir,
        samples=samples,
        join=join,
    )
