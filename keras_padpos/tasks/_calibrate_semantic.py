"""BatchNorm's statistics of a network that says something of every pixel."""

from typing import TYPE_CHECKING

import keras

from keras_padpos.models import calibrate_batch_norm

if TYPE_CHECKING:
    from keras_padpos.data import PairedSet

_PICTURES = 240


def calibrate_semantic(
    model: keras.Model,
    pairs: "PairedSet",
    *,
    count: int = _PICTURES,
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
