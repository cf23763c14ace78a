"""Train a network that says something of every pixel."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.tasks._check_counts import check_counts
from keras_padpos.tasks._check_sizes import check_sizes
from keras_padpos.tasks._logged_training import LOG_STEPS
from keras_padpos.tasks._logged_training import logged_training
from keras_padpos.tasks.pixel_loss import PixelLoss
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training import suits_xla

if TYPE_CHECKING:
    from keras_padpos.data import JointAugmentation
    from keras_padpos.data import PairedSet

_BATCH = 8
_LEARNING_RATE = 1e-4
_POWER = 0.9


def train_semantic(
    model: keras.Model,
    pairs: "PairedSet",
    *,
    epochs: int,
    batch_size: int = _BATCH,
    max_steps: int | None = None,
    learning_rate: float = _LEARNING_RATE,
    augmentation: "JointAugmentation | None" = None,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
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
        spread: What to train on; the model was made in its scope. Each device
            takes the mean over its own pixels.

    Returns:
        How many steps there were.

    Raises:
        ValueError: If it is not known how many pictures there are, if these
            are fewer than one batch, of another size than the network's or of
            more classes, or if batches cannot be divided among the devices,
            or a number is out of its range.
    """
    check_counts(
        epochs=epochs,
        batch_size=batch_size,
        log_steps=log_steps,
        max_steps=max_steps,
    )
    check_sizes(learning_rate=learning_rate)
    count = _count(pairs)
    steps = count // batch_size
    if not steps:
        raise InputError(
            f"`pairs` must be at least one batch of {batch_size}. "
            f"Received: {count}"
        )
    _check_fits(model, pairs, augmentation)
    spread = spread or OneDevice()
    spread.check_batch(batch_size)
    total = min(steps * epochs, max_steps or steps * epochs)
    with spread.scope():
        model.compile(
            keras.optimizers.Adam(
                keras.optimizers.schedules.PolynomialDecay(
                    learning_rate, total, end_learning_rate=0, power=_POWER
                )
            ),
            PixelLoss(),
            jit_compile=suits_xla(spread) if jit is None else jit,
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
            spread=spread,
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
        self._reader = None
        self._next = None
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
