"""Training with a line of metrics every few steps."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training import train_epochs

LOG_STEPS = 50
"""Steps between two lines, if nothing else is asked for."""


def logged_training(
    model: keras.Model,
    batch: Callable[[int, int], tuple[Any, Any]],
    steps: int,
    total: int,
    *,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> None:
    """Train a compiled model for some steps; log in between.

    How often is logged changes nothing else, not even where a training is
    taken up again that was logged more or less often before.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = keras.ops.ones((4, 1))
    >>> logged_training(
    ...     model, lambda epoch, number: (x, x), 2, 5, log_steps=3,
    ...     log=lambda epoch, step, loss: print(round(epoch, 1), step),
    ... )
    1.5 3
    2.5 5

    Args:
        model: Compiled, inside the scope of `spread`.
        batch: From an epoch's number and a batch's, both from 0, to inputs
            and labels. What it draws must depend on these two alone.
        steps: Batches an epoch.
        total: Steps in all.
        log_steps: Steps between two calls of `log`.
        log: Called with `epoch`, a fraction of them too, `step`, and the
            metrics over the steps since the last call.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on.

    Raises:
        ValueError: If a batch cannot be divided among the devices.
    """
    # What `train_epochs` takes for an epoch is what is between two lines.
    stretch = min(log_steps, total)

    def after_stretch(line, logs):
        if log:
            step = min(line * stretch, total)
            log(epoch=step / steps, step=step, **logs)
        return True

    train_epochs(
        model,
        lambda line, number: batch(*divmod(line * stretch + number, steps)),
        stretch,
        epochs=-(-total // stretch),
        max_steps=total,
        after_epoch=after_stretch,
        checkpoint=checkpoint and _InSteps(checkpoint, stretch),
        spread=spread,
    )


class _InSteps:
    """A checkpoint that counts steps alone, and no stretches."""

    _KEY = "position"

    def __init__(self, checkpoint: Checkpoint, stretch: int) -> None:
        self._checkpoint = checkpoint
        self._stretch = stretch

    def load(self) -> tuple[Mapping, Mapping[str, np.ndarray]] | None:
        found = self._checkpoint.load()
        if found is None:
            return None
        row, arrays = found
        # Stretches are 0 in what is written below, and were not once.
        stretches, step = arrays[self._KEY].tolist()
        done = stretches * self._stretch + step
        # Where a stretch just ended its line is still to be logged.
        line, step = divmod(max(done - 1, 0), self._stretch)
        position = np.array([line, step + min(done, 1)])
        return row, {**arrays, self._KEY: position}

    def offer(self, state: Callable[[], tuple[Mapping, Mapping]]) -> None:
        def in_steps():
            row, arrays = state()
            stretches, step = arrays[self._KEY].tolist()
            position = np.array([0, stretches * self._stretch + step])
            return row, {**arrays, self._KEY: position}

        self._checkpoint.offer(in_steps)
