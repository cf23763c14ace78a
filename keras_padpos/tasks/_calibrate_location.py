"""BatchNorm's statistics of a network for location-dependent tasks."""

import keras
import numpy as np

from keras_padpos.models import calibrate_batch_norm

_PICTURES = 960


def calibrate_location(
    model: keras.Model,
    pictures: np.ndarray,
    grid: int,
    *,
    count: int = _PICTURES,
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
    # As the first epoch is drawn; see `train_location`.
    rng = np.random.default_rng([seed, 0])
    chosen = rng.permutation(len(pictures))[:count]
    cells = rng.integers(0, grid**2, len(chosen))
    return calibrate_batch_norm(
        model,
        (
            {
                "picture": pictures[chosen[start : start + batch_size]].astype(
                    "float32"
                ),
                "cell": cells[start : start + batch_size],
            }
            for start in range(0, len(chosen), batch_size)
        ),
    )
