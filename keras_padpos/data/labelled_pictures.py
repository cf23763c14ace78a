"""Small pictures with their classes, as arrays."""

import itertools
import os

import numpy as np

from keras_padpos.data.open_set import check_int
from keras_padpos.data.read_picture import read_picture
from keras_padpos.data.tfds_pictures import TFDSPictures


def labelled_pictures(
    spec: str,
    size: int,
    *,
    count: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Reads pictures and their classes from TensorFlow Datasets.

    All are held in memory: this is for sets of small pictures, such as
    CIFAR-10.

    Example:

    >>> import tensorflow_datasets as tfds
    >>> with tfds.testing.mock_data(num_examples=3):
    ...     pictures, labels = labelled_pictures("cifar10:test", 40, count=2)
    >>> pictures.shape, labels.shape
    ((2, 40, 40, 3), (2,))

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"`, as TensorFlow Datasets writes them,
            of a data set with the features `image` and `label`.
        size: Height and width. Pictures of another size are resized as
            `resize((size, size), Image.BICUBIC)` of Pillow does.
        count: How many, the first in stored order. `None`: all.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        A uint8 array `(pictures, size, size, 3)`, RGB, and an int64 array
        `(pictures,)`.

    Raises:
        RuntimeError: If the data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, or if the data set,
            the split or one of the two features does not exist.
    """
    check_int("size", size, 1)
    if count is not None:
        check_int("count", count, 1)
    source = TFDSPictures(spec, data_dir)
    pictures, labels = [], []
    for example in itertools.islice(source.examples(), count):
        if "label" not in example[1]:
            raise ValueError(
                "`spec` must name a data set with a feature `label`; its "
                f"features are: {', '.join(example[1])}. "
                f"Received: spec={spec!r}"
            )
        pictures.append(read_picture(*_file(source, example, size)))
        labels.append(example[1]["label"])
    if not pictures:
        raise ValueError(
            "`spec` must name a split that holds pictures. "
            f"Received: spec={spec!r}"
        )
    return np.stack(pictures), np.array(labels, "int64")


def _file(source, example, size):
    index, features = example
    file, name = source.file((index, features["image"]))
    return file, size, name
