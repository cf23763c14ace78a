"""Layers with a mode for each axis, against the stock layer on NumPy's pads."""

import itertools
from functools import partial

import keras
import numpy as np
import pytest
from oracles import NUMPY_MODES
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import layers
from keras_padpos import padding
from keras_padpos.errors import InputError

PAIRS = list(itertools.permutations(NUMPY_MODES, 2))


def array(y):
    return keras.ops.convert_to_numpy(y)


def picture(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def padded(x, pads, modes):
    """Axis 1, then axis 2, by NumPy."""
    for axis, (pair, mode) in enumerate(zip(pads, modes, strict=True), 1):
        width = [(0, 0)] * x.ndim
        width[axis] = pair
        x = numpy_pad(x, width, mode)
    return x


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sizes", [(6, 8), (7, 5)])
def test_a_convolution_is_the_stock_one_on_numpys_frame(stride, sizes):
    x = picture(2, *sizes, 3)
    for kernel in range(1, 6):
        stock = keras.layers.Conv2D(2, kernel, stride)
        stock.build((None, None, None, 3))
        pads = [same_pads(size, kernel, stride, 1) for size in sizes]
        modes = PAIRS[(5 * (stride + sizes[0]) + kernel) % len(PAIRS)]
        expected = array(stock(padded(x, pads, modes)))
        layer = layers.Conv2D(
            2, kernel, stride, padding="same", padding_mode=modes
        )
        layer.build(x.shape)
        layer.set_weights(stock.get_weights())
        np.testing.assert_allclose(array(layer(x)), expected, atol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow",
    reason="convolutions on a CPU take channels last",
)
def test_channels_first_is_the_same():
    x = picture(2, 6, 8, 3)
    options = {"padding": "same", "padding_mode": "zeros+circular"}
    last = layers.Conv2D(2, 3, **options)
    first = layers.Conv2D(2, 3, data_format="channels_first", **options)
    expected = array(last(x))
    first.build((2, 3, 6, 8))
    first.set_weights(last.get_weights())
    y = array(first(x.transpose(0, 3, 1, 2))).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
def test_pooling_sees_no_zeros_of_an_axis(name):
    """As Keras' "same" in height; circular in width."""
    x = picture(2, 6, 8, 3)
    stock = getattr(keras.layers, name)
    layer = getattr(layers, name)(
        3, 1, padding="same", padding_mode="zeros+circular"
    )
    wide = stock((1, 3), 1)(
        np.pad(x, [(0, 0), (0, 0), (1, 1), (0, 0)], mode="wrap")
    )
    # Even pads: Keras' averages of uneven ones differ between backends.
    expected = stock((3, 1), 1, padding="same")(wide)
    np.testing.assert_allclose(array(layer(x)), array(expected), atol=1e-6)


def test_partial_corrects_its_axis_alone():
    layer = layers.Conv2D(
        1,
        3,
        padding="same",
        padding_mode="partial+zeros",
        kernel_initializer="ones",
    )
    y = array(layer(np.ones((1, 4, 4, 1), "float32")))[0, :, :, 0]
    np.testing.assert_allclose(y, [[6, 9, 9, 6]] * 4, atol=1e-5)


@pytest.mark.parametrize("mode", ["zeros+circular", "earth"])
@pytest.mark.parametrize(
    ("make", "shape", "factor"),
    [
        (
            partial(layers.Conv2DTranspose, 2, 3, 2, padding="same"),
            (2, 6, 8, 3),
            2,
        ),
        (partial(layers.DepthwiseConv2D, 3, padding="same"), (2, 6, 8, 3), 1),
        (partial(layers.Padding2D, 1), (2, 6, 8, 3), None),
        (
            partial(layers.ConvLSTM2D, 2, 3, padding="same"),
            (1, 2, 6, 8, 3),
            1,
        ),
    ],
)
def test_layers_commute_with_a_roll_in_longitude(make, shape, factor, mode):
    x = picture(*shape)
    layer = make(padding_mode=mode)
    y, rolled = array(layer(x)), array(layer(np.roll(x, 1, axis=-2)))
    if factor is None:
        y, rolled = y[:, :, 1:-1], rolled[:, :, 1:-1]
    np.testing.assert_allclose(
        np.roll(y, factor or 1, axis=2), rolled, atol=1e-5
    )


@pytest.mark.parametrize("layer", [layers.UpSampling2D, layers.Resizing])
def test_an_interpolation_goes_on_axis_by_axis(layer):
    x = picture(2, 6, 8, 3)
    size = ((2, 2),) if layer is layers.UpSampling2D else (12, 16)
    make = lambda **k: layer(*size, interpolation="bilinear", **k)  # noqa: E731
    mixed = array(make(padding_mode="replicate+circular")(x))
    expected = array(make(padding_mode="circular")(x))
    np.testing.assert_allclose(mixed[:, 2:-2], expected[:, 2:-2], atol=1e-5)
    expected = array(make(padding_mode="replicate")(x))
    np.testing.assert_allclose(
        mixed[:, :, 2:-2], expected[:, :, 2:-2], atol=1e-5
    )


@pytest.mark.parametrize("rank", [1, 3])
def test_other_ranks_take_as_many_modes(rank):
    modes = ["circular", "reflect", "zeros"][:rank]
    kind = getattr(layers, f"Conv{rank}D")
    sizes = (4, 5, 6)[:rank]
    x = picture(1, *sizes, 2)
    layer = kind(2, 3, padding="same", padding_mode=modes)
    y = array(layer(x))
    stock = getattr(keras.layers, f"Conv{rank}D")(2, 3)
    stock.build((None,) * (rank + 1) + (2,))
    stock.set_weights(layer.get_weights())
    expected = array(stock(padded(x, [(1, 1)] * rank, modes)))
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: layers.Conv1D(2, 3, padding_mode="zeros+circular"),
            "one for each of 1 spatial axes",
        ),
        (
            lambda: layers.Conv3D(2, 3, padding_mode="earth"),
            "needs two spatial axes",
        ),
        (
            lambda: layers.Conv2D(2, 3, padding="same", padding_mode="earth")(
                np.zeros((1, 4, 5, 1))
            ),
            "the width must be even",
        ),
        (
            lambda: layers.Padding2D(1, padding_mode="partial+zeros"),
            "corrects what a window gives",
        ),
        (
            lambda: layers.Resizing(4, 4, padding_mode="earth"),
            "not for resizing",
        ),
        (
            lambda: layers.Conv2DTranspose(
                2, 3, padding="same", padding_mode="partial+zeros"
            ).build((1, 4, 4, 1)),
            "no transpose",
        ),
    ],
)
def test_what_does_not_fit_is_named(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_saved_layer_keeps_its_modes(tmp_path):
    layer = layers.Conv2D(
        2,
        3,
        padding="same",
        padding_mode=("replicate", padding.Constant(2)),
    )
    model = keras.Sequential([keras.Input((None, None, 3)), layer])
    model.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    assert loaded.layers[0].padding_mode == layer.padding_mode
    x = picture(1, 5, 6, 3)
    np.testing.assert_array_equal(array(loaded(x)), array(model(x)))
