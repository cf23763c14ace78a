"""Train and calibrate networks that classify every pixel."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

import keras
from keras import ops

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_sizes
from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID
from keras_padpos.models import calibrate_batch_norm
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training.loop import LOG_STEPS
from keras_padpos.training.loop import compile_training
from keras_padpos.training.loop import logged_training

if TYPE_CHECKING:
    from keras_padpos.data import JointAugmentation
    from keras_padpos.data import PairedSet


@keras.saving.register_keras_serializable(package="keras_padpos")
class PixelLoss(keras.losses.Loss):
    """Mean cross-entropy over the pixels that have a class.

    The softmax of several logits, the sigmoid of one. A void pixel weighs
    nothing, whatever the network says of it; a batch of nothing else has a
    loss of 0. (Keras' `ignore_class` knows no sigmoid, and gives such a batch
    NaN.)

    Example:

    >>> import numpy as np
    >>> logits = np.zeros((1, 1, 2, 4), "float32")
    >>> loss = PixelLoss()(np.array([[[3, 255]]]), logits)
    >>> print(f"{np.exp(float(loss)):.3f}")
    4.000

    Call arguments:
        y_true: `(batch, height, width)`, classes, or `metrics.VOID`.
        y_pred: `(batch, height, width, classes)`, logits; with one channel,
            that of class 1 against class 0.
    """

    def __init__(self, name: str = "pixel_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean over a batch; see the class."""
        classified = ops.not_equal(y_true, VOID)
        classes = ops.where(classified, y_true, ops.zeros_like(y_true))
        # Not the losses alone: 0 times the slope of what is no number is none.
        y_pred = ops.where(
            classified[..., None], y_pred, ops.zeros_like(y_pred)
        )
        if y_pred.shape[-1] == 1:
            each = keras.losses.binary_crossentropy(
                classes[..., None], y_pred, from_logits=True
            )
        else:
            each = keras.losses.sparse_categorical_crossentropy(
                classes, y_pred, from_logits=True
            )
        each = ops.where(classified, each, ops.zeros_like(each))
        pixels = ops.sum(ops.cast(classified, each.dtype))
        return ops.sum(each) / ops.maximum(pixels, 1)


def train_semantic(
    model: keras.Model,
    pairs: "PairedSet",
    *,
    epochs: int,
    batch_size: int = 8,
    max_steps: int | None = None,
    learning_rate: float = 1e-4,
    augmentation: "JointAugmentation | None" = None,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> int:
    """Train a network of `semantic_net` on pictures with masks.

    Adam, its rate falling to 0 as `(1 - step / steps) ** 0.9`, and
    `PixelLoss`. The order depends on the seed and the epoch alone, so that a
    training that was interrupted ends as one that was not. Nothing stops
    early.

    The papers do not say how they trained theirs: all of this is ours.

    Args:
        model: Trained in place, backbone and head.
        pairs: Pictures with masks, of the size that the network takes. The
            masks hold classes, below the network's, or void; for a network of
            one logit, 0 and 1.
        epochs: Passes over the pictures. A last, smaller batch is left out.
        batch_size: Pictures a step.
        max_steps: Stop after so many steps, whatever epoch it is; the rate
            then falls to 0 by that step.
        learning_rate: The rate at the first step.
        augmentation: Changes each batch at random.
        seed: Seed of the order.
        jit: Whether to compile with XLA. `None`: where it makes training
            faster, see `training.suits_xla`.
        log_steps: Steps between two calls of `log`.
        log: Called with `epoch`, a fraction of them too, `step`, and `loss`,
            its mean over the steps since the last call.
        checkpoint: Where to go on from, and where states go.
        devices: What to train on; the model was made in its scope. Each device
            takes the mean over its own pixels.

    Returns:
        How many steps there were.

    Raises:
        ValueError: If it is not known how many pictures there are, if these
            are fewer than one batch, of another size than the network's or of
            more classes, or if batches cannot be divided among the devices,
            or a number is out of its range.
    """
    check_ints(epochs=epochs, batch_size=batch_size, log_steps=log_steps)
    check_sizes(learning_rate=learning_rate)
    count = _count(pairs)
    _check_fits(model, pairs, augmentation)
    steps, total = compile_training(
        model,
        lambda total: {
            "optimizer": keras.optimizers.Adam(
                keras.optimizers.schedules.PolynomialDecay(
                    learning_rate, total, end_learning_rate=0, power=0.9
                )
            ),
            "loss": PixelLoss(),
        },
        count,
        epochs=epochs,
        batch_size=batch_size,
        max_steps=max_steps,
        jit=jit,
        devices=devices,
        argument="pairs",
    )
    batches = _Batches(
        steps,
        lambda epoch, start: pairs.batches(
            batch_size,
            shuffle_seed=seed,
            epoch=epoch,
            start=start,
            drop_remainder=True,
            augmentation=augmentation,
        ),
    )
    try:
        logged_training(
            model,
            batches,
            steps,
            total,
            log_steps=log_steps,
            log=log,
            checkpoint=checkpoint,
            devices=devices,
        )
    finally:
        batches.close()
    return total


class _Batches:
    """Batches by their number, read one after the other.

    Keras asks for the first ones twice, so the last few are kept.
    """

    _KEPT = 3

    def __init__(self, steps: int, read: Callable[[int, int], Any]) -> None:
        self._steps = steps
        self._read = read
        self._reader: Any = None
        self._next: int | None = None
        self._last: dict[int, Any] = {}

    def __call__(self, epoch: int, start: int) -> Any:
        number = epoch * self._steps + start
        if number not in self._last:
            if number != self._next or not start:
                self.close()
                self._reader = self._read(epoch, start)
            self._last[number] = next(self._reader)
            self._next = number + 1
            while len(self._last) > self._KEPT:
                del self._last[next(iter(self._last))]
        return self._last[number]

    def close(self) -> None:
        """Stop reading ahead."""
        if self._reader is not None:
            self._reader.close()


def _count(pairs):
    try:
        return len(pairs)
    except TypeError:
        raise InputError(
            "`pairs` must be of a known number of pictures. "
            f"Received: {pairs!r}, whose number is not known"
        ) from None


def _check_fits(model, pairs, augmentation):
    shape = pairs.shape
    if augmentation is not None:
        shape = augmentation.output_shape(shape)
    *size, classes = model.output_shape[1:]
    if tuple(shape) != tuple(size):
        raise InputError(
            f"`pairs` must be pictures of {tuple(size)}, as the network's. "
            f"Received: {tuple(shape)}"
        )
    allowed = max(classes, 2)
    if pairs.void is None or pairs.classes > allowed:
        raise InputError(
            f"`pairs` must have masks of at most {allowed} classes. "
            f"Received: {pairs!r}"
        )


def calibrate_semantic(
    model: keras.Model,
    pairs: "PairedSet",
    *,
    count: int = 240,
    batch_size: int = 8,
    seed: int = 0,
) -> int:
    """Take BatchNorm's statistics from training pictures.

    After a short training the running averages that BatchNorm keeps lag behind
    the weights; see `calibrate_location`. A network without BatchNorm is left
    as it is, and no picture is read.

    Args:
        model: Of `semantic_net`, on one device; changed in place.
        pairs: What it was trained on.
        count: How many pictures to take at most, drawn at random.
        batch_size: Pictures that are normalised together, as while training.
        seed: Seed of the draw.

    Returns:
        How many pictures there were.
    """

    def pictures():
        batches = pairs.batches(batch_size, shuffle_seed=seed)
        left = count
        for batch, _ in batches:
            yield batch[:left]
            left -= len(batch)
            if left <= 0:
                batches.close()
                return

    return calibrate_batch_norm(model, pictures())
