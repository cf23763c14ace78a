"""BatchNorm's statistics of a classifier."""

import keras
import numpy as np

from keras_padpos.models import calibrate_batch_norm

_PICTURES = 960


def calibrate_classifier(
    model: keras.Model,
    pictures: np.ndarray,
    *,
    count: int = _PICTURES,
    batch_size: int = 48,
    seed: int = 0,
) -> int:
    """Take BatchNorm's statistics from pictures it was trained on.

    See `calibrate_location` for what this is good for. Nothing is cut out.

    Example:

    >>> from keras_padpos.tasks import classification_net
    >>> net = classification_net("vgg5", size=8)
    >>> calibrate_classifier(net, np.zeros((9, 8, 8, 3), "uint8"), count=8)
    8

    Args:
        model: On one device; changed in place.
        pictures: `(pictures, height, width, 3)`, uint8.
        count: How many of them to take, drawn at random, or all.
        batch_size: Pictures that are normalised together, as while training.
        seed: Seed of the draw.

    Returns:
        How many pictures there were; 0 for a network without BatchNorm.
    """
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:count]
    return calibrate_batch_norm(
        model,
        (
            pictures[chosen[start : start + batch_size]].astype("float32")
            for start in range(0, len(chosen), batch_size)
        ),
    )
