"""Small networks for tiles."""

import keras
import numpy as np

from keras_padpos import layers as ours


def encoder(mode="zeros", size=(None, None)):
    """Three windows and a pooling: stride 4, uneven SAME padding."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((*size, 2)),
            ours.Conv2D(4, 3, padding="same", padding_mode=mode),
            keras.layers.ReLU(),
            ours.Conv2D(4, 3, 2, padding="same", padding_mode=mode),
            ours.MaxPooling2D(2, padding="same", padding_mode=mode),
            ours.Conv2D(3, 3, padding="same", padding_mode=mode),
        ]
    )


def picture(*shape, seed=0):
    numbers = np.random.default_rng(seed).normal(size=shape)
    return numbers.astype("float32")


def whole(model, x):
    """What the model gives for a picture, or a batch of them, at once."""
    batch = x if x.ndim == len(model.inputs[0].shape) else x[None]
    result = model(batch, training=False)
    return keras.tree.map_structure(
        lambda y: keras.ops.convert_to_numpy(y)[
            slice(None) if batch is x else 0
        ],
        result,
    )


def assert_same(result, expected):
    """Equal to a relative 1e-5 of the largest value."""
    for y, z in zip(
        keras.tree.flatten(result), keras.tree.flatten(expected), strict=True
    ):
        assert y.shape == z.shape
        assert np.abs(y - z).max() <= 1e-5 * np.abs(z).max()
