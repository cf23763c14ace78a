"""Training, epoch by epoch."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

from keras_padpos.training.keras_fit import KerasFit
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.training_position import Checkpoint
from keras_padpos.training.training_position import Part
from keras_padpos.training.training_position import TrainingPosition


def train_epochs(
    model: keras.Model,
    batch: Callable[[int, int], tuple[Any, Any]],
    steps: int,
    *,
    epochs: int,
    after_epoch: Callable[[int, dict[str, float]], bool],
    max_steps: int | None = None,
    parts: Mapping[str, Part] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> int:
    """Train a compiled model; look at it after each epoch.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = keras.ops.ones((4, 1))
    >>> train_epochs(
    ...     model, lambda epoch, number: (x, x), 1, epochs=5,
    ...     after_epoch=lambda epoch, logs: epoch < 3,
    ... )
    3

    Args:
        model: Compiled, inside the scope of `spread`.
        batch: From an epoch's number and a batch's, both from 0, to inputs
            and labels; see `KerasFit.run`. What it draws must depend on these
            two alone.
        steps: Batches an epoch.
        epochs: How many, at most.
        after_epoch: Called with the number of epochs so far and the metrics
            of the last; returns whether to go on. The model may be used, and
            changed.
        max_steps: Stop after so many steps, with an epoch that is cut short.
        parts: What `after_epoch` changes, for checkpoints.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on.

    Returns:
        How many epochs there were.

    Raises:
        ValueError: If a batch cannot be divided among the devices.
    """
    fit = KerasFit(model, spread)
    position = TrainingPosition({"fit": fit, **(parts or {})}, checkpoint)
    total = epochs * steps
    if max_steps is not None:
        total = min(total, max_steps)
    go_on = True
    while go_on and position.epoch * steps < total:
        epoch, start = position.epoch, position.step
        logs = fit.run(
            lambda number, epoch=epoch, start=start: batch(
                epoch, start + number
            ),
            min(steps, total - epoch * steps) - start,
            position,
        )
        go_on = after_epoch(position.epoch + 1, logs)
        fit.reset()
        position.next_epoch()
    return position.epoch
