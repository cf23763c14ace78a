"""What attacks make large."""

from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID


def attack_loss(labels: Any, logits: Any) -> Any:
    """Cross-entropy of each picture, of segmentation mean over its pixels.

    Example:

    >>> import numpy as np
    >>> losses = attack_loss(np.array([0]), np.zeros((1, 2), "float32"))
    >>> round(float(losses[0]), 4)
    0.6931

    Args:
        labels: `(batch,)`, classes from 0, or `(batch, height, width)`, where
            255 is void: such pixels do not count.
        logits: `(batch, classes)` or `(batch, height, width, classes)`; a
            single one is that of class 1 against class 0, as of `PixelLoss`.

    Returns:
        `(batch,)`, float32, in nats; 0 where all is void.

    Raises:
        ValueError: If labels and logits are of other shapes.
    """
    if len(logits.shape) != len(labels.shape) + 1 or len(logits.shape) not in (
        2,
        4,
    ):
        raise InputError(
            "`labels` must be (batch,) for logits (batch, classes), or "
            "(batch, height, width) for (batch, height, width, classes). "
            f"Received: {tuple(labels.shape)} for {tuple(logits.shape)}"
        )
    logits = ops.cast(logits, "float32")
    labels = ops.cast(labels, "int32")
    if len(labels.shape) == 1:
        return _cross_entropy(labels, logits)
    known = labels != VOID
    losses = _cross_entropy(
        ops.where(known, labels, 0),
        # 0 times the slope of what is no number is none.
        ops.where(known[..., None], logits, 0.0),
    )
    counted = ops.cast(known, "float32")
    return ops.sum(losses * counted, axis=(1, 2)) / ops.maximum(
        ops.sum(counted, axis=(1, 2)), 1.0
    )


def _cross_entropy(labels, logits):
    if logits.shape[-1] > 1:
        return ops.sparse_categorical_crossentropy(
            labels, logits, from_logits=True
        )
    # The softmax of one logit is always sure.
    return keras.losses.binary_crossentropy(
        ops.cast(labels[..., None], "float32"), logits, from_logits=True
    )
