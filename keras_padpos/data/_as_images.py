"""Images that a program has already, as a set of pictures."""

import os
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.data._open_images import open_images
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.sources import PictureSource
from keras_padpos.errors import InputError

_ACCEPTED = (
    "an array (images, height, width, channels), a list of images, a "
    "tf.data.Dataset, a keras.utils.PyDataset, a PyTorch DataLoader, an "
    "ImageSet, or the text that `open_images` takes"
)


class ArrayPictures(PictureSource):
    """Pictures in one array `(pictures, height, width, channels)`."""

    expected: int

    def __init__(self, pictures: np.ndarray) -> None:
        super().__init__(len(pictures))
        self._pictures = pictures
        self.channels = pictures.shape[-1]

    def candidates(self) -> Iterator[int]:
        """Starts a pass over the pictures' numbers."""
        return iter(range(self.expected))

    def load(self, candidate: int) -> np.ndarray:
        """Gives one picture, by its number."""
        return self._pictures[candidate]


def as_images(
    images: Any,
    *,
    channels: int = 3,
    shape: tuple[int, int] | None = None,
    count: int | None = None,
    preprocess: Callable[[np.ndarray], Any] | None = None,
) -> ImageSet:
    """Take images as they are at hand for a set of pictures in memory.

    Labels are ignored. The values stay as they are: they should be in the
    range that the network takes.

    Example:

    >>> images = as_images(np.zeros((4, 32, 48, 3), "uint8"), count=3)
    >>> len(images), images.shape
    (3, (32, 48))
    >>> as_images(np.zeros((4, 32, 48, 3)), shape=(16, 16)).shape
    (16, 16)

    Args:
        images: One of

            * an array or a tensor `(images, height, width, channels)`, or a
              list of images, which may differ in size if `shape` is given;
            * a `tf.data.Dataset`, a `keras.utils.PyDataset`, a PyTorch
              `DataLoader` or another iterable of images or batches, alone or
              in a tuple with labels, or in a dict under `"image"`;
            * an `ImageSet`, or the text that `open_images` takes
              (`"samples:test"`, a folder, `"tfds:NAME:SPLIT"`).

            Channels may come first, as in PyTorch.
        channels: How many channels the images have.
        shape: Height and width to resize them to, bicubic with antialiasing.
            `None`: their own, which must be one.
        count: Take the first `count`. `None`: all.
        preprocess: Called with each batch `(batch, height, width, channels)`
            before it is resized; gives an array of that shape.

    Returns:
        An `ImageSet`. It holds the pictures in memory.

    Raises:
        InputError: If `images` is nothing of the above or holds no image, if
            an image has other channels or another size, or is not finite.
    """
    if count is not None:
        check_ints(count=count)
    name = type(images).__name__
    if isinstance(images, (str, os.PathLike)):
        name = os.fspath(images)
        images = open_images(images, size=_square(shape), count=count)
    if isinstance(images, ImageSet):
        name = images.name
        images = iter(images)
    taken: list[np.ndarray] = []
    left = float("inf") if count is None else count
    for batch in _batches(images, channels):
        batch = batch[: int(min(left, len(batch)))]
        if len(batch):
            taken.append(_prepared(batch, shape, preprocess))
        left -= len(batch)
        if left <= 0:
            break
    if not taken:
        raise InputError("`images` must hold at least one. Received: none")
    sizes = {batch.shape[1:3] for batch in taken}
    if len(sizes) > 1:
        listed = ", ".join(f"{h}x{w}" for h, w in sorted(sizes)[:4])
        raise InputError(
            f"`images` must be of one size, or `size` given. Received: {listed}"
        )
    pictures = np.concatenate(taken)
    return ImageSet(name, pictures.shape[1:3], ArrayPictures(pictures))


def _square(shape):
    if shape is None or shape[0] != shape[1]:
        raise InputError(
            "`images` by name are resized to squares, so `size` must be one "
            f"number. Received: {shape}"
        )
    return shape[0]


def _batches(images: Any, channels: int) -> Iterator[np.ndarray]:
    """Batches of images, channels last, as NumPy arrays."""
    for element in _elements(images):
        array = _array(_picture(element))
        shape = array.shape
        if array.ndim == 3:
            array = array[None]
        if array.ndim != 4 or channels not in (array.shape[1], array.shape[-1]):
            raise InputError(
                f"`images` must be (height, width, {channels}), or batches of "
                f"that. Received: shape {shape}"
            )
        if array.shape[-1] != channels:
            array = np.moveaxis(array, 1, -1)
        if 0 in array.shape[1:3]:
            raise InputError(
                "`images` must have at least one pixel. "
                f"Received: shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InputError(
                "`images` must be finite. Received: NaN or infinite values"
            )
        yield array


def _elements(images):
    import keras

    if isinstance(images, keras.utils.PyDataset):
        return (images[number] for number in range(len(images)))
    if hasattr(images, "shape"):
        return [images]
    if isinstance(images, Iterable) and not isinstance(images, (bytes, dict)):
        return images
    raise InputError(
        f"`images` must be {_ACCEPTED}. Received: {type(images).__name__}"
    )


def _picture(element):
    """The images of an element that may hold labels too."""
    if isinstance(element, dict):
        for name in ("image", "images"):
            if name in element:
                return element[name]
        raise InputError(
            "`images` given as dicts must hold `image`. Received: "
            f"{', '.join(map(str, element))}"
        )
    # A list or a tuple of images and labels, not a list of numbers.
    if isinstance(element, (tuple, list)) and hasattr(
        next(iter(element), None), "shape"
    ):
        return element[0]
    return element


def _array(value):
    import keras

    try:
        array = keras.ops.convert_to_numpy(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`images` must be numbers. Received: {type(value).__name__}"
        ) from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"`images` must be numbers. Received: {array.dtype}")
    return array


def _prepared(batch, shape, preprocess):
    import keras

    if preprocess is not None:
        made = np.asarray(keras.ops.convert_to_numpy(preprocess(batch)))
        if made.ndim != 4 or len(made) != len(batch):
            raise InputError(
                "`preprocess` must give an array like the batch that it takes, "
                f"{batch.shape}. Received: {made.shape}"
            )
        batch = made
    if shape is not None and batch.shape[1:3] != tuple(shape):
        is_bytes = batch.dtype == "uint8"
        batch = keras.ops.convert_to_numpy(
            keras.ops.image.resize(
                batch.astype("float32"),
                shape,
                interpolation="bicubic",
                antialias=True,
                data_format="channels_last",
            )
        )
        if is_bytes:
            batch = np.clip(np.rint(batch), 0, 255).astype("uint8")
    return batch


def split_images(images: ImageSet, every: int = 3) -> tuple[ImageSet, ImageSet]:
    """Split a set of `as_images`: each third picture is of the second part.

    Example:

    >>> first, second = split_images(as_images(np.zeros((7, 8, 8, 3))))
    >>> len(first), len(second)
    (5, 2)

    Args:
        images: What `as_images` gave, of two pictures or more.
        every: Which picture is of the second part: the last of so many.

    Returns:
        Two sets of different pictures.

    Raises:
        InputError: If `every` is no int of at least 2.
    """
    check_ints(2, every=every)
    pictures = np.stack(list(images))
    second = np.arange(len(pictures)) % every == every - 1
    if not second.any():
        second[-1] = True
    parts = (
        ImageSet(name, images.shape, ArrayPictures(pictures[chosen]))
        for name, chosen in (
            (f"{images.name}, to fit", ~second),
            (f"{images.name}, to test", second),
        )
    )
    first, last = parts
    return first, last
