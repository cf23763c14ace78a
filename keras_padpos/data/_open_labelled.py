"""Open a set of pictures with a class each by a short text."""

import os

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_shape
from keras_padpos.data.folders import LabelledFolder
from keras_padpos.data.paired_set import PairedSet
from keras_padpos.data.tfds_sets import TFDSLabelled
from keras_padpos.errors import InputError


def open_labelled(
    spec: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] = 224,
    count: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> PairedSet:
    """Opens a set of pictures with a class each by a short text.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("woven", "banded"):
    ...     (folder / name).mkdir()
    ...     Image.new("RGB", (60, 40)).save(folder / name / "a.png")
    >>> textures = open_labelled(folder, size=32)
    >>> textures.class_names
    ('banded', 'woven')
    >>> [(picture.shape, label) for picture, label in textures]
    [((32, 32, 3), 0), ((32, 32, 3), 1)]

    Args:
        spec: Which pictures.

            * `"tfds:NAME"`, `"tfds:NAME:SPLIT"`: the features `image` and
              `label` of a TensorFlow Datasets data set, in stored order,
              such as `"tfds:dtd:train"`. `SPLIT` is `train` if left out. A
              data set that is not in `data_dir` is downloaded.
            * anything else: a folder with a sub-folder of pictures for each
              class, sorted by name.
        size: Height and width of the pictures, in pixels: an int for a
            square, or a pair (height, width). They are resized by bicubic
            interpolation, as Pillow does; the aspect ratio is not kept.
        count: Take the first `count` pictures; of a folder the first of each
            class, then the second of each, and so on. `None`: all.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        A `PairedSet`. A picture that cannot be decoded is an error once it
        is read.

    Raises:
        FileNotFoundError: If there is no such folder.
        OSError: If a data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, if a folder has no
            sub-folder or one without a picture, or if a data set, a split,
            or one of its two features does not exist.
    """
    spec = os.fspath(spec)
    shape = check_shape(size)
    if count is not None:
        check_ints(count=count)
    kind, _, rest = spec.partition(":")
    if kind == "tfds":
        return PairedSet(
            spec, shape, TFDSLabelled(rest, shape, data_dir), count
        )
    try:
        source = LabelledFolder(spec, shape, count)
    except (FileNotFoundError, ValueError) as error:
        # Not every subclass is made from a message.
        missing = isinstance(error, FileNotFoundError)
        raise (FileNotFoundError if missing else InputError)(
            f"`spec` must be 'tfds:NAME[:SPLIT]' or a folder with a "
            f"sub-folder of pictures a class; there is {error}. "
            f"Received: spec={spec!r}"
        ) from error
    return PairedSet(spec, shape, source, count)


def labelled_pictures(
    spec: str,
    size: int,
    *,
    count: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Reads pictures and their classes from TensorFlow Datasets.

    All are held in memory: this is for sets of small pictures, such as
    CIFAR-10. `open_labelled` reads others, batch by batch.

    Example:

    >>> import tensorflow_datasets as tfds
    >>> with tfds.testing.mock_data(num_examples=3):
    ...     pictures, labels = labelled_pictures("cifar10:test", 40, count=2)
    >>> pictures.shape, labels.shape
    ((2, 40, 40, 3), (2,))

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"`, as TensorFlow Datasets writes them,
            of a data set with the features `image` and `label`, classes.
        size: Height and width. Pictures of another size are resized as
            `resize((size, size), Image.BICUBIC)` of Pillow does.
        count: How many, the first in stored order. `None`: all.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        A uint8 array `(pictures, size, size, 3)`, RGB, and an int64 array
        `(pictures,)`.

    Raises:
        OSError: If the data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, if the data set, the
            split or one of the two features does not exist, or if a picture
            cannot be decoded or has a class that is none.
    """
    check_ints(size=size)
    pairs = open_labelled(
        f"tfds:{spec}", size=size, count=count, data_dir=data_dir
    )
    return pairs.arrays()
