import itertools
import warnings

import keras
import numpy as np
import pytest
from oracles import NUMPY_MODES
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import layers
from keras_padpos import padding

FORMATS = ("channels_last", "channels_first")

# Elsewhere every new shape is compiled anew.
WHOLE = keras.backend.backend() == "tensorflow"
KERNELS = range(1, 8) if WHOLE else (1, 2, 3, 5)
SIZES = range(5, 13) if WHOLE else (5, 8)
# With their next as widths, all remainders by the strides.
SIZES_OF_A_MODE = (5, 7, 9) if WHOLE else SIZES


def _picture(height, width, data_format, channels=2):
    shape = (1, height, width, channels)
    x = np.random.default_rng(height).normal(size=shape).astype("float32")
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


def _windows(kernels):
    for kernel, stride, dilation in itertools.product(
        kernels, (1, 2, 3), (1, 2)
    ):
        if stride == 1 or dilation == 1:
            yield kernel, stride, dilation


def _same_as_stock(layer, x):
    stock = keras.layers.Conv2D(
        layer.filters,
        layer.kernel_size,
        layer.strides,
        "same",
        layer.data_format,
        layer.dilation_rate,
    )
    stock.build(x.shape)
    stock.set_weights(layer.get_weights())
    return keras.ops.convert_to_numpy(stock(x))


@pytest.mark.parametrize("data_format", FORMATS)
def test_zeros_equals_the_stock_layer_bit_for_bit(data_format):
    for kernel, stride, dilation in _windows(KERNELS):
        layer = layers.Conv2D(3, kernel, stride, "same", data_format, dilation)
        for size in SIZES:
            x = _picture(size, size + 1, data_format)
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(layer(x)), _same_as_stock(layer, x)
            )


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", NUMPY_MODES)
def test_every_mode_is_numpy_pad_then_a_valid_convolution(name, data_format):
    mode = padding.Constant(2.5) if name == "constant" else padding.get(name)
    for kernel, stride, dilation in _windows(KERNELS):
        layer = layers.Conv2D(
            3, kernel, stride, "same", data_format, dilation, padding_mode=mode
        )
        valid = keras.layers.Conv2D(
            3, kernel, stride, "valid", data_format, dilation
        )
        for size in SIZES_OF_A_MODE:
            x = _picture(size, size + 1, data_format)
            pads = [
                same_pads(n, kernel, stride, dilation) for n in (size, size + 1)
            ]
            with warnings.catch_warnings():
                # Wide frames repeat cells, as NumPy's do.
                warnings.simplefilter("ignore", UserWarning)
                y = keras.ops.convert_to_numpy(layer(x))
            first = 1 if data_format == "channels_last" else 2
            width = [(0, 0)] * 4
            width[first : first + 2] = pads
            padded = numpy_pad(x, width, name, value=2.5)
            if not valid.built:
                valid.build(padded.shape)
                valid.set_weights(layer.get_weights())
            np.testing.assert_allclose(
                y,
                keras.ops.convert_to_numpy(valid(padded)),
                rtol=1e-5,
                atol=1e-5,
            )


@pytest.mark.parametrize("geometry", ["full", 2, (1, 0), ((2, 1), (0, 3))])
def test_explicit_zeros_equal_zero_padding_then_valid(geometry):
    x = _picture(7, 8, "channels_last")
    layer = layers.Conv2D(3, 3, padding=geometry)
    y = keras.ops.convert_to_numpy(layer(x))
    cells = 2 if geometry == "full" else geometry
    padded = keras.layers.ZeroPadding2D(cells)(x)
    stock = keras.layers.Conv2D(3, 3)
    stock.build(padded.shape)
    stock.set_weights(layer.get_weights())
    np.testing.assert_array_equal(y, keras.ops.convert_to_numpy(stock(padded)))
