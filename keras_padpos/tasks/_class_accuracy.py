"""How many examples a classifier gets right."""

import keras
import numpy as np


def class_accuracy(
    model: keras.Model,
    inputs: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
) -> float:
    """Share of examples whose largest logit is that of their class.

    Example:

    >>> inputs = keras.Input((2,))
    >>> net = keras.Model(inputs, inputs)
    >>> class_accuracy(net, np.eye(2), np.array([0, 0]), 2)
    0.5

    Args:
        model: To logits `(batch, classes)`.
        inputs: `(examples, ...)`.
        labels: `(examples,)`, ints.
        batch_size: Examples that go through at once.

    Returns:
        In [0, 1].
    """
    logits = model.predict(inputs, batch_size=batch_size, verbose=0)
    return float(np.mean(np.argmax(logits, axis=-1) == labels))
