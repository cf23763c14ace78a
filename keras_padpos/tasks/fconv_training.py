"""Training as in the code released with F-Conv."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.tasks.classifier import class_accuracy
from keras_padpos.training import BestWeights
from keras_padpos.training import Checkpoint
from keras_padpos.training import LocalModel
from keras_padpos.training import OneDevice
from keras_padpos.training import Part
from keras_padpos.training import suits_xla
from keras_padpos.training.loop import epoch_draws
from keras_padpos.training.loop import train_epochs

RED_GREEN_EPOCHS = 50
"""Passes over the training set of the red-green test, at most."""

QUADRANT_EPOCHS = 30
"""Passes over the training set of the four-quadrant test, at most."""

_DECAY = 5e-5
# The released code waits for 8 epochs without a better loss and stops at the
# end of the next.
_RED_GREEN_PATIENCE = 9


def decay_weights(model: keras.Model, decay: float) -> None:
    """Add a share of every weight to its gradient.

    This is what `weight_decay` means in PyTorch's SGD and Adadelta: biases and
    BatchNorm's factors decay too, and the optimiser scales the sum. It is the
    gradient of an L2 regulariser of half of `decay`. The `weight_decay` of
    Keras' optimisers is another thing: it goes past the optimiser.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> _ = model.layers[0].kernel.assign([[3.0], [4.0]])
    >>> _ = model.layers[0].bias.assign([0.0])
    >>> decay_weights(model, 0.1)
    >>> loss = keras.ops.convert_to_numpy(model.losses[0])
    >>> round(float(loss), 4)  # 0.1 / 2 * (9 + 16)
    1.25

    Args:
        model: Changed in place: each weight that is trained gets the
            regulariser, instead of another one.
        decay: Its product with each weight is added to the gradient.
    """
    for variable in model.trainable_variables:
        variable.regularizer = keras.regularizers.L2(decay / 2)


def train_red_green(
    model: keras.Model,
    sets: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    epochs: int = RED_GREEN_EPOCHS,
    batch_size: int = 200,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
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
        devices: What to train on; the model was made in its scope.

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
    devices = devices or OneDevice()
    pictures, labels = sets["train"]

    def batch(epoch, number):
        chosen = slice(number * batch_size, (number + 1) * batch_size)
        return pictures[chosen], labels[chosen]

    best = BestWeights(model)

    def keep_best(value):
        best.update(value)
        return best.waited < _RED_GREEN_PATIENCE

    count = _validated_training(
        model,
        lambda: keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6),
        batch,
        math.ceil(len(labels) / batch_size),
        sets["validation"],
        epochs=epochs,
        batch_size=batch_size,
        decide=keep_best,
        part=best,
        log=log,
        checkpoint=checkpoint,
        devices=devices,
    )
    best.put_back()
    local = LocalModel(model, devices).now()
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


def train_quadrants(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int = QUADRANT_EPOCHS,
    batch_size: int = 8,
    seed: int = 0,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
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
        devices: What to train on; the model was made in its scope.

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

    draws = epoch_draws(
        lambda rng: (rng.permutation(len(labels)),), seed, batch_size
    )

    def batch(epoch, number):
        (chosen,) = draws(epoch, number)
        return inputs[chosen], labels[chosen]

    plateau = _Plateau(model)
    count = _validated_training(
        model,
        lambda: keras.optimizers.SGD(1e-3, momentum=0.9, nesterov=True),
        batch,
        math.ceil(len(labels) / batch_size),
        validation,
        epochs=epochs,
        batch_size=batch_size,
        decide=plateau.update,
        part=plateau,
        log=log,
        checkpoint=checkpoint,
        devices=devices,
    )
    plateau.best.put_back()
    return {
        "epochs": count,
        "best_epoch": plateau.best.epoch,
        "validation_cross_entropy": plateau.best.value,
    }


class _Plateau:
    """From the best weights with a tenth of the rate, on each plateau.

    Keras' `ReduceLROnPlateau` keeps the weights of the moment. The rate falls
    after `patience` epochs without a lower value and one more; training stops
    once the rate is `least` or lower.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        patience: int = 5,
        factor: float = 0.1,
        least: float = 1e-6,
    ) -> None:
        self._model = model
        self._patience = patience
        self._factor = factor
        self._least = least
        self._waited = 0
        self.best = BestWeights(model)

    def update(self, value: float) -> bool:
        """Take the value of an epoch; returns whether to go on."""
        if self.best.update(value):
            self._waited = 0
        elif self._waited < self._patience:
            self._waited += 1
        else:
            optimizer = self._model.optimizer
            rate = keras.ops.convert_to_numpy(optimizer.learning_rate)
            rate = float(rate) * self._factor
            optimizer.learning_rate = rate
            self._waited = 0
            self.best.put_back()
            # Ten thousandths of a thousandth: rounding must not decide.
            return rate > self._least * (1 + 1e-3)
        return True

    def state(self) -> dict[str, np.ndarray]:
        """Everything that resuming needs."""
        return {"waited": np.array(self._waited), **self.best.state()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` returned."""
        self._waited = int(state["waited"])
        self.best.restore(state)


def _validated_training(
    model: keras.Model,
    optimizer: Callable[[], keras.optimizers.Optimizer],
    batch: Callable[[int, int], tuple[Any, Any]],
    steps: int,
    validation: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int,
    batch_size: int,
    decide: Callable[[float], bool],
    part: Part,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> int:
    """Train on cross-entropy; validate after each epoch; returns the epochs.

    `decide` is called with the cross-entropy on the validation set, and says
    whether to go on; `part` is the state that it changes.
    """
    devices = devices or OneDevice()
    # Better now than at the end of the first epoch.
    for size in {len(batch(0, number)[1]) for number in (0, steps - 1)}:
        devices.check_batch(size)
    with devices.scope():
        _compile(model, optimizer(), devices)
    local = LocalModel(model, devices)
    if local.now() is not model:
        _compile(local.now(), "sgd", OneDevice())

    def after_epoch(epoch, logs):
        scores = local.now().evaluate(
            *validation, batch_size=batch_size, verbose=0, return_dict=True
        )
        scores = {
            f"val_{name}": np.array(each) for name, each in scores.items()
        }
        # The scores of process 0 decide for all: they must not part ways.
        scores = devices.gather(scores)[0]
        logs |= {name: float(each) for name, each in scores.items()}
        if log:
            log(epoch=epoch, **logs)
        return decide(logs["val_cross_entropy"])

    return train_epochs(
        model,
        batch,
        steps,
        epochs=epochs,
        after_epoch=after_epoch,
        parts={"decision": part, "local": local},
        checkpoint=checkpoint,
        devices=devices,
    )


def _compile(model, optimizer, devices):
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            # The loss counts weight decay too.
            keras.metrics.SparseCategoricalCrossentropy(
                from_logits=True, name="cross_entropy"
            )
        ],
        jit_compile=suits_xla(devices),
    )
