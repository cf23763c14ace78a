"""Train and calibrate networks for the location-dependent tasks."""

from collections.abc import Callable

import keras
import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.data._location_canvases import location_draws
from keras_padpos.models import calibrate_batch_norm
from keras_padpos.tasks.canvas import canvas_labels
from keras_padpos.tasks.canvas import check_labels
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training.classifier_recipe import check_pairs
from keras_padpos.training.classifier_recipe import mirrored_pictures
from keras_padpos.training.loop import LOG_STEPS
from keras_padpos.training.loop import compile_training
from keras_padpos.training.loop import epoch_draws
from keras_padpos.training.loop import logged_training


def train_location(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    grid: int,
    *,
    epochs: int,
    batch_size: int = 48,
    max_steps: int | None = None,
    seed: int = 0,
    jit: bool | None = None,
    log_steps: int = LOG_STEPS,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
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
        devices: What to train on; the model was made in its scope.

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
    check_ints(log_steps=log_steps)
    check_pairs(pictures, labels)
    check_labels(labels)
    heads = list(model.output)
    steps, total = compile_training(
        model,
        lambda total: {
            "optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5),
            "loss": {
                head: keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True
                )
                for head in heads
            },
            # Its name alone would be another metric where there is one cell.
            "metrics": {
                head: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
                for head in heads
            },
        },
        len(pictures),
        epochs=epochs,
        batch_size=batch_size,
        max_steps=max_steps,
        jit=jit,
        devices=devices,
    )
    draws = epoch_draws(
        lambda rng: location_draws(rng, len(pictures), grid), seed, batch_size
    )

    def batch(epoch, number):
        order, cells, mirrored = draws(epoch, number)
        targets = {"class": labels[order], "cell": cells}
        if "pixels" in heads:
            size = pictures.shape[1]
            targets["pixels"] = canvas_labels(labels[order], cells, grid, size)
        return (
            {
                "picture": mirrored_pictures(pictures, order, mirrored),
                "cell": cells,
            },
            {head: targets[head] for head in heads},
        )

    logged_training(
        model,
        batch,
        steps,
        total,
        log_steps=log_steps,
        log=log,
        checkpoint=checkpoint,
        devices=devices,
    )
    return total


def calibrate_location(
    model: keras.Model,
    pictures: np.ndarray,
    grid: int,
    *,
    count: int = 960,
    batch_size: int = 48,
    seed: int = 0,
) -> int:
    """Take BatchNorm's statistics from pictures in random cells.

    While weights still change fast, the running averages that BatchNorm keeps
    lag behind them, and a network that places every training picture right
    can fail on all of them at inference. With the statistics of its final
    weights it does not.

    Example:

    >>> from keras_padpos.tasks import location_net
    >>> net = location_net("vgg5", "location", 3, size=8)
    >>> calibrate_location(net, np.zeros((8, 8, 8, 3), "uint8"), 3)
    8

    Args:
        model: Of `location_net`, on one device; changed in place.
        pictures: Those it was trained on, `(pictures, size, size, 3)`, uint8.
        grid: Cells in a row and in a column of the canvas.
        count: How many of them to take, those that were trained on first, in
            the same cells; at most all.
        batch_size: Pictures that are normalised together, as while training.
        seed: Seed of the draw and of the cells.

    Returns:
        How many pictures there were.
    """
    # As the first epoch is drawn.
    rng = np.random.default_rng([seed, 0])
    order, cells, _ = location_draws(rng, len(pictures), grid)
    starts = range(0, min(count, len(order)), batch_size)
    parts = [slice(start, min(start + batch_size, count)) for start in starts]
    return calibrate_batch_norm(
        model,
        (
            {
                "picture": pictures[order[part]].astype("float32"),
                "cell": cells[part],
            }
            for part in parts
        ),
    )
