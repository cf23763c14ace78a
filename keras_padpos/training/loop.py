"""The training loop: it stops now and then, and resumes where it was killed."""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.training.keras_fit import KerasFit
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.one_device import suits_xla
from keras_padpos.training.state import Part
from keras_padpos.training.training_position import Checkpoint
from keras_padpos.training.training_position import TrainingPosition

LOG_STEPS = 50
"""Default of the steps between two calls of `log`."""

Batch = Callable[[int, int], tuple[Any, Any]]


def train_with_stops(
    model: keras.Model,
    batch: Batch,
    steps: int,
    stops: Iterable[int],
    *,
    parts: Mapping[str, Part] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> Iterator[tuple[int, dict[str, float]]]:
    """Train a compiled model, and stop after some steps.

    All other functions that train networks use this one. Where it stops
    changes nothing in the training. A training that was killed and resumed
    ends with the same bits as one that was not; a stop that was over before
    the last checkpoint is not repeated.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = keras.ops.ones((4, 1))
    >>> training = train_with_stops(model, lambda *number: (x, x), 2, [0, 3])
    >>> [(step, list(logs)) for step, logs in training]
    [(0, []), (3, ['loss'])]

    Args:
        model: Compiled, inside the scope of `devices`.
        batch: From an epoch's number and a batch's, both from 0, to inputs
            and labels; see `KerasFit.run`. What it draws must depend on these
            two alone.
        steps: Batches an epoch.
        stops: Numbers of steps to stop after; the last one is the end.
        parts: What else belongs to the state of the training, such as what
            is measured or changed at the stops.
        checkpoint: Where to resume from, and where states are saved.
        devices: What to train on.

    Yields:
        How many steps there were, and the metrics since the last stop. While
        it waits, the model may be used and changed. What ends the loop early
        must do so again when the training is resumed.

    Raises:
        InputError: If a batch cannot be divided among the devices.
    """
    fit = KerasFit(model, devices)
    last = _LastStop()
    position = TrainingPosition(
        {"fit": fit, "last_stop": last, **(parts or {})}, checkpoint
    )
    stops = sorted(set(stops))
    for stop in stops:
        done = position.epoch * steps + position.step
        if done > stop or last.step == stop:
            continue

        def batch_after(number: int, done: int = done) -> Any:
            return batch(*divmod(done + number, steps))

        logs = fit.run(batch_after, stop - done, position)
        yield stop, logs
        if stop == stops[-1]:
            return
        fit.reset()
        last.step = stop
        position.offer()


class _LastStop:
    """The last stop that is over, as a part of the state."""

    step = -1

    def state(self) -> dict[str, np.ndarray]:
        return {"step": np.array(self.step)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.step = int(state.get("step", -1))


def train_epochs(
    model: keras.Model,
    batch: Batch,
    steps: int,
    *,
    epochs: int,
    after_epoch: Callable[[int, dict[str, float]], bool],
    **options: Any,
) -> int:
    """Train with a stop after each epoch; `after_epoch` says whether to go on.

    Returns how many epochs there were. `after_epoch` gets their number so far
    and the metrics of the last one; `options` are of `train_with_stops`.
    """
    epoch = 0
    ends = range(steps, epochs * steps + 1, steps)
    for step, logs in train_with_stops(model, batch, steps, ends, **options):
        epoch = step // steps
        if not after_epoch(epoch, logs):
            break
    return epoch


def logged_training(
    model: keras.Model,
    batch: Batch,
    steps: int,
    total: int,
    *,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> None:
    """Train for `total` steps; log every `log_steps` and at the end.

    `log` is called with `epoch`, which may be a fraction, `step`, and the
    metrics since the last call. `log_steps` changes nothing else, and may be
    another one when the training is resumed.
    """
    stops = [*range(log_steps, total, log_steps), total]
    for step, logs in train_with_stops(
        model, batch, steps, stops, checkpoint=checkpoint, devices=devices
    ):
        if log:
            log(epoch=step / steps, step=step, **logs)


def compile_training(
    model: keras.Model,
    options: Callable[[int], Mapping[str, Any]],
    count: int,
    *,
    epochs: int,
    batch_size: int,
    max_steps: int | None = None,
    jit: bool | None = None,
    devices: OneDevice | None = None,
    argument: str = "pictures",
) -> tuple[int, int]:
    """Check the numbers of a training, and compile its model.

    Args:
        model: Made in the scope of `devices`.
        options: From the steps in all to what `compile` gets.
        count: Examples in an epoch; a last, smaller batch is left out.
        epochs: Passes over the examples.
        batch_size: Examples a step.
        max_steps: Stop after so many steps, whatever `epochs` says.
        jit: Whether to compile with XLA. `None`: see `suits_xla`.
        devices: What to train on.
        argument: The argument that the examples come from, for errors.

    Returns:
        Steps an epoch, and steps in all.
    """
    check_ints(epochs=epochs, batch_size=batch_size)
    if max_steps is not None:
        check_ints(max_steps=max_steps)
    steps = count // batch_size
    if not steps:
        raise InputError(
            f"`{argument}` must be at least one batch of {batch_size}. "
            f"Received: {count}"
        )
    devices = devices or OneDevice()
    devices.check_batch(batch_size)
    total = min(steps * epochs, max_steps or steps * epochs)
    with devices.scope():
        model.compile(
            **options(total),
            jit_compile=suits_xla(devices) if jit is None else jit,
        )
    return steps, total


def epoch_draws(
    draw: Callable[[np.random.Generator], tuple[np.ndarray, ...]],
    seed: int,
    batch_size: int,
) -> Callable[[int, int], tuple[np.ndarray, ...]]:
    """What is drawn for a batch, given an epoch's number and the batch's.

    `draw` draws arrays for a whole epoch, from a generator that the seed and
    the epoch's number alone decide, so that a resumed training draws the same.
    """

    @functools.lru_cache(maxsize=2)
    def drawn(epoch):
        return draw(np.random.default_rng([seed, epoch]))

    def part(epoch, number):
        chosen = slice(number * batch_size, (number + 1) * batch_size)
        return tuple(each[chosen] for each in drawn(epoch))

    return part
