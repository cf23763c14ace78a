"""Intersection over union."""

import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.errors import InputError


def class_iou(confusion: np.ndarray) -> np.ndarray:
    """Intersection over union of each class.

    Not by `keras.metrics.IoU`, which takes class maps and no matrix, so that
    bands would have to be counted twice. On the JAX backend it also warns of
    integers that JAX does not have, and on every backend a perfect score comes
    out as 0.9999999, in float32.

    Example:

    >>> class_iou(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    array([0.75      , 0.66666667,        nan])

    Args:
        confusion: `(classes, classes)`, counts of true classes (rows) and
            answers (columns).

    Returns:
        `(classes,)`, in [0, 1]; NaN for a class that is neither there nor
        answered.

    Raises:
        ValueError: If it is no square matrix, or an entry is negative or not
            finite.
    """
    counts = as_floats("confusion", confusion, "(classes, classes)")
    if counts.shape[0] != counts.shape[1] or counts.min() < 0:
        raise InputError(
            "`confusion` must be a square matrix, nowhere negative. Received: "
            f"shape {counts.shape}, {counts.min():g} and more"
        )
    confusion = np.asarray(confusion)
    both = np.diag(confusion)
    either = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    there = either > 0
    scores = np.full(len(confusion), np.nan)
    scores[there] = both[there] / either[there]
    return scores


def mean_iou(confusion: np.ndarray) -> float:
    """Mean intersection over union of the classes that are there at all.

    A class counts if it is true, or an answer, anywhere.

    Example:

    >>> mean_iou(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    0.7083333333333333

    Args:
        confusion: `(classes, classes)`, counts of true classes (rows) and
            answers (columns).

    Returns:
        In [0, 1]; NaN if no class is there.
    """
    scores = class_iou(confusion)
    there = ~np.isnan(scores)
    return float(scores[there].mean()) if there.any() else float("nan")
