"""How much two classifiers agree."""

import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.checks import is_int
from keras_padpos.errors import InputError


def top_k_overlap(one: np.ndarray, other: np.ndarray, k: int = 1) -> np.ndarray:
    """The share of the most likely classes that two classifiers share.

    Example:

    >>> one = np.array([[0.7, 0.2, 0.1], [0.5, 0.1, 0.4]])
    >>> other = np.array([[0.6, 0.1, 0.3], [0.1, 0.2, 0.7]])
    >>> print(top_k_overlap(one, other), top_k_overlap(one, other, k=2))
    [1. 0.] [0.5 0.5]

    Args:
        one: `(pictures, classes)`, scores of one classifier.
        other: Of the other.
        k: How many of the most likely classes to compare; the order among
            them does not count. 1 is agreement on the first.

    Returns:
        `(pictures,)`, in [0, 1].

    Raises:
        ValueError: If the shapes differ, a score is not finite, or `k` is
            not among 1 to classes.
    """
    one, other = (
        as_floats("one", one, "(pictures, classes)"),
        as_floats("other", other, "(pictures, classes)"),
    )
    if one.shape != other.shape:
        raise InputError(
            "`one` and `other` must be of one shape (pictures, classes). "
            f"Received: {one.shape} and {other.shape}"
        )
    if not is_int(k, 1) or k > one.shape[1]:
        raise InputError(
            f"`k` must be from 1 to {one.shape[1]} classes. Received: k={k}"
        )
    first, second = (
        np.argsort(-scores, axis=1, kind="stable")[:, :k]
        for scores in (one, other)
    )
    shared = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return shared.mean(axis=1)
