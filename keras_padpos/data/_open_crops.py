"""Open a set of random crops of pictures by a short text."""

import os
from collections.abc import Sequence

from keras_padpos.data._open_set import Part
from keras_padpos.data._open_set import check_int
from keras_padpos.data._open_set import check_shape
from keras_padpos.data._open_set import open_set
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.photograph_files import PhotographFiles
from keras_padpos.data.picture_crops import PictureCrops
from keras_padpos.errors import InputError


def open_crops(
    spec: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    size: int | tuple[int, int],
    *,
    per_picture: int = 1,
    shorter_side: int | None = None,
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
    check_int("per_picture", per_picture, 1)
    if shorter_side is not None:
        check_int("shorter_side", shorter_side, 1)
        if shorter_side < min(shape):
            raise InputError(
                f"`shorter_side` must be at least {min(shape)} for crops of "
                f"size={size!r}. Received: shorter_side={shorter_side!r}"
            )

    def samples(split: str, number: int | None) -> Part:
        return PhotographFiles(split)

    def join(parts: Sequence[Part]) -> PictureCrops:
        return PictureCrops(parts, shape, per_picture, shorter_side, seed)

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
