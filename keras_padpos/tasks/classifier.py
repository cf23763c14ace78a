"""Train, calibrate and score classifiers of whole pictures."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.metrics import bootstrap_interval
from keras_padpos.models import calibrate_batch_norm
from keras_padpos.tasks.attack_gradient import attack_loss
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training.classifier_recipe import class_labels
from keras_padpos.training.classifier_recipe import classifier_batches
from keras_padpos.training.loop import LOG_STEPS
from keras_padpos.training.loop import logged_training


def train_classifier(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 48,
    max_steps: int | None = None,
    learning_rate: float = 1e-3,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> int:
    """Train a network on pictures with a class each.

    Adam, its rate falling to 0 along half a cosine, and cross-entropy; half
    of the pictures are mirrored. What is drawn depends on the seed and the
    epoch alone, so that a training that was interrupted ends as one that was
    not. Nothing stops early.

    Example:

    >>> from keras_padpos.tasks import classification_net
    >>> net = classification_net("vgg5", 2, size=8)
    >>> pictures = np.zeros((8, 8, 8, 3), "uint8")
    >>> train_classifier(
    ...     net, pictures, np.zeros(8, int), epochs=2, batch_size=4
    ... )
    4

    Args:
        model: From pictures to logits `(batch, classes)`; trained in place,
            but for layers that are frozen.
        pictures: `(pictures, height, width, 3)`, uint8.
        labels: `(pictures,)`, classes from 0.
        epochs: Passes over the pictures. A last, smaller batch is left out.
        batch_size: Pictures a step.
        max_steps: Stop after so many steps, whatever epoch it is; the rate
            then falls to 0 by that step.
        learning_rate: The rate at the first step.
        seed: Seed of the order and the mirroring.
        jit: Whether to compile with XLA. `None`: where it makes training
            faster, see `training.suits_xla`.
        log_steps: Steps between two calls of `log`.
        log: Called with `epoch`, a fraction of them too, `step`, and the
            metrics over the steps since the last call.
        checkpoint: Where to go on from, and where states go.
        devices: What to train on; the model was made in its scope.

    Returns:
        How many steps there were.

    Raises:
        ValueError: If there are fewer pictures than one batch, not as many
            labels, one that the network has no logit for, a number is out of
            its range, or batches cannot be divided among the devices.
    """
    check_ints(log_steps=log_steps)
    batch, steps, total = classifier_batches(
        model,
        pictures,
        labels,
        epochs=epochs,
        batch_size=batch_size,
        max_steps=max_steps,
        learning_rate=learning_rate,
        seed=seed,
        jit=jit,
        devices=devices,
    )
    logged_training(
        model,
        batch,
        steps,
        total,
        log_steps=log_steps,
        log=log,
        checkpoint=checkpoint,
        devices=devices,
    )
    return total


def calibrate_classifier(
    model: keras.Model,
    pictures: np.ndarray,
    *,
    count: int = 960,
    batch_size: int = 48,
    seed: int = 0,
) -> int:
    """Take BatchNorm's statistics from pictures it was trained on.

    See `calibrate_location` for what this is good for. Nothing is cut out.

    Example:

    >>> from keras_padpos.tasks import classification_net
    >>> net = classification_net("vgg5", size=8)
    >>> calibrate_classifier(net, np.zeros((9, 8, 8, 3), "uint8"), count=8)
    8

    Args:
        model: On one device; changed in place.
        pictures: `(pictures, height, width, 3)`, uint8.
        count: How many of them to take, drawn at random, or all.
        batch_size: Pictures that are normalised together, as while training.
        seed: Seed of the draw.

    Returns:
        How many pictures there were; 0 for a network without BatchNorm.
    """
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:count]
    return calibrate_batch_norm(
        model,
        (
            pictures[chosen[start : start + batch_size]].astype("float32")
            for start in range(0, len(chosen), batch_size)
        ),
    )


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
    >>> scores, confusion = score_classifier(net, pictures, np.array([0, 0, 1]))
    >>> round(scores["accuracy"], 3), scores["class_accuracy"]
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
    check_ints(batch_size=batch_size)
    pictures, labels = labelled(model, pictures, labels)
    logits = np.concatenate(
        [
            model.predict_on_batch(
                pictures[start : start + batch_size].astype("float32")
            )
            for start in range(0, len(pictures), batch_size)
        ]
    )
    classes = logits.shape[-1]
    confusion = np.bincount(
        labels * classes + np.argmax(logits, axis=-1), minlength=classes**2
    ).reshape(classes, classes)
    seen = confusion.sum(axis=1) > 0
    scores = accuracy_scores(logits, labels)
    cross_entropy = scores.pop("cross_entropy")
    return {
        **scores,
        "class_accuracy": float(
            np.mean(np.diag(confusion)[seen] / confusion.sum(axis=1)[seen])
        ),
        "cross_entropy": cross_entropy,
    }, confusion


def labelled(
    model: keras.Model, pictures: Any, labels: Any, *, name: str = "labels"
) -> tuple[np.ndarray, np.ndarray]:
    """Check pictures and their classes; `name` is the argument they are of."""
    pictures = np.asarray(pictures)
    labels = class_labels(model, labels, name=name)
    if not len(pictures) or labels.shape != (len(pictures),):
        raise InputError(
            f"`{name}` must be one for each picture, and there must be one. "
            f"Received: {len(pictures)} pictures and labels of shape "
            f"{labels.shape}"
        )
    return pictures, labels


def accuracy_scores(logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The accuracy, its interval over pictures, and the cross-entropy."""
    right = np.argmax(logits, axis=-1) == labels
    losses = ops.convert_to_numpy(attack_loss(labels, logits))
    interval = bootstrap_interval(right)
    return {
        "accuracy": float(np.mean(right)),
        "accuracy_ci95": None if interval is None else list(interval),
        "cross_entropy": float(np.mean(losses)),
    }
