"""Convolutional LSTMs whose two convolutions pad as a mode says."""

import keras
import numpy as np
import pytest
from layer_harness import FORMATS
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import layers
from keras_padpos import padding

SIZES = {1: (7,), 2: (6, 5), 3: (4, 3, 5)}
MODES = ("reflect", "symmetric", "replicate", "circular", "constant")


def picture(rank, channels=2):
    shape = (2, 3, *SIZES[rank], channels)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def layer_of(rank, *args, **kwargs):
    return getattr(layers, f"ConvLSTM{rank}D")(*args, **kwargs)


def output(layer, x):
    return keras.ops.convert_to_numpy(layer(x))


def convolved(x, kernel, stride, mode):
    """A SAME convolution of Keras on a frame by NumPy."""
    pads = [
        same_pads(size, taps, stride, 1)
        for size, taps in zip(x.shape[1:-1], kernel.shape[:-2], strict=True)
    ]
    padded = numpy_pad(x, [(0, 0), *pads, (0, 0)], mode, value=0.5)
    return keras.ops.convert_to_numpy(
        keras.ops.conv(
            padded.astype("float32"),
            kernel,
            strides=stride,
            padding="valid",
            data_format="channels_last",
        )
    )


def by_hand(x, layer, stride, mode):
    """The recurrence as it is published, in NumPy."""
    kernel, recurrent, bias = map(
        keras.ops.convert_to_numpy, layer.get_weights()
    )

    def sigmoid(values):
        return 1 / (1 + np.exp(-values))

    h = c = None
    for step in range(x.shape[1]):
        z = convolved(x[:, step], kernel, stride, mode) + bias
        if h is None:
            h = c = np.zeros((*z.shape[:-1], z.shape[-1] // 4), "float32")
        z = z + convolved(h, recurrent, 1, mode)
        i, f, g, o = np.split(z, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


@pytest.mark.parametrize(
    "rank, mode, stride",
    [
        *((2, mode, 1) for mode in MODES),
        (1, "reflect", 1),
        (2, "circular", 2),
        (3, "circular", 1),
    ],
)
def test_it_is_the_recurrence_on_frames_by_numpy(rank, mode, stride):
    x = picture(rank)
    value = padding.Constant(0.5) if mode == "constant" else mode
    layer = layer_of(
        rank,
        3,
        3,
        strides=stride,
        padding="same",
        padding_mode=value,
        bias_initializer="normal",
        unit_forget_bias=False,
    )
    y = output(layer, x)
    np.testing.assert_allclose(y, by_hand(x, layer, stride, mode), atol=1e-5)


@pytest.mark.parametrize("cells", ("valid", "same"))
@pytest.mark.parametrize("rank", (1, 2, 3))
def test_zeros_equal_the_stock_layer_bit_for_bit(rank, cells):
    x = picture(rank)
    layer = layer_of(rank, 3, 3, padding=cells, return_sequences=True)
    y = output(layer, x)
    stock = getattr(keras.layers, f"ConvLSTM{rank}D")(
        3, 3, padding=cells, return_sequences=True
    )
    stock.build(x.shape)
    stock.set_weights(layer.get_weights())
    np.testing.assert_array_equal(y, output(stock, x))


def test_a_valid_input_has_a_padded_state_all_the_same():
    x = np.ones((1, 4, 6, 6, 1), "float32")
    for mode, constant in (("zeros", False), ("circular", True)):
        y = output(layer_of(2, 2, 3, padding_mode=mode), x)
        assert y.shape == (1, 4, 4, 2)
        assert (np.ptp(y, axis=(1, 2)).max() < 1e-6) == constant


def test_partial_keeps_a_constant_one():
    x = np.ones((1, 4, 6, 6, 1), "float32")
    layer = layer_of(
        2,
        2,
        3,
        padding="same",
        padding_mode="partial",
        kernel_initializer="ones",
        recurrent_initializer="ones",
    )
    assert np.ptp(output(layer, x), axis=(1, 2)).max() < 1e-5


@pytest.mark.parametrize("data_format", FORMATS)
def test_it_is_saved_trained_and_rebuilt(data_format, tmp_path):
    if data_format == "channels_first" and (
        keras.backend.backend() == "tensorflow"
    ):
        data_format = "channels_last"  # its CPU kernels have no other
    x = picture(2)
    if data_format == "channels_first":
        x = np.moveaxis(x, -1, 2)
    inputs = keras.Input(x.shape[1:])
    layer = layer_of(
        2,
        2,
        3,
        padding="same",
        padding_mode="reflect",
        data_format=data_format,
    )
    model = keras.Model(inputs, layer(inputs))
    stock = keras.layers.ConvLSTM2D(2, 3, data_format=data_format)
    stock.build(x.shape)
    names = [w.path.partition("/")[2] for w in stock.weights]
    assert [w.path.partition("/")[2] for w in layer.weights] == names
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, np.ones(model(x).shape), epochs=1, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.abs(old - new).max() > 0
    model.save(tmp_path / "lstm.keras")
    loaded = keras.saving.load_model(tmp_path / "lstm.keras")
    np.testing.assert_array_equal(
        loaded.predict_on_batch(x), model.predict_on_batch(x)
    )
    assert loaded.layers[1].padding_mode == padding.get("reflect")


def test_a_frame_wider_than_the_map_is_told_once():
    layer = layer_of(
        1, 2, 7, padding="same", padding_mode="reflect", name="deep"
    )
    x = np.ones((1, 2, 3, 1), "float32")
    with pytest.warns(UserWarning, match="'deep'.*adds 3 cells beside 3"):
        layer(x)
    layer(x)


@pytest.mark.parametrize("name", ("randn", "random_sides"))
def test_noise_is_refused(name):
    with pytest.raises(ValueError, match="'lstm'.*draw anew in every step"):
        layer_of(2, 2, 3, padding_mode=name, name="lstm")


@pytest.mark.parametrize("method", ("input_conv", "recurrent_conv"))
def test_a_keras_whose_cell_convolves_another_way_is_refused(
    method, monkeypatch
):
    cell = layers.ConvLSTM1D(1, 3).cell
    monkeypatch.delattr(type(cell), method)
    layers.ConvLSTM1D(1, 3, padding_mode="zeros")
    with pytest.raises(NotImplementedError, match=f"'lstm'.*: {method}. Use"):
        layers.ConvLSTM1D(1, 3, padding_mode="circular", name="lstm")
