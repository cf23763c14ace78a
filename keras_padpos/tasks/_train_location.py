"""Train a network for a location-dependent task."""

import functools
from collections.abc import Callable

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.tasks._canvas_labels import canvas_labels
from keras_padpos.tasks._canvas_labels import check_labels
from keras_padpos.tasks._check_counts import check_counts
from keras_padpos.tasks._logged_training import LOG_STEPS
from keras_padpos.tasks._logged_training import logged_training
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training import suits_xla

_BATCH = 48
_LEARNING_RATE = 1e-3
_BETA_1 = 0.5


def train_location(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    grid: int,
    *,
    epochs: int,
    batch_size: int = _BATCH,
    max_steps: int | None = None,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> int:
    """Train a network of `location_net` on small pictures in random cells.

    Adam (learning rate 1e-3, beta 0.5 and 0.999), batches of 48,
    cross-entropy of each head, half of the pictures mirrored; cells are drawn
    anew for each batch. Nothing stops early.

    Example:

    >>> from keras_padpos.tasks import location_net
    >>> net = location_net("vgg5", "location", 3, size=8)
    >>> pictures = np.zeros((8, 8, 8, 3), "uint8")
    >>> train_location(
    ...     net, pictures, np.zeros(8, int), 3, epochs=2, batch_size=4
    ... )
    4

    Args:
        model: Trained in place.
        pictures: `(pictures, size, size, 3)`, uint8.
        labels: `(pictures,)`, classes from 0.
        grid: Cells in a row and in a column of the canvas.
        epochs: Passes over the pictures. A last, smaller batch is left out.
        batch_size: Pictures a step.
        max_steps: Stop after so many steps, whatever epoch it is.
        seed: Seed of the order, the cells and the mirroring.
        jit: Whether to compile with XLA. `None`: where it makes training
            faster, see `training.suits_xla`.
        log_steps: Steps between two calls of `log`.
        log: Called with `epoch`, a fraction of them too, `step`, and the
            metrics over the steps since the last call.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on; the model was made in its scope.

    Returns:
        How many steps there were.

    Raises:
        ValueError: If there are fewer pictures than one batch, a label is
            none of the ten, a number is less than 1, or batches cannot be
            divided among the devices.

    Source:
        Settings of the released code of Islam et al., *Global Pooling* (ICCV
        2021), by the authors of *Position, Padding and Predictions* (IJCV
        2024), whose own are not known.
    """
    check_counts(
        epochs=epochs,
        batch_size=batch_size,
        log_steps=log_steps,
        max_steps=max_steps,
    )
    steps = len(pictures) // batch_size
    if not steps:
        raise InputError(
            f"`pictures` must be at least one batch of {batch_size}. "
            f"Received: {len(pictures)}"
        )
    check_labels(labels)
    spread = spread or OneDevice()
    spread.check_batch(batch_size)
    total = min(steps * epochs, max_steps or steps * epochs)
    heads = list(model.output)
    with spread.scope():
        model.compile(
            keras.optimizers.Adam(_LEARNING_RATE, beta_1=_BETA_1),
            {
                head: keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True
                )
                for head in heads
            },
            # Its name alone would be another metric where there is one cell.
            metrics={
                head: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
                for head in heads
            },
            jit_compile=suits_xla(spread) if jit is None else jit,
        )

    @functools.lru_cache(maxsize=2)
    def drawn(epoch):
        rng = np.random.default_rng([seed, epoch])
        return (
            rng.permutation(len(pictures)),
            rng.integers(0, grid**2, len(pictures)),
            rng.random(len(pictures)) < 0.5,
        )

    def batch(epoch, number):
        order, cells, mirrored = (
            each[number * batch_size : (number + 1) * batch_size]
            for each in drawn(epoch)
        )
        chosen = pictures[order].copy()
        chosen[mirrored] = chosen[mirrored, :, ::-1]
        wanted = {"class": labels[order], "cell": cells}
        if "pixels" in heads:
            size = pictures.shape[1]
            wanted["pixels"] = canvas_labels(labels[order], cells, grid, size)
        return (
            {"picture": chosen.astype("float32"), "cell": cells},
            {head: wanted[head] for head in heads},
        )

    logged_training(
        model,
        batch,
        steps,
        total,
        log_steps=log_steps,
        log=log,
        checkpoint=checkpoint,
        spread=spread,
    )
    return total
