"""Train a net for the red-green test as its authors did."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.tasks._class_accuracy import class_accuracy
from keras_padpos.tasks._decay_weights import decay_weights
from keras_padpos.tasks._validated_training import validated_training
from keras_padpos.training import BestWeights
from keras_padpos.training import Checkpoint
from keras_padpos.training import LocalModel
from keras_padpos.training import OneDevice

RED_GREEN_EPOCHS = 50
"""Passes over the training set in the released code, at most."""

_BATCH = 200
_LEARNING_RATE = 1.0
_RHO = 0.9
_EPSILON = 1e-6
_DECAY = 5e-5
# The released code waits for 8 epochs without a better loss and stops at the
# end of the next.
_PATIENCE = 9


def train_red_green(
    model: keras.Model,
    sets: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    epochs: int = RED_GREEN_EPOCHS,
    batch_size: int = _BATCH,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> dict[str, Any]:
    """Train a net for the red-green test, and score it.

    Adadelta (learning rate 1, rho 0.9, epsilon 1e-6), weight decay 5e-5 on
    all weights, cross-entropy, batches of 200 in the order of the set. What
    is kept and scored are the weights of the epoch with the least
    cross-entropy on the validation set; training ends once nine epochs in a
    row were no better.

    Example:

    >>> from keras_padpos.models import red_green_net
    >>> from keras_padpos.tasks import red_green
    >>> sets = red_green(train=8, validation=4, test=4)
    >>> scores = train_red_green(red_green_net("full"), sets, epochs=1)
    >>> scores["epochs"], scores["similar"] == scores["dissimilar"]
    (1, True)

    Args:
        model: From pictures to logits of two classes; trained in place.
        sets: As `red_green` returns them.
        epochs: Passes over the training set, at most.
        batch_size: Pictures a step.
        log: Called after each epoch with `epoch` and the metrics. Of these
            `val_cross_entropy` is what decides; `val_loss` counts the decay
            too.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on; the model was made in its scope.

    Returns:
        A dict with `"train"`, `"validation"`, `"similar"` and
        `"dissimilar"`, the accuracies in [0, 1]; `"epochs"`, how many there
        were; `"best_epoch"`, from 1, the one that is kept; and
        `"validation_cross_entropy"`, in nats, of that one.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 4.1: settings of the released code.
    """
    decay_weights(model, _DECAY)
    spread = spread or OneDevice()
    pictures, labels = sets["train"]

    def batch(epoch, number):
        chosen = slice(number * batch_size, (number + 1) * batch_size)
        return pictures[chosen], labels[chosen]

    best = BestWeights(model)

    def keep_best(value):
        best.update(value)
        return best.waited < _PATIENCE

    count = validated_training(
        model,
        lambda: keras.optimizers.Adadelta(
            _LEARNING_RATE, rho=_RHO, epsilon=_EPSILON
        ),
        batch,
        math.ceil(len(labels) / batch_size),
        sets["validation"],
        epochs=epochs,
        batch_size=batch_size,
        decide=keep_best,
        part=best,
        log=log,
        checkpoint=checkpoint,
        spread=spread,
    )
    best.put_back()
    local = LocalModel(model, spread).now()
    scores = {
        name: class_accuracy(local, *each, batch_size)
        for name, each in sets.items()
    }
    return {
        **scores,
        "epochs": count,
        "best_epoch": best.epoch,
        "validation_cross_entropy": best.value,
    }
