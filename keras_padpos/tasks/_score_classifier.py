"""How well a classifier of whole pictures does."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.metrics import bootstrap_interval
from keras_padpos.tasks._attack_loss import attack_loss
from keras_padpos.tasks._check_counts import check_counts
from keras_padpos.tasks._class_labels import class_labels


def score_classifier(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    batch_size: int = 32,
) -> tuple[dict[str, Any], np.ndarray]:
    """Score a classifier on pictures with a class each.

    Example:

    >>> inputs = keras.Input((1, 1, 2))
    >>> net = keras.Model(inputs, keras.layers.Flatten()(inputs))
    >>> pictures = np.array([[[[9, 0]]], [[[0, 9]]], [[[0, 9]]]], "uint8")
    >>> found, confusion = score_classifier(net, pictures, np.array([0, 0, 1]))
    >>> round(found["accuracy"], 3), found["class_accuracy"]
    (0.667, 0.75)
    >>> confusion.tolist()
    [[1, 1], [0, 1]]

    Args:
        model: From pictures to logits `(batch, classes)`, on one device.
        pictures: `(pictures, height, width, 3)`, uint8.
        labels: `(pictures,)`, classes from 0.
        batch_size: Pictures that go through at once.

    Returns:
        A dict: `"accuracy"` in [0, 1]; `"accuracy_ci95"`, its bootstrap
        interval over pictures, or `None`; `"class_accuracy"`, the mean over
        classes that there are; `"cross_entropy"` in nats. And the confusion
        matrix `(true classes, answered classes)`.

    Raises:
        ValueError: If there are no pictures, not as many labels, or one that
            the network has no logit for.
    """
    check_counts(batch_size=batch_size)
    labels = class_labels(model, labels)
    if not len(pictures) or labels.shape != (len(pictures),):
        raise InputError(
            "`pictures` must be one or more, and `labels` one for each. "
            f"Received: {len(pictures)} pictures and labels of shape "
            f"{labels.shape}"
        )
    logits = np.concatenate(
        [
            model.predict_on_batch(
                pictures[start : start + batch_size].astype("float32")
            )
            for start in range(0, len(pictures), batch_size)
        ]
    )
    right = np.argmax(logits, axis=-1) == labels
    classes = logits.shape[-1]
    confusion = np.bincount(
        np.asarray(labels) * classes + np.argmax(logits, axis=-1),
        minlength=classes**2,
    ).reshape(classes, classes)
    seen = confusion.sum(axis=1) > 0
    interval = bootstrap_interval(right)
    return {
        "accuracy": float(right.mean()),
        "accuracy_ci95": None if interval is None else list(interval),
        "class_accuracy": float(
            np.mean(np.diag(confusion)[seen] / confusion.sum(axis=1)[seen])
        ),
        "cross_entropy": float(
            np.mean(ops.convert_to_numpy(attack_loss(labels, logits)))
        ),
    }, confusion
