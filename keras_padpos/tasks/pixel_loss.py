"""Cross-entropy of pixels, some of which are of no class."""

from typing import Any

import keras
from keras import ops

from keras_padpos.metrics import VOID


@keras.saving.register_keras_serializable(package="keras_padpos")
class PixelLoss(keras.losses.Loss):
    """Mean cross-entropy over the pixels that have a class.

    The softmax of several logits, the sigmoid of one. A void pixel weighs
    nothing, whatever the network says of it; a batch of nothing else has a
    loss of 0. (Keras' `ignore_class` knows no sigmoid, and gives such a batch
    NaN.)

    Example:

    >>> import numpy as np
    >>> logits = np.zeros((1, 1, 2, 4), "float32")
    >>> loss = PixelLoss()(np.array([[[3, 255]]]), logits)
    >>> print(f"{np.exp(float(loss)):.3f}")
    4.000

    Call arguments:
        y_true: `(batch, height, width)`, classes, or `metrics.VOID`.
        y_pred: `(batch, height, width, classes)`, logits; with one channel,
            that of class 1 against class 0.
    """

    def __init__(self, name: str = "pixel_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean over a batch; see the class."""
        known = ops.not_equal(y_true, VOID)
        wanted = ops.where(known, y_true, ops.zeros_like(y_true))
        # Not the losses alone: 0 times the slope of what is no number is none.
        y_pred = ops.where(known[..., None], y_pred, ops.zeros_like(y_pred))
        if y_pred.shape[-1] == 1:
            each = keras.losses.binary_crossentropy(
                wanted[..., None], y_pred, from_logits=True
            )
        else:
            each = keras.losses.sparse_categorical_crossentropy(
                wanted, y_pred, from_logits=True
            )
        each = ops.where(known, each, ops.zeros_like(each))
        pixels = ops.sum(ops.cast(known, each.dtype))
        return ops.sum(each) / ops.maximum(pixels, 1)
