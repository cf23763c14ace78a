import keras
import numpy as np
import pytest
from large_on_tensorflow import large_network
from oracles import NUMPY_MODES
from oracles import numpy_pad
from oracles import same_pads

from keras_padpos import layers
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


def test_a_mode_that_cannot_fill_a_frame_is_no_error_about_branches():
    inputs = keras.Input((2, 2, 1))
    x = keras.layers.Conv2D(1, 7, padding="same")(inputs)
    with pytest.raises(ValueError) as error:
        convert_padding(keras.Model(inputs, x), "distribution")
    assert str(error.value).startswith("Layer 'conv2d")
    assert "at most 0 cells beside 2" in str(error.value)


def test_small_deep_maps_are_told_of_layer_by_layer():
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(1, 3, 4, padding="same", name="down")(inputs)
    x = keras.layers.Conv2D(1, 3, padding="same", name="deep")(x)
    model = keras.Model(inputs, x)
    with pytest.warns(UserWarning, match="'deep'.*adds 1 cells beside 1"):
        reflecting = convert_padding(model, "reflect")
    # A single cell is repeated, as NumPy does.
    pixels = np.random.default_rng(0).normal(size=(1, 4, 4, 1))
    down = output(
        keras.Model(reflecting.input, reflecting.layers[1].output), pixels
    )
    kernel, bias = map(
        keras.ops.convert_to_numpy, reflecting.get_layer("deep").weights
    )
    np.testing.assert_allclose(
        output(reflecting, pixels), down * kernel.sum() + bias, rtol=1e-4
    )


def _decoder(rank, up):
    """A small encoder and decoder of one dense map."""
    kind = getattr(keras.layers, f"Conv{rank}D")
    inputs = keras.Input((8,) * rank + (2,))
    x = kind(3, 3, strides=2, padding="same", name="down")(inputs)
    x = up(name="up")(x)
    return keras.Model(inputs, kind(2, 3, padding="same", name="last")(x))


def _transposed(rank, kernel):
    return lambda name: getattr(keras.layers, f"Conv{rank}DTranspose")(
        2, kernel, strides=2, padding="same", name=name
    )


DECODERS = {
    "1D": (1, _transposed(1, 3)),
    "2D": (2, _transposed(2, 4)),
    "3D": (3, _transposed(3, 3)),
    "bilinear": (
        2,
        lambda name: keras.layers.UpSampling2D(
            2, interpolation="bilinear", name=name
        ),
    ),
    "bicubic": (
        2,
        lambda name: keras.layers.UpSampling2D(
            2, interpolation="bicubic", name=name
        ),
    ),
    "resizing": (2, lambda name: keras.layers.Resizing(8, 8, name=name)),
}


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_circular_decoder_commutes_with_a_roll(decoder):
    rank, up = DECODERS[decoder]
    model = _decoder(rank, up)
    x = np.random.default_rng(0).normal(size=(1, *(8,) * rank, 2))
    x = x.astype("float32")
    circular = convert_padding(model, "circular")
    axes = tuple(range(1, rank + 1))
    np.testing.assert_allclose(
        output(circular, np.roll(x, 4, axes)),
        np.roll(output(circular, x), 4, axes),
        atol=1e-5,
    )
    back = convert_padding(circular, "zeros")
    assert type(back.get_layer("up")) is type(model.get_layer("up"))
    np.testing.assert_array_equal(output(back, x), output(model, x))


@pytest.mark.parametrize("mode", ("zeros", "constant", "replicate", "randn"))
def test_an_interpolation_is_never_padded_with_other_than_the_map(mode):
    model = _decoder(*DECODERS["bilinear"])
    up = convert_padding(model, mode).get_layer("up")
    assert type(up) is keras.layers.UpSampling2D


def test_an_interpolation_that_has_no_converter_is_named():
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Resizing(16, 16, "bicubic", name="up")(inputs)
    x = keras.layers.Conv2D(2, 3, padding="same", name="last")(x)
    model = keras.Model(inputs, x)
    with pytest.raises(ValueError, match="'up'.*only a bilinear.*`skip`"):
        convert_padding(model, "circular")
    convert_padding(model, "circular", skip="up")


@pytest.mark.parametrize("mode", ("zeros", "partial", "replicate", "none"))
@pytest.mark.parametrize(
    "options",
    [
        {"interpolation": "bicubic"},
        {"antialias": True},
        {"crop_to_aspect_ratio": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_an_interpolation_that_stays_as_it_is_blocks_nothing(options, mode):
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Resizing(16, 16, name="up", **options)(inputs)
    x = keras.layers.Conv2D(2, 3, padding="same", name="last")(x)
    converted = convert_padding(keras.Model(inputs, x), mode)
    up = converted.get_layer("up")
    assert type(up) is keras.layers.Resizing
    assert {name: getattr(up, name) for name in options} == options


@pytest.mark.parametrize("mode", ("circular", "reflect", "partial"))
def test_a_convolutional_lstm_is_converted_there_and_back(mode, tmp_path):
    inputs = keras.Input((3, 6, 5, 2))
    x = keras.layers.ConvLSTM2D(
        2, 3, padding="same", return_sequences=True, name="one"
    )(inputs)
    x = keras.layers.ConvLSTM2D(2, 3, name="other")(x)
    model = keras.Model(inputs, x)
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 5, 2)).astype("float32")
    converted = convert_padding(model, mode)
    assert np.abs(output(converted, x) - output(model, x)).max() > 1e-4
    assert [w.path for w in converted.weights] == [
        w.path for w in model.weights
    ]
    converted.save(tmp_path / "lstm.keras")
    loaded = keras.saving.load_model(tmp_path / "lstm.keras")
    np.testing.assert_array_equal(output(loaded, x), output(converted, x))
    back = convert_padding(loaded, "zeros")
    assert type(back.get_layer("one")) is keras.layers.ConvLSTM2D
    np.testing.assert_array_equal(output(back, x), output(model, x))


def test_noise_in_a_recurrence_is_refused_by_name():
    inputs = keras.Input((3, 6, 5, 2))
    lstm = keras.layers.ConvLSTM2D(2, 3, name="lstm")
    message = "^Layer 'lstm' .ConvLSTM2D.: `padding_mode=.*draw anew"
    with pytest.raises(ValueError, match=message):
        convert_padding(keras.Model(inputs, lstm(inputs)), "randn")


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


def test_partial_on_a_frame_that_feeds_no_window_names_the_layer():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.ZeroPadding2D(1, name="pad")]
    )
    with pytest.raises(ValueError, match="'pad'.*partial"):
        models.convert_padding(model, "partial")


def test_partial_takes_a_frame_into_the_window_that_it_feeds_and_back():
    model = network()
    copy = convert_padding(model, "partial")
    assert copy.get_layer("frame").padding == ((0, 0), (0, 0))
    assert copy.get_layer("valid").padding == ((1, 1), (1, 1))
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    got = keras.Model(copy.input, copy.get_layer("valid").output)(x)
    twin = model.get_layer("valid")
    plain = keras.ops.conv(framed(x, [(1, 1), (1, 1)], "zeros"), twin.kernel)
    inside = keras.ops.conv(
        framed(np.ones_like(x), [(1, 1), (1, 1)], "zeros")[..., :1],
        np.ones((3, 3, 1, 1), "float32"),
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(got),
        keras.ops.convert_to_numpy(plain * 9 / inside + twin.bias),
        rtol=1e-4,
        atol=1e-5,
    )
    (site,) = [
        site for site in models.find_padding_sites(copy) if site.name == "valid"
    ]
    assert (site.padding_layer, site.pads) == ("frame", ((1, 1), (1, 1)))
    for mode in ("reflect", "zeros"):
        back = convert_padding(copy, mode)
        assert back.get_layer("frame").padding == ((1, 1), (1, 1))
        assert type(back.get_layer("valid")) is keras.layers.Conv2D
    np.testing.assert_array_equal(output(back, x), output(model, x))


FAMILIES = {
    "VGG19": 64,
    "ResNet50": 64,
    "ResNet50V2": 64,
    "MobileNet": 64,
    "MobileNetV2": 64,
    "MobileNetV3Large": 64,
    "EfficientNetB0": 64,
    "EfficientNetV2B0": 64,
    "DenseNet121": 64,
    "InceptionV3": 139,
    "Xception": 96,
    "ConvNeXtTiny": 128,
}

# Too long for any backend.
SLOW = {"InceptionResNetV2": 139, "NASNetMobile": 96}
if keras.backend.backend() == "torch":
    del SLOW["NASNetMobile"]  # Keras does not build it there.


@pytest.mark.parametrize(
    "name",
    [
        name if name == "MobileNetV2" else large_network(name)
        for name in FAMILIES
    ],
)
def test_every_family_of_keras_applications_there_and_back(name):
    check_there_and_back(name, FAMILIES[name])


@pytest.mark.large
@pytest.mark.parametrize("name", SLOW)
def test_slow_families_there_and_back(name):
    check_there_and_back(name, SLOW[name])


def check_there_and_back(name, size):
    keras.utils.set_random_seed(0)
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(size, size, 3)
    )
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1, size, size, 3)).astype("float32")
    expected = output(model, x)
    np.testing.assert_array_equal(
        output(convert_padding(model, "zeros"), x), expected
    )
    # Reflect would not fit the last maps of so small a picture.
    there = convert_padding(model, "replicate")
    changed = {
        layer.name
        for layer in there.layers
        if hasattr(layer, "padding_mode")
        and layer.padding_mode == padding.get("replicate")
    }
    for site in models.find_padding_sites(model):
        assert {site.name, site.padding_layer} & changed
    found = output(there, x)
    assert found.shape == expected.shape
    assert np.all(np.isfinite(found))
    back = convert_padding(there, "zeros")
    assert [type(layer) for layer in back.layers] == [
        type(layer) for layer in model.layers
    ]
    assert [layer.name for layer in back.layers] == [
        layer.name for layer in model.layers
    ]
    np.testing.assert_array_equal(output(back, x), expected)


@pytest.mark.parametrize(
    "name",
    [
        large_network("VGG16"),
        large_network("ResNet50"),
        "MobileNetV2",
    ],
)
def test_reflect_runs_and_keeps_the_shape(name):
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    copy = convert_padding(model, "reflect")
    x = np.random.default_rng(0).normal(size=(1, 96, 96, 3)).astype("float32")
    assert output(copy, x).shape == output(model, x).shape
    # Away from the border nothing changes.
    name = next(s.name for s in models.find_padding_sites(model))
    one, other = (
        keras.Model(net.input, net.get_layer(name).output)(x)
        for net in (model, copy)
    )
    one, other = map(keras.ops.convert_to_numpy, (one, other))
    np.testing.assert_allclose(
        one[:, 3:-3, 3:-3], other[:, 3:-3, 3:-3], atol=1e-4
    )
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize("mode", padding.names())
def test_every_mode_converts_a_network_with_frames(mode):
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    model = network()
    copy = convert_padding(model, mode)
    found = output(copy, x)
    # Two windows of 3 and one frame: three cells from the border on.
    inner = (slice(None), slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(found[inner], output(model, x)[inner], atol=1e-4)


def test_interpolate_enlarges_what_enters_padded_layers():
    model = network()
    copy = convert_padding(model, "interpolate")
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    assert output(copy, x).shape == (2, 16, 16, 4)
    got = keras.Model(copy.input, copy.get_layer("valid").output)(x)
    larger = keras.ops.image.resize(x, (18, 18))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(got),
        keras.ops.convert_to_numpy(model.get_layer("valid")(larger)),
        atol=1e-4,
    )
    back = convert_padding(copy, "zeros")
    np.testing.assert_array_equal(output(back, x), output(model, x))


def test_torch_geometry_pads_both_sides_alike():
    torch = pytest.importorskip("torch")
    inputs = keras.Input((16, 12, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same", name="same")(inputs)
    x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name="frame")(x)
    x = keras.layers.Conv2D(4, 3, 2, name="valid")(x)
    x = keras.layers.Conv2D(4, 2, padding="same", name="even")(x)
    model = keras.Model(inputs, x)
    copy = convert_padding(model, "zeros", geometry="torch")
    pads = {site.name: site.pads for site in models.find_padding_sites(copy)}
    assert pads["same"] == pads["valid"] == ((1, 1), (1, 1))
    assert pads["even"] == ((0, 1), (0, 1))
    assert copy.output_shape == model.output_shape
    x = np.random.default_rng(0).normal(size=(1, 16, 12, 3)).astype("float32")
    got = keras.Model(copy.input, copy.get_layer("valid").output)(x)
    y = torch.from_numpy(x).permute(0, 3, 1, 2)
    for name in ("same", "valid"):
        kernel, bias = (
            torch.from_numpy(w) for w in model.get_layer(name).get_weights()
        )
        y = torch.nn.functional.conv2d(
            y, kernel.permute(3, 2, 0, 1), bias, stride=2, padding=1
        )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(got),
        y.permute(0, 2, 3, 1).numpy(),
        atol=1e-5,
    )
    with pytest.raises(ValueError, match='`geometry` must be "keep" or'):
        convert_padding(model, "zeros", geometry="pytorch")


def modes_of(model):
    return {
        site.name: site.padding_mode.name
        for site in models.find_padding_sites(model)
    }


@pytest.mark.parametrize(
    "options, converted",
    [
        ({"only": "same"}, {"same"}),
        ({"only": ["frame", "dep*"]}, {"valid", "depthwise"}),
        ({"skip": "*e"}, set()),
        ({"skip": ["valid"]}, {"same", "depthwise"}),
        ({"only": lambda site: site.kind == "depthwise"}, {"depthwise"}),
        ({"skip": lambda site: site.padding_layer is None}, {"valid"}),
    ],
)
def test_sites_can_be_chosen(options, converted):
    if not converted:
        with pytest.raises(ValueError, match="None of the 3 sites"):
            convert_padding(network(), "reflect", skip=["*e", "valid"])
        return
    modes = modes_of(convert_padding(network(), "reflect", **options))
    assert {n for n, mode in modes.items() if mode == "reflect"} == converted


def test_a_name_that_is_no_site_is_an_error():
    for argument in ("only", "skip"):
        with pytest.raises(ValueError, match=f"`{argument}` .*'norm'"):
            convert_padding(network(), "reflect", **{argument: ["norm"]})


def test_pooling_can_be_left_alone():
    copy = convert_padding(_nested(), "reflect", pooling=False)
    assert modes_of(copy) == {
        "inner/inside": "reflect",
        "inner/pool": "zeros",
        "last": "reflect",
    }


def test_verbose_prints_what_changed(capsys):
    copy = convert_padding(_nested(), "reflect", verbose=1)
    printed = capsys.readouterr().out
    hint = "To load it from a file, import keras_padpos.layers first."
    assert printed.splitlines()[-1] == hint
    convert_padding(copy, "zeros", verbose=1)
    assert hint not in capsys.readouterr().out
    assert "| pad + last" in printed
    assert printed.count("zeros -> reflect") == 3


def test_a_maximum_over_a_frame_of_zeros_still_sees_the_zeros():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.ZeroPadding2D(1),
            keras.layers.MaxPooling2D(3, 2),
        ]
    )
    x = -np.ones((1, 4, 4, 1), "float32")
    there = convert_padding(model, "replicate")
    assert np.all(output(there, x) == -1)
    back = convert_padding(there, "zeros")
    np.testing.assert_array_equal(output(back, x), output(model, x))
    assert output(back, x)[0, 0, 0, 0] == 0


def test_everything_that_belongs_to_a_layer_is_carried_over():
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            keras.layers.Conv2D(4, 3, padding="same", name="frozen"),
            keras.layers.BatchNormalization(name="norm"),
        ],
        name="inner",
    )
    inputs = keras.Input((8, 8, 3), name="picture")
    x = keras.layers.Conv2D(
        4,
        3,
        padding="same",
        name="conv",
        dtype="mixed_float16",
        kernel_regularizer=keras.regularizers.L2(0.1),
        bias_constraint="non_neg",
        activation="gelu",
    )(inputs)
    x = keras.layers.Normalization(
        mean=[1.0, 2, 3, 4], variance=[1.0, 1, 4, 4]
    )(x)
    adapted = keras.layers.Normalization(name="adapted")
    adapted.adapt(np.random.default_rng(0).normal(2, 3, (64, 8, 8, 4)))
    model = keras.Model(inputs, inner(adapted(x)), name="net")
    inner.get_layer("frozen").trainable = False
    model.compile(optimizer="sgd", loss="mse")
    copy = convert_padding(model, "circular")
    conv = copy.get_layer("conv")
    assert conv.dtype_policy.name == "mixed_float16"
    assert conv.kernel_regularizer.l2 == pytest.approx(0.1)
    assert conv.get_config()["bias_constraint"]["class_name"] == "NonNeg"
    assert [layer.name for layer in copy.layers] == [
        layer.name for layer in model.layers
    ]
    assert copy.inputs[0].dtype == "float32"
    assert isinstance(copy.get_layer("inner"), keras.Sequential)
    assert [weight.path for weight in copy.trainable_weights] == [
        weight.path for weight in model.trainable_weights
    ]
    assert copy.compiled and copy.loss == "mse"
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    back = convert_padding(copy, "zeros")
    np.testing.assert_array_equal(output(back, x), output(model, x))
    model.trainable = False
    assert convert_padding(model, "circular").trainable_weights == []


def test_shared_layers_stay_shared():
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    one = keras.Input((8, 8, 3), name="one")
    other = keras.Input((6, 6, 3), name="other")
    model = keras.Model([one, other], [conv(one), conv(conv(other))])
    copy = convert_padding(model, "reflect")
    assert len(copy.weights) == 2
    x = [
        np.random.default_rng(0).normal(size=(1, n, n, 3)).astype("float32")
        for n in (8, 6)
    ]
    twin = copy.get_layer("conv")
    expected = [twin(x[0]), twin(twin(x[1]))]
    for got, want in zip(copy(x), expected, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(got), keras.ops.convert_to_numpy(want)
        )
    assert [tensor.shape for tensor in copy.outputs] == [
        (None, 8, 8, 3),
        (None, 6, 6, 3),
    ]


def test_structures_of_inputs_and_outputs_are_kept():
    inputs = {
        "b": keras.Input((8, 8, 1), name="b"),
        "a": keras.Input((8, 8, 1), name="a"),
    }
    conv = keras.layers.Conv2D(1, 3, padding="same", name="conv")
    model = keras.Model(
        inputs,
        {
            "sum": inputs["a"] + 2 * keras.ops.flip(inputs["b"], 1),
            "map": conv(inputs["b"]),
        },
    )
    copy = convert_padding(model, "reflect")
    x = {
        key: np.random.default_rng(n).normal(size=(1, 8, 8, 1))
        for n, key in enumerate("ab")
    }
    found, expected = copy(x), model(x)
    assert set(found) == {"sum", "map"}
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(found["sum"]),
        keras.ops.convert_to_numpy(expected["sum"]),
    )
    back = convert_padding(copy, "zeros")(x)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(back["map"]),
        keras.ops.convert_to_numpy(expected["map"]),
    )


@pytest.mark.parametrize("mode", ["reflect", "partial", "none"])
def test_a_converted_model_is_saved_and_loaded(tmp_path, mode):
    copy = convert_padding(network(), mode)
    copy.save(tmp_path / "copy.keras")
    again = keras.saving.load_model(tmp_path / "copy.keras")
    x = np.random.default_rng(1).normal(size=(2, 16, 16, 3)).astype("float32")
    np.testing.assert_array_equal(output(again, x), output(copy, x))


SCALE = 3.0


def times(x):
    return x * SCALE


def test_lambdas_keep_what_their_functions_refer_to():
    shift = 2.0
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Lambda(lambda x: keras.ops.relu(x - shift) * SCALE)(inputs)
    x = keras.layers.Lambda(times, name="named")(x)
    x = keras.layers.Lambda(lambda x, by: x * by, arguments={"by": 2})(x)
    model = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(x))
    x = np.random.default_rng(0).normal(2, 2, (1, 8, 8, 1)).astype("float32")
    copy = convert_padding(model, "zeros")
    np.testing.assert_array_equal(output(copy, x), output(model, x))


def test_operations_of_the_copy_are_its_own():
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.multiply(inputs, 2.0)
    model = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(x))
    operation = model.operations[1]
    before = operation.output
    copy = convert_padding(model, "reflect")
    assert operation.output is before
    twin = copy.operations[1]
    assert twin is not operation and twin.name == operation.name
    keras.Model(copy.input, twin.output)


def test_a_layer_that_is_frozen_inside_another_stays_frozen():
    @keras.saving.register_keras_serializable("test_convert_padding")
    class Two(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.one, self.two = keras.layers.Dense(2), keras.layers.Dense(2)

        def build(self, shape):
            self.one.build(shape)
            self.two.build((*shape[:-1], 2))
            super().build(shape)

        def call(self, x):
            return self.two(self.one(x))

        def compute_output_shape(self, shape):
            return (*shape[:-1], 2)

    inputs = keras.Input((8, 8, 3))
    two = Two(name="two")
    x = keras.layers.Conv2D(2, 3, padding="same")(two(inputs))
    model = keras.Model(inputs, x)
    two.one.trainable = False
    copy = convert_padding(model, "reflect")
    assert len(copy.trainable_weights) == len(model.trainable_weights) == 4


def test_a_loss_that_keras_cannot_find_leaves_the_copy_uncompiled():
    model = network()

    def unregistered(y, z):
        return keras.ops.mean(y - z)

    model.compile("sgd", loss=unregistered)
    with pytest.warns(UserWarning, match="copy of .* is not compiled"):
        copy = convert_padding(model, "reflect")
    assert not copy.compiled


def test_a_model_inside_may_be_called_by_argument_name():
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            keras.layers.Conv2D(2, 3, padding="same", name="conv"),
        ],
        name="inner",
    )
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, inner(inputs=inputs))
    for mode, size in (("reflect", 8), ("none", 6)):
        copy = convert_padding(model, mode)
        assert copy.output_shape == (None, size, size, 2)


def test_torch_geometry_leaves_what_is_no_same():
    line = keras.Sequential(
        [
            keras.Input((12, 1)),
            keras.layers.Conv1D(1, 3, padding="causal", name="causal"),
            layers.Conv1D(1, 3, 2, padding="full", name="full"),
            layers.Conv1D(1, 3, 2, padding=((2, 2),), name="own"),
            keras.layers.Conv1D(1, 5, padding="same", name="one"),
        ]
    )
    copy = convert_padding(line, "zeros", geometry="torch")
    assert [site.pads for site in models.find_padding_sites(copy)] == [
        site.pads for site in models.find_padding_sites(line)
    ]
    assert copy.output_shape == line.output_shape
    assert type(copy.get_layer("one")) is keras.layers.Conv1D


@pytest.mark.parametrize("pool", ["MaxPooling2D", "AveragePooling2D"])
def test_torch_geometry_pools_what_is_there(pool):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            getattr(keras.layers, pool)(3, 2, padding="same"),
        ]
    )
    copy = convert_padding(model, "zeros", geometry="torch")
    x = -np.ones((1, 8, 8, 1), "float32")
    assert np.all(output(copy, x) == -1)
    (site,) = models.find_padding_sites(copy)
    assert site.pads == ((1, 1), (1, 1))


def test_names_must_be_names():
    with pytest.raises(ValueError, match="`only` must be a name.*3"):
        convert_padding(network(), "reflect", only=3)


@pytest.mark.parametrize("mode", ["reflect", "partial", "interpolate"])
def test_files_of_weights_fit_both(tmp_path, mode):
    model = network()
    copy = convert_padding(model, mode)
    for one, other in ((model, copy), (copy, model)):
        one.save_weights(tmp_path / "w.weights.h5")
        kept = one.get_weights()
        other.set_weights([0 * array for array in kept])
        other.load_weights(tmp_path / "w.weights.h5")
        for got, want in zip(other.get_weights(), kept, strict=True):
            np.testing.assert_array_equal(got, want)
