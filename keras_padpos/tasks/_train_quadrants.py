"""Train for the four-quadrant test as its authors did."""

import functools
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_padpos.tasks._decay_weights import decay_weights
from keras_padpos.tasks._validated_training import validated_training
from keras_padpos.tasks.plateau import Plateau
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice

QUADRANT_EPOCHS = 30
"""Passes over the training set in the released code, at most."""

_BATCH = 8
_LEARNING_RATE = 1e-3
_MOMENTUM = 0.9
_DECAY = 5e-5


def train_quadrants(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int = QUADRANT_EPOCHS,
    batch_size: int = _BATCH,
    seed: int = 0,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> dict[str, Any]:
    """Train a network, or a head on features, to tell two places apart.

    SGD with Nesterov's momentum 0.9, learning rate 1e-3, weight decay 5e-5 on
    all weights, cross-entropy, shuffled batches of 8. After five epochs
    without a lower cross-entropy on the validation set and one more, training
    goes on from the best weights with a tenth of the rate, until that is
    1e-6. The best weights are kept.

    Example:

    >>> head = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> features = np.repeat([[[4.0, 0.0]], [[0.0, 4.0]]], 20, axis=0)[:, 0]
    >>> labels = np.repeat([0, 1], 20)
    >>> data = features, labels
    >>> train_quadrants(head, data, data)["epochs"]
    30
    >>> logits = keras.ops.convert_to_numpy(head(features))
    >>> bool((logits.argmax(axis=-1) == labels).all())
    True

    Args:
        model: From canvases, or from their features, to logits of two
            classes; trained in place.
        train: Inputs and labels.
        validation: Inputs and labels that decide about the rate.
        epochs: Passes over the training set, at most.
        batch_size: Examples a step.
        seed: Seed of the order of the examples.
        log: Called after each epoch with `epoch` and the metrics.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on; the model was made in its scope.

    Returns:
        A dict with `"epochs"`, how many there were; `"best_epoch"`, from 1,
        the one that is kept; and `"validation_cross_entropy"`, in nats, of
        that one.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 3.2: settings of the released code.
    """
    decay_weights(model, _DECAY)
    inputs, labels = train

    @functools.lru_cache(maxsize=2)
    def order(epoch):
        return np.random.default_rng([seed, epoch]).permutation(len(labels))

    def batch(epoch, number):
        chosen = order(epoch)[number * batch_size : (number + 1) * batch_size]
        return inputs[chosen], labels[chosen]

    plateau = Plateau(model)
    count = validated_training(
        model,
        lambda: keras.optimizers.SGD(
            _LEARNING_RATE, momentum=_MOMENTUM, nesterov=True
        ),
        batch,
        math.ceil(len(labels) / batch_size),
        validation,
        epochs=epochs,
        batch_size=batch_size,
        decide=plateau.update,
        part=plateau,
        log=log,
        checkpoint=checkpoint,
        spread=spread,
    )
    plateau.best.put_back()
    return {
        "epochs": count,
        "best_epoch": plateau.best.epoch,
        "validation_cross_entropy": plateau.best.value,
    }
