"""Mean intersection over union."""

import numpy as np

from keras_padpos.metrics._class_iou import class_iou


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
