"""Networks with a mode per axis commute with a roll in longitude."""

import keras
import numpy as np
import pytest
from large_on_tensorflow import large_network

from keras_padpos import models


def unet(enlarge):
    """A decoder with a skip, and a map as large as the input."""
    keras.utils.set_random_seed(0)
    options = {"padding": "same", "activation": "relu"}
    inputs = keras.Input((16, 32, 2))
    skip = keras.layers.Conv2D(4, 3, **options)(inputs)
    x = keras.layers.MaxPooling2D(3, 2, padding="same")(skip)
    x = keras.layers.Conv2D(6, 5, **options)(x)
    x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Conv2D(6, 3, **options)(x)
    for _ in range(2):
        x = enlarge()(x)
    x = keras.layers.Concatenate()([skip, x])
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(x))


DECODERS = {
    "nearest": lambda: keras.layers.UpSampling2D(),
    "bilinear": lambda: keras.layers.UpSampling2D(interpolation="bilinear"),
    "transposed": lambda: keras.layers.Conv2DTranspose(4, 3, 2, padding="same"),
}


def outputs(net, x):
    return keras.ops.convert_to_numpy(net(x))


def check_rolls(net, stride, mode):
    """Output of a rolled picture, against the rolled output."""
    converted = models.convert_padding(net, mode)
    x = np.random.default_rng(0).normal(size=(1, *net.input_shape[1:]))
    x = x.astype("float32")
    shifted = np.roll(x, stride, 2)
    y, rolled = outputs(converted, x), outputs(converted, shifted)
    steps = stride * y.shape[2] // x.shape[2]
    scale = np.abs(y).max()
    assert np.abs(np.roll(y, steps, 2) - rolled).max() <= 1e-5 * scale
    moved = np.roll(outputs(net, x), steps, 2) - outputs(net, shifted)
    assert np.abs(moved).max() > 1e-3 * scale


@pytest.mark.parametrize("mode", [("zeros", "circular"), "earth"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_decoder_commutes_with_a_roll_in_longitude(decoder, mode):
    check_rolls(unet(DECODERS[decoder]), 4, mode)


@pytest.mark.parametrize(
    "name", [large_network("MobileNet"), large_network("ResNet50")]
)
def test_a_backbone_commutes_with_a_roll_in_longitude(name):
    keras.utils.set_random_seed(0)
    net = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(64, 128, 3)
    )
    for mode in ("zeros+circular", "earth"):
        check_rolls(net, 32, mode)


def test_a_maximum_that_saw_no_frame_sees_no_zeros():
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.pad(
        inputs, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf
    )
    net = keras.Model(inputs, keras.layers.MaxPooling2D(3, 2)(x))
    x = -1 - np.random.default_rng(0).random((1, 8, 8, 1)).astype("float32")
    y = outputs(models.convert_padding(net, "zeros+circular"), x)
    wide = np.pad(x, [(0, 0), (0, 0), (1, 1), (0, 0)], mode="wrap")
    rows = [wide[:, max(top, 0) : top + 3] for top in range(-1, 7, 2)]
    columns = range(0, 8, 2)
    expected = [[r[:, :, c : c + 3].max() for c in columns] for r in rows]
    np.testing.assert_array_equal(y[0, :, :, 0], expected)


def test_weights_and_the_way_back_are_kept():
    net = unet(DECODERS["bilinear"])
    mixed = models.convert_padding(net, ("replicate", "circular"))
    back = models.convert_padding(mixed, "zeros")
    x = np.random.default_rng(0).normal(size=(1, 16, 32, 2)).astype("float32")
    np.testing.assert_array_equal(outputs(back, x), outputs(net, x))
    names = {
        site.padding_mode.name for site in models.find_padding_sites(mixed)
    }
    assert names == {"replicate+circular"}
