"""BatchNorm's statistics of a network before it is trained."""

from typing import Any

import numpy as np


def calibrated_at_first(
    network: Any,
    pictures: np.ndarray,
    spread: Any,
    *,
    batch_size: int,
    seed: int,
) -> int:
    """Calibrate a network that may be spread over devices.

    Args:
        network: Changed in place; made in the scope of `spread`.
        pictures: See `tasks.calibrate_classifier`.
        spread: What it is trained on.
        batch_size: Pictures that are normalised together.
        seed: Seed of the draw.

    Returns:
        How many pictures there were.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    local = training.LocalModel(network, spread).now()
    count = tasks.calibrate_classifier(
        local, pictures, batch_size=batch_size, seed=seed
    )
    if local is not network:
        with spread.scope():
            network.set_weights(local.get_weights())
    return count
