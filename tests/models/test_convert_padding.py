import keras
import numpy as np
import pytest
from oracles import NUMPY_MODES
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import models
from keras_padpos import padding
from keras_padpos.models import convert_padding

SIZE = (9, 12)
MODES = [mode for mode in NUMPY_MODES if mode != "constant"]


def pictures(channels=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, *SIZE, channels)).astype("float32")


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def framed(x, pads, mode):
    return numpy_pad(x, ((0, 0), *pads, (0, 0)), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"),
    [(3, 1, 1), (2, 1, 1), ((5, 2), 1, 1), (3, 2, 1), (4, 3, 1), (3, 1, 2)],
)
def test_a_converted_convolution_is_a_valid_one_on_a_frame_by_numpy(
    kernel, stride, dilation, mode
):
    options = {"strides": stride, "dilation_rate": dilation}
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            keras.layers.Conv2D(4, kernel, padding="same", **options),
        ]
    )
    kernels = kernel if isinstance(kernel, tuple) else (kernel,) * 2
    pads = [
        same_pads(size, cells, stride, dilation)
        for size, cells in zip(SIZE, kernels, strict=True)
    ]
    x = pictures()
    expected = keras.ops.conv(
        framed(x, pads, mode),
        model.layers[0].kernel,
        strides=stride,
        dilation_rate=dilation,
        data_format="channels_last",
    )
    np.testing.assert_allclose(
        output(convert_padding(model, mode), x),
        keras.ops.convert_to_numpy(expected),
        atol=1e-5,
    )


@pytest.mark.parametrize("mode", MODES)
def test_depthwise_convolutions_and_padding_layers_are_converted_too(mode):
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            keras.layers.ZeroPadding2D(((0, 1), (2, 3)), name="frame"),
            keras.layers.MaxPooling2D(2, strides=1, name="pool"),
            keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
        ]
    )
    x = pictures()
    inner = framed(x, [(0, 1), (2, 3)], mode)
    # The largest of each 2 x 2 window, by hand.
    pooled = np.maximum(inner[:, 1:], inner[:, :-1])
    pooled = np.maximum(pooled[:, :, 1:], pooled[:, :, :-1])
    expected = keras.ops.depthwise_conv(
        framed(pooled, [(1, 1), (1, 1)], mode),
        model.get_layer("depthwise").kernel,
        data_format="channels_last",
    )
    np.testing.assert_allclose(
        output(convert_padding(model, mode), x),
        keras.ops.convert_to_numpy(expected),
        atol=1e-5,
    )


def network(**options):
    """Some of everything: 1x1, valid, BatchNorm, a branch, a frame."""
    inputs = keras.Input((16, 16, 3), name="picture")
    x = keras.layers.ZeroPadding2D(1, name="frame")(inputs)
    x = keras.layers.Conv2D(4, 3, name="valid")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    side = keras.layers.Conv2D(4, 1, padding="same", name="point")(x)
    x = keras.layers.Conv2D(4, 3, padding="same", name="same")(x)
    x = keras.layers.Add(name="sum")([x, side])
    x = keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    model = keras.Model(inputs, x, **options)
    rng = np.random.default_rng(0)
    model.set_weights(
        [rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()]
    )
    return model


@pytest.mark.parametrize("mode", ["zeros", "reflect", "circular"])
def test_names_and_weights_are_carried_over(mode):
    model = network(name="net")
    copy = convert_padding(model, mode)
    assert copy.name == "net"
    names = [layer.name for layer in model.layers]
    assert [layer.name for layer in copy.layers] == names
    for layer in model.layers:
        twin = copy.get_layer(layer.name)
        assert isinstance(twin, type(layer)) or layer.name == "frame"
        for one, other in zip(
            twin.get_weights(), layer.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_zeros_change_no_output_bit():
    model = network()
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    np.testing.assert_array_equal(
        output(convert_padding(model, "zeros"), x), output(model, x)
    )


def test_the_model_itself_is_left_alone():
    model = network()
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    before = output(model, x)
    copy = convert_padding(model, "reflect")
    assert np.abs(output(copy, x) - before).max() > 0.01
    copy.set_weights([0 * array for array in copy.get_weights()])
    np.testing.assert_array_equal(output(model, x), before)
    assert type(model.get_layer("same")) is keras.layers.Conv2D


def test_only_layers_that_reach_past_the_border_are_converted():
    copy = convert_padding(network(), "reflect")
    converted = {
        layer.name for layer in copy.layers if hasattr(layer, "padding_mode")
    }
    assert converted == {"frame", "same", "depthwise"}


def test_none_gives_what_the_padded_network_has_off_the_border():
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.ZeroPadding2D(((1, 0), (0, 1)))(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    model = keras.Model(inputs, x)
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    bare = convert_padding(model, "none")
    assert bare.output_shape == (None, 12, 12, 4)
    # One row above and one column to the right came from the frame.
    expected = output(model, x)[:, 3:-2, 2:-3]
    np.testing.assert_allclose(output(bare, x), expected, atol=1e-5)
    assert type(bare.layers[2]) is keras.layers.Conv2D


def test_none_on_branches_that_must_meet_is_an_error_that_explains():
    with pytest.raises(ValueError) as error:
        convert_padding(network(name="net"), "none")
    message = str(error.value)
    assert message.startswith(
        "Model 'net' cannot go without padding: its branches no longer meet "
        "at one size. Use a network without shortcuts (VGG16), or another "
        "`padding_mode`. ("
    )


@pytest.mark.parametrize("mode", ["reflect", "zeros", "none"])
def test_a_model_that_does_not_pad_is_an_error(mode):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.Conv2D(4, 1, padding="same"),
            keras.layers.MaxPooling2D(),
        ],
        name="bare",
    )
    with pytest.raises(ValueError) as error:
        convert_padding(model, mode)
    assert str(error.value) == (
        "Model 'bare' has no layer that pads, so there is nothing to convert."
    )


def test_an_unknown_mode_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="Received: .*'mirror-image'"):
        convert_padding(network(), "mirror-image")


def test_a_mode_that_reaches_too_far_is_no_error_about_branches():
    inputs = keras.Input((2, 2, 1))
    x = keras.layers.Conv2D(1, 7, padding="same")(inputs)
    with pytest.raises(ValueError) as error:
        convert_padding(keras.Model(inputs, x), "reflect")
    assert "branches" not in str(error.value)
    assert "reflect" in str(error.value)


def _nested():
    inner = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            keras.layers.SeparableConv2D(3, 3, padding="same", name="inside"),
            keras.layers.MaxPooling2D(3, 2, padding="same", name="pool"),
        ],
        name="inner",
    )
    inputs = keras.Input((9, 9, 2))
    x = keras.layers.ZeroPadding2D(1, name="pad")(inner(inputs))
    return keras.Model(inputs, keras.layers.Conv2D(2, 3, name="last")(x))


def test_models_inside_are_converted_with_their_weights():
    model = _nested()
    copy = models.convert_padding(model, "circular")
    inner = copy.get_layer("inner")
    for layer in (
        inner.get_layer("inside"),
        inner.get_layer("pool"),
        copy.get_layer("pad"),
    ):
        assert layer.padding_mode == padding.get("circular")
    x = np.random.default_rng(0).normal(size=(1, 9, 9, 2)).astype("float32")
    rolled = np.roll(x, (2, 4), axis=(1, 2))
    inside = inner.get_layer("inside")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(inside(rolled)),
        np.roll(keras.ops.convert_to_numpy(inside(x)), (2, 4), axis=(1, 2)),
        atol=1e-5,
    )
    for ours, theirs in zip(
        copy.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_converted_model_can_be_converted_again():
    model = _nested()
    x = np.random.default_rng(0).normal(size=(1, 9, 9, 2)).astype("float32")
    there = models.convert_padding(model, "reflect")
    back = models.convert_padding(there, "zeros")
    expected = model.predict(x, verbose=0)
    assert np.any(there.predict(x, verbose=0) != expected)
    np.testing.assert_array_equal(back.predict(x, verbose=0), expected)


def test_none_takes_every_frame_away():
    copy = models.convert_padding(_nested(), "none")
    assert copy.output_shape == (None, 1, 1, 2)


def test_partial_on_a_frame_of_its_own_names_the_layer():
    with pytest.raises(ValueError, match="'pad'.*partial"):
        models.convert_padding(_nested(), "partial")


def test_a_layer_that_pads_and_is_not_ours_is_named():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 4, 1)),
            keras.layers.Conv3DTranspose(1, 3, padding="same", name="up"),
        ]
    )
    with pytest.raises(ValueError, match="'up'.*Conv3DTranspose.*cannot"):
        models.convert_padding(model, "reflect")
