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


def unet(
    up="nearest",
    mode="zeros",
    size=(None, None),
    steps=2,
    channels=2,
    add=False,
):
    """A U-Net with 3x3 windows, skips concatenated or added."""
    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv2D
    enlarge = {
        "transposed": lambda: keras.layers.Conv2DTranspose(
            4, 3, strides=2, padding="same"
        ),
        "transposed2": lambda: keras.layers.Conv2DTranspose(4, 2, strides=2),
    }.get(up, lambda: keras.layers.UpSampling2D(interpolation=up))

    def block(x):
        x = ours.Conv2D(4, 3, padding="same", padding_mode=mode)(x)
        x = keras.layers.BatchNormalization()(x)
        return keras.layers.ReLU()(x)

    inputs = keras.Input((*size, channels))
    x, skips = inputs, []
    for _ in range(steps):
        x = block(x)
        skips.append(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = block(x)
    for skip in reversed(skips):
        join = keras.layers.Add() if add else keras.layers.Concatenate()
        x = join([enlarge()(x), skip])
        x = block(x)
    return keras.Model(inputs, conv(3, 1)(x))
