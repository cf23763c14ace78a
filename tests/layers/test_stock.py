"""Every layer against the Keras layer that it stands for."""

import inspect
import itertools

import keras
import numpy as np
import pytest
from layer_harness import OTHERS
from oracles import NUMPY_MODES
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import layers
from keras_padpos import padding

LAYERS = [
    name
    for name in layers.__all__
    if not name.startswith("Padding") and name not in OTHERS
]
SIZES = {1: (9,), 2: (7, 8), 3: (5, 6, 5)}


def _arguments(layer):
    return {
        name: parameter.default
        for name, parameter in inspect.signature(layer).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }


@pytest.mark.parametrize("name", [*LAYERS, *OTHERS])
def test_signature_is_the_stock_one_plus_padding_mode(name):
    ours, stock = getattr(layers, name), getattr(keras.layers, name)
    default = "replicate" if name in ("Resizing", "UpSampling2D") else "zeros"
    expected = {**_arguments(stock), "padding_mode": default}
    assert list(_arguments(ours)) == list(expected)
    assert _arguments(ours) == expected
    assert issubclass(ours, stock)


@pytest.mark.parametrize("name", [*LAYERS, *OTHERS])
def test_arguments_by_position_are_those_by_name(name):
    ours = getattr(layers, name)
    arguments = {**_arguments(ours), "padding_mode": "reflect"}
    sizes = ("filters", "kernel_size", "pool_size", "height", "width")
    arguments |= dict.fromkeys(arguments.keys() & set(sizes), 3)
    arguments |= dict.fromkeys(arguments.keys() & {"padding"}, "same")
    by_position, by_name = ours(*arguments.values()), ours(**arguments)
    assert by_position.padding_mode == padding.get("reflect")
    configs = by_position.get_config(), by_name.get_config()
    assert all(config.pop("name") for config in configs)
    assert configs[0] == configs[1]


@pytest.mark.parametrize("rank", (1, 2, 3))
def test_padding_layers_take_what_zero_padding_layers_take(rank):
    ours = getattr(layers, f"Padding{rank}D")
    stock = getattr(keras.layers, f"ZeroPadding{rank}D")
    assert list(_arguments(ours)) == [*_arguments(stock), "padding_mode"]
    pairs = ((1, 2), (0, 1), (2, 0))[:rank]
    cells = pairs[0] if rank == 1 else pairs
    shape = (2, *SIZES[rank], 3)
    x = np.random.default_rng(1).normal(size=shape).astype("float32")
    for argument in ({}, {"padding": 2}, {"padding": cells}):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours(**argument)(x)),
            keras.ops.convert_to_numpy(stock(**argument)(x)),
        )


def _rank(name):
    return int(name.removesuffix("Transpose")[-2])


def _windows(name):
    """Arguments of the window: sizes, strides, dilations, groups."""
    for size, stride, dilation in itertools.product((2, 3), (1, 2), (1, 2)):
        if stride > 1 and dilation > 1:
            continue
        if "Pooling" in name:
            if dilation == 1:
                yield {"pool_size": size, "strides": stride}
            continue
        window = {
            "kernel_size": size,
            "strides": stride,
            "dilation_rate": dilation,
            "bias_initializer": "normal",
        }
        if not name.startswith("Depthwise"):
            window["filters"] = 4
        yield window
        if name in ("Conv1D", "Conv2D", "Conv3D") and size == 3:
            yield {**window, "groups": 2}


def _input(name):
    shape = (2, *SIZES[_rank(name)], 2)
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def _twin(name, layer, shape, **arguments):
    """The Keras layer with our layer's weights."""
    stock = getattr(keras.layers, name)(**arguments)
    stock.build(shape)
    stock.set_weights(layer.get_weights())
    return stock


@pytest.mark.parametrize("name", LAYERS)
def test_zeros_equal_the_stock_layer_bit_for_bit(name):
    x = _input(name)
    words = (
        ("valid", "same", "causal") if name == "Conv1D" else ("valid", "same")
    )
    for window, word in itertools.product(_windows(name), words):
        layer = getattr(layers, name)(padding=word, **window)
        y = keras.ops.convert_to_numpy(layer(x))
        stock = _twin(name, layer, x.shape, padding=word, **window)
        np.testing.assert_array_equal(
            y, keras.ops.convert_to_numpy(stock(x)), err_msg=f"{window} {word}"
        )


@pytest.mark.parametrize(
    "name", [name for name in LAYERS if "Transpose" not in name]
)
@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_every_mode_is_numpy_pad_then_the_valid_stock_layer(name, mode):
    x = _input(name)
    rank = _rank(name)
    value = padding.Constant(2.5) if mode == "constant" else mode
    for window, geometry in itertools.product(_windows(name), ("same", 1)):
        if mode == "zeros" and geometry == "same" and "Pooling" in name:
            continue  # The Keras layers leave such cells out.
        if window.get("groups") and geometry == 1:
            continue
        layer = getattr(layers, name)(
            padding=geometry, padding_mode=value, **window
        )
        y = keras.ops.convert_to_numpy(layer(x))
        taps = window.get("kernel_size") or window["pool_size"]
        pads = [
            same_pads(
                n, taps, window["strides"], window.get("dilation_rate", 1)
            )
            if geometry == "same"
            else (1, 1)
            for n in SIZES[rank]
        ]
        padded = numpy_pad(x, [(0, 0), *pads, (0, 0)], mode, value=2.5)
        stock = _twin(name, layer, padded.shape, **window)
        np.testing.assert_allclose(
            y,
            keras.ops.convert_to_numpy(stock(padded)),
            rtol=1e-5,
            atol=1e-5,
            err_msg=f"{window} {geometry}",
        )


def test_separable_with_partial_corrects_before_channels_mix():
    x = np.ones((1, 6, 7, 3), "float32")
    layer = layers.SeparableConv2D(
        4,
        3,
        padding="same",
        padding_mode="partial",
        depthwise_initializer="ones",
        bias_initializer="normal",
    )
    y = keras.ops.convert_to_numpy(layer(x))
    assert np.ptp(y, axis=(1, 2)).max() < 1e-5
