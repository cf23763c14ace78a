"""Train a net for the red-green test as its authors did."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.tasks.class_accuracy import class_accuracy
from keras_padpos.tasks.decay_weights import decay_weights

RED_GREEN_EPOCHS = 50
"""Passes over the training set in the released code, at most."""

_BATCH = 200
_LEARNING_RATE = 1.0
_RHO = 0.9
_EPSILON = 1e-6
_DECAY = 5e-5
# The released code waits for 8 epochs without a better loss and stops at the
# end of the next; Keras stops at the end of the last that it waits for.
_PATIENCE = 9
_MONITOR = "val_cross_entropy"


def train_red_green(
    model: keras.Model,
    sets: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    epochs: int = RED_GREEN_EPOCHS,
    batch_size: int = _BATCH,
    callbacks: Sequence[keras.callbacks.Callback] = (),
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
        callbacks: Keras callbacks. Of their logs, `val_cross_entropy` is what
            decides; `val_loss` counts the decay too.

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
    model.compile(
        keras.optimizers.Adadelta(_LEARNING_RATE, rho=_RHO, epsilon=_EPSILON),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.SparseCategoricalCrossentropy(
                from_logits=True, name="cross_entropy"
            )
        ],
        # TensorFlow on a CPU needs twice as long with XLA.
        jit_compile=keras.backend.backend() == "jax",
    )
    stop = keras.callbacks.EarlyStopping(
        _MONITOR, mode="min", patience=_PATIENCE, restore_best_weights=True
    )
    history = model.fit(
        *sets["train"],
        batch_size=batch_size,
        epochs=epochs,
        shuffle=False,
        validation_data=sets["validation"],
        validation_batch_size=batch_size,
        callbacks=[stop, *callbacks],
        verbose=0,
    ).history[_MONITOR]
    scores = {
        name: class_accuracy(model, *each, batch_size)
        for name, each in sets.items()
    }
    best = int(np.argmin(history))
    return {
        **scores,
        "epochs": len(history),
        "best_epoch": best + 1,
        "validation_cross_entropy": float(history[best]),
    }
