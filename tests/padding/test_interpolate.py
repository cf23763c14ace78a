import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos import layers
from keras_padpos import padding

MODE = padding.get("interpolate")


def enlarged(values, cells):
    """NumPy's linear interpolation at half-pixel centres, first axis."""
    size = len(values)
    places = (np.arange(size + cells) + 0.5) * size / (size + cells) - 0.5
    columns = values.reshape(size, -1).T
    rows = [np.interp(places, np.arange(size), column) for column in columns]
    return np.array(rows).T.reshape(size + cells, *values.shape[1:])


@pytest.mark.parametrize("pads", [((1, 1), (2, 1)), ((0, 1), (0, 0))])
def test_equals_numpys_interpolation(pads):
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    expected = enlarged(enlarged(x, sum(pads[0])).T, sum(pads[1])).T
    actual = keras.ops.convert_to_numpy(MODE.pad(x, pads))
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_equals_the_resize_of_keras():
    x = np.random.default_rng(0).normal(size=(2, 7, 6, 3)).astype("float32")
    expected = keras.ops.image.resize(x, (9, 8), data_format="channels_last")
    actual = MODE.pad(x, [(0, 0), (1, 1), (0, 2), (0, 0)])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(actual),
        keras.ops.convert_to_numpy(expected),
        atol=1e-5,
    )


def test_the_gradient_is_the_transpose():
    x = np.random.default_rng(0).normal(size=(5,)).astype("float32")
    matrix = enlarged(np.eye(5), 2)
    upstream = np.arange(7, dtype="float32")
    actual = gradient(lambda t: MODE.pad(t, [(1, 1)]), x, upstream)
    np.testing.assert_allclose(actual, upstream @ matrix, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "uint8"])
def test_keeps_the_dtype(dtype):
    x = keras.ops.cast(np.full((1, 3, 4, 1), 7), dtype)
    y = MODE.pad(x, [(0, 0), (1, 1), (2, 2), (0, 0)])
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    y = keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))
    assert np.all(y == 7)


def test_layers_know_it_by_name_and_keep_it():
    layer = layers.Conv2D(2, 3, padding="same", padding_mode="interpolate")
    x = np.random.default_rng(0).normal(size=(1, 5, 6, 2)).astype("float32")
    y = keras.ops.convert_to_numpy(layer(x))
    larger = keras.ops.image.resize(x, (7, 8), data_format="channels_last")
    expected = keras.ops.conv(larger, layer.kernel, data_format="channels_last")
    np.testing.assert_allclose(
        y, keras.ops.convert_to_numpy(expected), atol=1e-5
    )
    twin = layers.Conv2D.from_config(layer.get_config())
    assert twin.padding_mode == MODE
    assert "interpolate" not in padding.names()  # it is no border
