"""Small networks whose padding leaves a pattern."""

import keras

STAGES = ("first", "second", "third")


def pattern_net(seed=0, channels=1):
    """Three stages, of strides 1, 2 and 4, with a shortcut.

    SAME windows of stride 2 pad unevenly, and the pooling pads too.
    """
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((None, None, channels), name="picture")
    first = keras.layers.Conv2D(
        4, 3, padding="same", activation="relu", name="first"
    )(inputs)
    x = keras.layers.Conv2D(
        6, 3, strides=2, padding="same", bias_initializer="ones", name="down"
    )(first)
    shortcut = x
    x = keras.layers.Conv2D(6, 5, padding="same", name="wide")(x)
    second = keras.layers.Add(name="second")([shortcut, x])
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool")(second)
    third = keras.layers.Conv2D(3, 3, padding="same", name="third")(x)
    return keras.Model(
        inputs, {"first": first, "second": second, "third": third}, name="net"
    )


def decoder(enlarge, factor, size=None):
    """A U-Net of one level; its stages are the coarse map and the output."""
    inputs = keras.Input((size, size, 1))
    conv = [keras.layers.Conv2D(2, 3, padding="same") for _ in range(3)]
    fine = conv[0](inputs)
    coarse = conv[1](keras.layers.MaxPooling2D(factor)(fine))
    joined = keras.layers.Concatenate()([enlarge(coarse), fine])
    return keras.Model(inputs, {"coarse": coarse, "fine": conv[2](joined)})
