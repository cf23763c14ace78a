"""Training that stops now and then to be looked at."""

import functools
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.training.keras_fit import KerasFit
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.training_position import Checkpoint
from keras_padpos.training.training_position import Part
from keras_padpos.training.training_position import TrainingPosition


class TrainingStep(NamedTuple):
    """Where training stands.

    Example:

    >>> TrainingStep(step=10, epoch=0.5, loss=2.1).epoch
    0.5

    Attributes:
        step: How many batches the network was trained on.
        epoch: The same in passes over the training pictures.
        loss: Mean cross-entropy since the last stop; `None` before training.
    """

    step: int
    epoch: float
    loss: float | None


def train_in_steps(
    network: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    checkpoints: Iterable[int],
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    parts: Mapping[str, Part] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> Iterator[TrainingStep]:
    """Train a classifier, and stop at some steps.

    Adam, its rate falling to 0 along half a cosine, on pictures of which half
    are mirrored. What is drawn depends on `seed` and the epoch alone.

    Example:

    >>> net = keras.Sequential(
    ...     [keras.Input((4, 4, 3)), keras.layers.Flatten(),
    ...      keras.layers.Dense(2)]
    ... )
    >>> pictures = np.zeros((8, 4, 4, 3), "uint8")
    >>> labels = np.zeros(8, int)
    >>> [
    ...     (at.step, at.epoch)
    ...     for at in train_in_steps(
    ...         net, pictures, labels, checkpoints=[1], epochs=2, batch_size=4
    ...     )
    ... ]
    [(0, 0.0), (1, 0.5), (4, 2.0)]

    Args:
        network: From pictures to logits `(batch, classes)`; compiled and
            trained in place.
        pictures: `(pictures, height, width, channels)`, in the network's
            unit.
        labels: `(pictures,)`, ints.
        checkpoints: Numbers of steps to stop at. Those past the end are left
            out; 0 and the end are always among them.
        epochs: Passes over the pictures. A last, smaller batch is left out.
        batch_size: Pictures a step.
        learning_rate: The rate at the first step.
        seed: Seed of the order and of the mirroring.
        parts: What else belongs to the state of the training, such as what was
            found at the stops so far.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on; see `OneDevice`. The network was made in its
            scope.

    Yields:
        Where training stands. While it waits, the network may be used (see
        `LocalModel`), but not changed. A training that goes on from a stop
        yields it again: `parts` tell what is done already.

    Raises:
        ValueError: If there are fewer pictures than one batch, not as many
            labels, or `epochs` is less than 1, or batches cannot be divided
            among the devices.
    """
    steps = len(pictures) // batch_size
    if not steps or len(labels) != len(pictures):
        raise InputError(
            f"`pictures` must be at least one batch of {batch_size}, and "
            f"`labels` as many. Received: {len(pictures)} pictures and "
            f"{len(labels)} labels"
        )
    if epochs < 1:
        raise InputError(f"`epochs` must be at least 1. Received: {epochs}")
    spread = spread or OneDevice()
    spread.check_batch(batch_size)
    total = steps * epochs
    stops = sorted({0, *checkpoints, total})
    with spread.scope():
        network.compile(
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(learning_rate, total)
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    @functools.lru_cache(maxsize=2)
    def drawn(epoch):
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(pictures))
        return order, rng.random(len(pictures)) < 0.5

    def batch(epoch, number):
        order, mirrored = drawn(epoch)
        chosen = order[number * batch_size : (number + 1) * batch_size]
        batch = pictures[chosen].astype("float32")
        turned = mirrored[chosen]
        batch[turned] = batch[turned, :, ::-1]
        return batch, labels[chosen]

    fit = KerasFit(network, spread)
    position = TrainingPosition({"fit": fit, **(parts or {})}, checkpoint)
    logs = fit.logs
    while True:
        step = position.epoch * steps + position.step
        if step in stops:
            yield TrainingStep(step, step / steps, logs.get("loss"))
            if step == total:
                return
            fit.reset()
            position.offer()
        if position.step == steps:
            position.next_epoch()
        stop = next(each for each in stops if each > step)
        epoch, start = position.epoch, position.step
        logs = fit.run(
            lambda number, epoch=epoch, start=start: batch(
                epoch, start + number
            ),
            min(stop - step, steps - start),
            position,
        )
