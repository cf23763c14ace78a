"""How classifiers of whole pictures are trained."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import keras
import numpy as np

from keras_padpos.checks import check_sizes
from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID
from keras_padpos.training.loop import compile_training
from keras_padpos.training.loop import epoch_draws
from keras_padpos.training.loop import train_with_stops
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.state import Part
from keras_padpos.training.training_position import Checkpoint


class TrainingStep(NamedTuple):
    """How far a training has come.

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
    devices: OneDevice | None = None,
) -> Iterator[TrainingStep]:
    """Train a classifier as `tasks.train_classifier`, and stop at some steps.

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
        parts: What else belongs to the state of the training, such as what
            was measured at the stops so far.
        checkpoint: Where to resume from, and where states are saved.
        devices: What to train on; see `OneDevice`. The network was made in its
            scope.

    Yields:
        How far the training has come. While it waits, the network may be used
        (see `LocalModel`), but not changed. A resumed training does not yield
        the stops that were over before.

    Raises:
        InputError: If there are fewer pictures than one batch, not as many
            labels, one that the network has no logit for, `epochs` is less
            than 1, or batches cannot be divided among the devices.
    """
    batch, steps, total = classifier_batches(
        network,
        pictures,
        labels,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        # Other draws, as likely: what was measured in steps had them.
        draw=_draw_by_picture,
        devices=devices,
    )
    stops = {0, total, *(stop for stop in checkpoints if stop < total)}
    for step, logs in train_with_stops(
        network,
        batch,
        steps,
        stops,
        parts=parts,
        checkpoint=checkpoint,
        devices=devices,
    ):
        yield TrainingStep(step, step / steps, logs.get("loss"))


def _draw(rng, count):
    """The order of an epoch's pictures, and which of them are mirrored."""
    return rng.permutation(count), rng.random(count) < 0.5


def _draw_by_picture(rng, count):
    """The same, where what is drawn second is in the order of the pictures."""
    order, mirrored = _draw(rng, count)
    return order, mirrored[order]


def classifier_batches(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    batch_size: int,
    learning_rate: float,
    seed: int,
    draw: Callable[..., tuple[np.ndarray, np.ndarray]] = _draw,
    **options: Any,
) -> tuple[Callable[[int, int], tuple[np.ndarray, np.ndarray]], int, int]:
    """Compile a classifier; returns its batches, steps an epoch and in all.

    Adam, its rate falling to 0 along half a cosine, and cross-entropy; half
    of the pictures are mirrored. `options` are of `compile_training`.
    """
    check_sizes(learning_rate=learning_rate)
    check_pairs(pictures, labels)
    labels = class_labels(model, labels)
    steps, total = compile_training(
        model,
        lambda total: {
            "optimizer": keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(learning_rate, total)
            ),
            "loss": keras.losses.SparseCategoricalCrossentropy(
                from_logits=True
            ),
            "metrics": [
                # Its name alone would be another metric for one class.
                keras.metrics.SparseCategoricalAccuracy(name="accuracy")
            ],
        },
        len(pictures),
        batch_size=batch_size,
        **options,
    )
    draws = epoch_draws(lambda rng: draw(rng, len(pictures)), seed, batch_size)

    def batch(epoch, number):
        order, mirrored = draws(epoch, number)
        return mirrored_pictures(pictures, order, mirrored), labels[order]

    return batch, steps, total


def check_pairs(pictures: np.ndarray, labels: np.ndarray) -> None:
    """Raise unless there is a label for each picture."""
    if len(labels) != len(pictures):
        raise InputError(
            "`labels` must be one for each of `pictures`. "
            f"Received: {len(pictures)} pictures and {len(labels)} labels"
        )


def mirrored_pictures(
    pictures: np.ndarray, order: np.ndarray, mirrored: np.ndarray
) -> np.ndarray:
    """Pictures by their numbers, float32, some of them left to right."""
    chosen = pictures[order].astype("float32")
    chosen[mirrored] = chosen[mirrored, :, ::-1]
    return chosen


def class_labels(
    model: keras.Model,
    labels: Any,
    *,
    single: bool = False,
    name: str = "labels",
) -> np.ndarray:
    """Check that a network has logits for all labels; returns them as int32.

    JAX has no int64 by default and may warn of it. Backends differ in what
    they do of other labels: JAX computes on. Labels of shape
    `(pictures, height, width)` may be 255, void. One logit, that of class 1
    against class 0, will do if `single`. `name` is the argument's.
    """
    labels = np.asarray(labels)
    with np.errstate(invalid="ignore"):
        whole = labels.astype("int64")
    if (whole != labels).any():
        raise InputError(f"`{name}` must be integers. Received: {labels.dtype}")
    logits = _logits(model)
    if logits is None:
        return whole.astype("int32")
    if logits == 1 and not single:
        raise InputError(
            "`model` must have a logit for each of two classes or more. "
            "Received: a model of one logit"
        )
    classes = max(logits, 2)
    wrong = (whole < 0) | (whole >= classes)
    if whole.ndim == 3:
        wrong &= whole != VOID
    if wrong.any():
        void = f", or {VOID} for void" if whole.ndim == 3 else ""
        raise InputError(
            f"`{name}` must be classes from 0 to {classes - 1}{void}. "
            f"Received: {whole[wrong][0]}"
        )
    return whole.astype("int32")


def _logits(model):
    """How many there are; `None` for models that do not tell."""
    shape = getattr(model, "output_shape", None)
    if not isinstance(shape, tuple) or not isinstance(shape[-1], int):
        return None
    return shape[-1]
