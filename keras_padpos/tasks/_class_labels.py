"""The classes that a network is trained for, scored on or attacked at."""

from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID


def class_labels(
    model: keras.Model,
    labels: Any,
    *,
    single: bool = False,
    name: str = "labels",
) -> np.ndarray:
    """Check that a network has logits for all labels.

    Backends differ in what they do of others: JAX computes on.

    Example:

    >>> inputs = keras.Input((2,))
    >>> class_labels(keras.Model(inputs, inputs), [0, 1])
    array([0, 1])

    Args:
        model: To logits, `(batch, classes)` or `(batch, height, width,
            classes)`.
        labels: `(pictures,)`, or `(pictures, height, width)`, where 255 is
            void; any other shape is left to who asks.
        single: Whether one logit will do, that of class 1 against class 0.
        name: The argument that they came from.

    Returns:
        The labels, as an array of integers.

    Raises:
        ValueError: If one is no class that there is a logit for, or there is
            a single logit where one does not do.
    """
    labels = np.asarray(labels)
    with np.errstate(invalid="ignore"):
        whole = labels.astype("int64")
    if (whole != labels).any():
        raise InputError(f"`{name}` must be integers. Received: {labels.dtype}")
    logits = _logits(model)
    if logits is None:
        return whole
    if logits == 1 and not single:
        raise InputError(
            "`model` must have a logit for each of two classes or more. "
            "Received: a model of one logit"
        )
    classes = max(logits, 2)
    wrong = (whole < 0) | (whole >= classes)
    if whole.ndim == 3:
        wrong &= whole != VOID
    if wrong.any():
        void = f", or {VOID} for void" if whole.ndim == 3 else ""
        raise InputError(
            f"`{name}` must be classes from 0 to {classes - 1}{void}. "
            f"Received: {whole[wrong][0]}"
        )
    return whole


def _logits(model):
    """How many there are; `None` for models that do not tell."""
    shape = getattr(model, "output_shape", None)
    if not isinstance(shape, tuple) or not isinstance(shape[-1], int):
        return None
    return shape[-1]
