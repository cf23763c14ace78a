import keras
import numpy as np
import pytest

from keras_padpos import layers

STOCK = {"padding": "same", "use_bias": False}


def _ratio(shape, kernel, **options):
    """Output of an all-ones kernel on ones, over its number of taps."""
    layer = layers.Conv2D(
        1,
        kernel,
        padding_mode="zeros",
        kernel_initializer="ones",
        **{**STOCK, **options},
    )
    y = layer(np.ones((1, *shape, 1), "float32"))
    return np.prod(layer.kernel_size) / keras.ops.convert_to_numpy(y)


@pytest.mark.parametrize("options", [{}, {"strides": 2}, {"dilation_rate": 2}])
@pytest.mark.parametrize("kernel", [3, (2, 5), 4])
def test_ratio_is_taps_over_taps_inside(kernel, options):
    x = np.random.default_rng(0).normal(size=(2, 7, 8, 3)).astype("float32")
    zeros = layers.Conv2D(4, kernel, **STOCK, **options)
    zeros.build(x.shape)
    partial = layers.Conv2D(
        4, kernel, padding_mode="partial", **STOCK, **options
    )
    partial.build(x.shape)
    partial.set_weights(zeros.get_weights())
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(partial(x)),
        keras.ops.convert_to_numpy(zeros(x))
        * _ratio((7, 8), kernel, **options),
        rtol=1e-5,
        atol=1e-5,
    )


def test_ratio_of_3x3_is_1_in_the_interior_1_5_at_edges_2_25_at_corners():
    x = np.zeros((1, 5, 5, 1), "float32")
    x[0, [0, 0, 2], [0, 2, 2], 0] = 1.0
    # A kernel of the centre tap alone: the output is the input times ratio.
    layer = layers.Conv2D(1, 3, padding_mode="partial", **STOCK)
    layer.build(x.shape)
    kernel = np.zeros((3, 3, 1, 1), "float32")
    kernel[1, 1] = 1
    layer.set_weights([kernel])
    y = keras.ops.convert_to_numpy(layer(x))[0, :, :, 0]
    assert (y[0, 0], y[0, 2], y[2, 2]) == (2.25, 1.5, 1.0)


def test_bias_is_not_scaled():
    layer = layers.Conv2D(
        1,
        3,
        padding="same",
        padding_mode="partial",
        bias_initializer="ones",
    )
    y = layer(np.zeros((1, 5, 5, 2), "float32"))
    assert np.all(keras.ops.convert_to_numpy(y) == 1.0)


def test_windows_that_miss_the_input_give_the_bias_alone():
    layer = layers.Conv2D(
        1,
        2,
        padding=3,
        padding_mode="partial",
        kernel_initializer="ones",
        bias_initializer="ones",
    )
    y = keras.ops.convert_to_numpy(layer(np.ones((1, 4, 4, 1), "float32")))
    assert np.all(np.isfinite(y))
    assert y[0, 0, 0, 0] == 1.0
    assert y[0, 2, 2, 0] == 5.0


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_halves_stay_finite(dtype):
    # Windows of two cells in a frame of three: some miss the input.
    def output(dtype):
        layer = layers.Conv2D(
            1,
            2,
            padding=3,
            padding_mode="partial",
            kernel_initializer="ones",
            dtype=dtype,
        )
        y = layer(np.full((1, 5, 5, 3), 100.0, "float32"))
        return keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))

    np.testing.assert_allclose(output(dtype), output("float32"), rtol=0.01)


def test_channels_first_scales_the_same_cells():
    x = np.random.default_rng(0).normal(size=(1, 5, 6, 2)).astype("float32")
    last = layers.Conv2D(3, 3, padding="same", padding_mode="partial")
    first = layers.Conv2D(
        3,
        3,
        padding="same",
        padding_mode="partial",
        data_format="channels_first",
    )
    y = keras.ops.convert_to_numpy(last(x))
    first.build((1, 2, 5, 6))
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(
        np.moveaxis(
            keras.ops.convert_to_numpy(first(np.moveaxis(x, -1, 1))), 1, -1
        ),
        y,
        rtol=1e-5,
        atol=1e-5,
    )
