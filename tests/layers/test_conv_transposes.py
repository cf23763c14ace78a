import itertools

import keras
import numpy as np
import pytest
from layer_harness import FORMATS
from layer_harness import TRANSPOSED
from oracles import linear_map

from keras_padpos import layers
from keras_padpos import padding

WINDOWS = [
    {"kernel_size": kernel, "strides": stride, "dilation_rate": dilation}
    for kernel, stride, dilation in itertools.product(
        (2, 3, 4, 5), (1, 2, 3), (1, 2)
    )
    if stride == 1 or dilation == 1
]
GEOMETRIES = ("valid", "same", "full", 1, ((1, 0), (0, 2)))
# Frames wider than the map, and modes without a frame, are here on purpose.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*repeats them:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*has no effect:UserWarning"),
]


def _shape(height, width, channels, data_format="channels_last"):
    if data_format == "channels_last":
        return (height, width, channels)
    return (channels, height, width)


def _pair(shape, data_format="channels_last", rank=2, **arguments):
    """Our transposed layer's map and that of the convolution it transposes."""
    layer = getattr(layers, f"Conv{rank}DTranspose")(
        2, use_bias=False, data_format=data_format, **arguments
    )
    transposed = linear_map(layer, shape)
    arguments.pop("output_padding", None)
    conv = getattr(layers, f"Conv{rank}D")(
        shape[-1] if data_format == "channels_last" else shape[0],
        use_bias=False,
        data_format=data_format,
        **arguments,
    )
    outputs = layer.compute_output_shape((None, *shape))[1:]
    conv.build((None, *outputs))
    conv.set_weights(layer.get_weights())
    return transposed, linear_map(conv, outputs)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@pytest.mark.parametrize("mode", TRANSPOSED)
def test_it_is_the_transpose_of_the_padded_convolution(mode, geometry):
    checked = 0
    for window in WINDOWS[:: 3 if keras.backend.backend() == "jax" else 1]:
        arguments = {**window, "padding": geometry, "padding_mode": mode}
        try:
            transposed, conv = _pair((4, 5, 3), **arguments)
        except ValueError as error:
            assert "no output" in str(error)
            continue
        np.testing.assert_allclose(
            transposed, conv.T, atol=1e-5, err_msg=str(window)
        )
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("mode", TRANSPOSED)
@pytest.mark.parametrize(
    "shape, geometries",
    [((5, 2), ("same", "full", "causal", 2)), ((2, 3, 2, 1), ("same", 1))],
    ids=("1D", "3D"),
)
def test_so_it_is_of_lines_and_volumes(shape, geometries, mode):
    for geometry, (kernel, stride) in itertools.product(
        geometries, ((3, 1), (4, 2))
    ):
        transposed, conv = _pair(
            shape,
            rank=len(shape) - 1,
            kernel_size=kernel,
            strides=stride,
            padding=geometry,
            padding_mode=mode,
        )
        np.testing.assert_allclose(transposed, conv.T, atol=1e-5)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("geometry", ("same", 1))
@pytest.mark.parametrize("mode", ("zeros", "reflect", "circular"))
def test_output_padding_names_the_larger_picture(mode, geometry, data_format):
    for stride, more in ((2, 0), (2, 1), (3, 2)):
        if geometry == "same" and mode == "zeros":
            continue  # Backends differ in what the Keras layer does here.
        transposed, conv = _pair(
            _shape(4, 3, 3, data_format),
            data_format,
            kernel_size=3,
            strides=stride,
            padding=geometry,
            padding_mode=mode,
            output_padding=more,
        )
        np.testing.assert_allclose(transposed, conv.T, atol=1e-5)


@pytest.mark.parametrize("data_format", FORMATS)
def test_channels_first_transposes_too(data_format):
    transposed, conv = _pair(
        _shape(4, 3, 3, data_format),
        data_format,
        kernel_size=(2, 3),
        strides=2,
        padding="same",
        padding_mode="replicate",
    )
    np.testing.assert_allclose(transposed, conv.T, atol=1e-5)


@pytest.mark.parametrize("word", ("valid", "same"))
def test_zeros_equal_the_stock_layer_bit_for_bit(word):
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 3)).astype("float32")
    for window in WINDOWS:
        layer = layers.Conv2DTranspose(2, padding=word, **window)
        y = keras.ops.convert_to_numpy(layer(x))
        stock = keras.layers.Conv2DTranspose(2, padding=word, **window)
        stock.build(x.shape)
        stock.set_weights(layer.get_weights())
        np.testing.assert_array_equal(y, keras.ops.convert_to_numpy(stock(x)))


@pytest.mark.parametrize("name", sorted(set(padding.names()) - set(TRANSPOSED)))
def test_a_mode_without_transpose_is_refused(name):
    layer = layers.Conv2DTranspose(
        2, 3, padding="same", padding_mode=name, name="up"
    )
    with pytest.raises(ValueError, match="'up' .*no transpose"):
        layer.build((None, 4, 4, 3))
    layers.Conv2DTranspose(2, 3, padding_mode=name).build((None, 4, 4, 3))


@pytest.mark.parametrize(
    "rank, mode",
    [(1, "reflect"), *((2, mode) for mode in TRANSPOSED), (3, "circular")],
)
def test_open_sizes_give_what_fixed_sizes_give(rank, mode):
    open_shape = (None,) * rank
    for geometry in ("valid", "same", 1):
        layer = getattr(layers, f"Conv{rank}DTranspose")(
            2, 4, 2, geometry, padding_mode=mode
        )
        inputs = keras.Input((*open_shape, 3))
        model = keras.Model(inputs, layer(inputs))
        assert model.output_shape == (None, *open_shape, 2)
        for size in (2, 5):
            x = np.random.default_rng(1).normal(size=(2, *(size,) * rank, 3))
            x = x.astype("float32")
            np.testing.assert_allclose(
                model.predict_on_batch(x),
                keras.ops.convert_to_numpy(layer(x)),
                atol=1e-5,
            )


def test_reach_is_that_of_the_output():
    layer = layers.Conv2DTranspose(
        2, 7, padding="same", padding_mode="reflect", name="up"
    )
    with pytest.warns(UserWarning, match="'up' .*adds 3 cells beside 3"):
        layer.build((None, 3, 3, 3))


def test_padding_that_leaves_nothing_is_an_error():
    with pytest.raises(ValueError, match="leaves no output"):
        layers.Conv2DTranspose(2, 3, padding=2)(np.ones((1, 1, 1, 3)))


def test_output_padding_that_no_convolution_undoes_is_an_error():
    layer = layers.Conv2DTranspose(
        2, 4, padding="same", padding_mode="circular", output_padding=0
    )
    with pytest.raises(ValueError, match="no convolution takes"):
        layer.build((None, 4, 4, 3))
