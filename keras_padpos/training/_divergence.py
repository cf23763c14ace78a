"""Whether a training has come to nothing."""

from typing import Any

import keras
import numpy as np

from keras_padpos.training.state import kept_seeds


def divergence(model: keras.Model, inputs: Any = None) -> str | None:
    """Tell why a trained network cannot be measured.

    Such a network still gives answers, all of one class: what is scored of
    them looks like a number.

    Example:

    >>> net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> divergence(net) is None
    True
    >>> net.set_weights([np.ones((2, 1)), np.array([np.nan])])
    >>> divergence(net)
    'weights are not finite: training has diverged'

    Args:
        model: On one device; left as it is, with what it draws random numbers
            from.
        inputs: A batch of what it takes, to look at its answers too: finite
            weights may still be too large to compute with. `None`: only
            weights are looked at.

    Returns:
        The reason in words, or `None` if there is none.
    """
    if not all(map(_is_finite, model.weights)):
        return "weights are not finite: training has diverged"
    if inputs is None:
        return None
    with kept_seeds(model):
        answers = keras.tree.flatten(model(inputs, training=False))
    if not all(map(_is_finite, answers)):
        return "answers are not finite: training has diverged"
    return None


def _is_finite(tensor):
    return np.isfinite(keras.ops.convert_to_numpy(tensor)).all()
