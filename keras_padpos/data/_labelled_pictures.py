"""Small pictures with their classes, as arrays."""

import os

import numpy as np

from keras_padpos.data._open_labelled import open_labelled
from keras_padpos.data._open_set import check_int


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
    check_int("size", size, 1)
    pairs = open_labelled(
        f"tfds:{spec}", size=size, count=count, data_dir=data_dir
    )
    return pairs.arrays()
