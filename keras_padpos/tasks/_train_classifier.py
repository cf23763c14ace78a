"""Train a classifier of whole pictures."""

import functools
from collections.abc import Callable

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.tasks._check_counts import check_counts
from keras_padpos.tasks._check_sizes import check_sizes
from keras_padpos.tasks._class_labels import class_labels
from keras_padpos.tasks._logged_training import LOG_STEPS
from keras_padpos.tasks._logged_training import logged_training
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training import suits_xla

_BATCH = 48
_LEARNING_RATE = 1e-3


def train_classifier(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int = _BATCH,
    max_steps: int | None = None,
    learning_rate: float = _LEARNING_RATE,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
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
        spread: What to train on; the model was made in its scope.

    Returns:
        How many steps there were.

    Raises:
        ValueError: If there are fewer pictures than one batch, not as many
            labels, one that the network has no logit for, a number is out of
            its range, or batches cannot be divided among the devices.
    """
    check_counts(
        epochs=epochs,
        batch_size=batch_size,
        log_steps=log_steps,
        max_steps=max_steps,
    )
    check_sizes(learning_rate=learning_rate)
    steps = len(pictures) // batch_size
    if not steps or len(labels) != len(pictures):
        raise InputError(
            f"`pictures` must be at least one batch of {batch_size}, and "
            f"`labels` as many. Received: {len(pictures)} pictures and "
            f"{len(labels)} labels"
        )
    labels = class_labels(model, labels)
    spread = spread or OneDevice()
    spread.check_batch(batch_size)
    total = min(steps * epochs, max_steps or steps * epochs)
    with spread.scope():
        model.compile(
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(learning_rate, total)
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[
                # Its name alone would be another metric for one class.
                keras.metrics.SparseCategoricalAccuracy(name="accuracy")
            ],
            jit_compile=suits_xla(spread) if jit is None else jit,
        )

    @functools.lru_cache(maxsize=2)
    def drawn(epoch):
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(pictures))
        return order, rng.random(len(pictures)) < 0.5

    def batch(epoch, number):
        order, mirrored = (
            each[number * batch_size : (number + 1) * batch_size]
            for each in drawn(epoch)
        )
        chosen = pictures[order].astype("float32")
        chosen[mirrored] = chosen[mirrored, :, ::-1]
        return chosen, labels[order]

    logged_training(
        model,
        batch,
        steps,
        total,
        log_steps=log_steps,
        log=log,
        checkpoint=checkpoint,
        spread=spread,
    )
    return total
