"""What a network says of every pixel."""

from collections.abc import Callable

import keras
import numpy as np
from scipy.special import expit


def semantic_answers(
    model: keras.Model,
) -> Callable[[np.ndarray], np.ndarray]:
    """From pictures to class maps, or to saliency maps.

    Example:

    >>> inputs = keras.Input((2, 2, 3))
    >>> answer = semantic_answers(keras.Model(inputs, inputs * 1.0))
    >>> print(answer(np.full((1, 2, 2, 3), [1, 9, 4], "float32"))[0])
    [[1 1]
     [1 1]]

    Args:
        model: From pictures to logits `(batch, height, width, classes)`, on
            one device.

    Returns:
        A function of pictures `(batch, height, width, 3)`, raw RGB. It gives
        the classes of the greatest logits, int64 `(batch, height, width)`; of
        a network of one logit its sigmoid, float32 in [0, 1].
    """

    def answer(pictures):
        logits = np.asarray(model.predict_on_batch(pictures))
        if logits.shape[-1] == 1:
            return expit(logits[..., 0].astype("float32"))
        return logits.argmax(axis=-1)

    return answer
