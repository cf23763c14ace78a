import functools
from collections import Counter

import keras
import numpy as np
import pytest
from keras import layers
from oracles import same_pads

from keras_padpos import layers as ours
from keras_padpos import models
from keras_padpos import padding
from keras_padpos.models import convert_padding
from keras_padpos.models import find_padding_sites


@functools.cache
def application(name, size=224):
    """A network; not to be changed."""
    build = getattr(keras.applications, name)
    return build(weights=None, include_top=False, input_shape=(size, size, 3))


@pytest.mark.parametrize(
    "name, expected",
    [
        ("VGG16", {"convolution": 13}),
        # 16 blocks, the stem and its pool, the last two with ZeroPadding2D.
        ("ResNet50", {"convolution": 17, "max_pooling": 1}),
        ("ResNet50V2", {"convolution": 17, "max_pooling": 1}),
        ("MobileNetV2", {"convolution": 1, "depthwise": 17}),
        pytest.param(
            "DenseNet121",
            {"convolution": 59, "max_pooling": 1},
            marks=pytest.mark.large,
        ),
        ("ConvNeXtTiny", {"convolution": 18}),
        ("Xception", {"separable": 34, "max_pooling": 4}),
    ],
)
def test_counts_of_whole_networks(name, expected):
    sites = find_padding_sites(application(name))
    assert Counter(site.kind for site in sites) == expected
    assert not any(site.reason for site in sites)


def test_resnet50s_frames_belong_to_the_windows_that_they_feed():
    sites = {
        site.padding_layer: site
        for site in find_padding_sites(application("ResNet50"))
        if site.padding_layer
    }
    assert sorted(sites) == ["conv1_pad", "pool1_pad"]
    stem = sites["conv1_pad"]
    assert stem.name == "conv1_conv"
    assert stem.kernel_size == (7, 7)
    assert stem.strides == (2, 2)
    assert stem.sizes == (224, 224)
    assert stem.pads == ((3, 3), (3, 3))
    # Of 3 and 3 cells the last is beyond the last window at 224.
    assert stem.seen == ((3, 2), (3, 2))
    assert stem.uneven is True
    assert sites["pool1_pad"].pooling


@pytest.mark.parametrize("size, pads", [(224, (0, 1)), (225, (1, 1))])
def test_the_size_of_the_picture_decides_whether_same_is_even(size, pads):
    model = application("MobileNetV2")
    sites = {
        site.name: site for site in find_padding_sites(model, (size, size, 3))
    }
    assert sites["Conv1"].pads == (pads, pads)
    assert sites["Conv1"].uneven is (size == 224)
    # `correct_pad` chose these cells when the network was built.
    assert sites["block_1_depthwise"].pads == ((0, 1), (0, 1))


@pytest.mark.parametrize("size", [11, 12])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_cells_are_those_of_the_definition(kernel, stride, size):
    model = keras.Sequential(
        [
            keras.Input((size, 9, 1)),
            layers.Conv2D(1, kernel, stride, padding="same", name="conv"),
        ]
    )
    (site,) = find_padding_sites(model)
    assert site.pads == (
        same_pads(size, kernel, stride, 1),
        same_pads(9, kernel, stride, 1),
    )


def test_an_open_size_leaves_open_only_what_hangs_on_it():
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 5, padding="same", name="one"),
            layers.Conv2D(4, 3, 2, padding="same", name="two"),
            layers.MaxPooling2D(3, 2, padding="same", name="three"),
        ]
    )
    sites = find_padding_sites(model)
    assert [site.pads for site in sites] == [((2, 2), (2, 2)), None, None]
    assert [site.uneven for site in sites] == [False, None, None]
    assert [site.seen for site in sites] == [None] * 3
    sites = find_padding_sites(model, (8, 9, 3))
    assert sites[1].pads == ((0, 1), (1, 1))
    assert sites[2].sizes == (4, 5)


def test_all_ranks_and_kinds():
    line = keras.Sequential(
        [
            keras.Input((12, 2)),
            layers.Conv1D(2, 3, padding="causal", name="causal"),
            layers.ZeroPadding1D(2, name="frame"),
            layers.MaxPooling1D(2, name="pool"),
            layers.SeparableConv1D(2, 4, padding="same", name="separable"),
        ]
    )
    found = [(s.name, s.kind, s.pads) for s in find_padding_sites(line)]
    assert found == [
        ("causal", "convolution", ((2, 0),)),
        ("pool", "max_pooling", ((2, 2),)),
        ("separable", "separable", ((1, 2),)),
    ]
    volume = keras.Sequential(
        [
            keras.Input((4, 5, 6, 1)),
            layers.Conv3D(1, (3, 1, 2), padding="same"),
            layers.Conv3DTranspose(1, 3, 2, padding="same"),
        ]
    )
    sites = find_padding_sites(volume)
    assert sites[0].pads == ((1, 1), (0, 0), (0, 1))
    assert sites[1].kind == "transposed"
    # The convolution that it transposes goes from 8 x 10 x 12 to 4 x 5 x 6.
    assert sites[1].pads == ((0, 1),) * 3


def test_interpolations_that_read_beyond_the_border_are_sites():
    inputs = keras.Input((8, 8, 1))
    x = layers.UpSampling2D(2, interpolation="nearest")(inputs)
    x = layers.UpSampling2D((1, 2), interpolation="bicubic", name="wide")(x)
    x = layers.Resizing(8, 8, name="smaller")(x)
    x = layers.Resizing(8, 12, name="larger")(x)
    sites = find_padding_sites(keras.Model(inputs, x))
    assert [(s.name, s.kind, s.pads) for s in sites] == [
        ("wide", "resampling", ((0, 0), (2, 2))),
        ("larger", "resampling", ((0, 0), (1, 1))),
    ]
    assert sites[1].padding_mode == padding.get("replicate")
    assert [site.uneven for site in sites] == [False, False]


def test_a_size_that_is_open_may_be_enlarged():
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, layers.Resizing(8, 8)(inputs))
    (site,) = find_padding_sites(model)
    assert site.pads is None
    assert find_padding_sites(model, (9, 9, 1)) == []


@pytest.mark.parametrize("kind", ("nearest", "bilinear"))
def test_a_frame_that_keeps_the_aspect_ratio_is_a_site_and_refused(kind):
    resize = layers.Resizing(
        8, 8, kind, pad_to_aspect_ratio=True, fill_value=3, name="fit"
    )
    model = keras.Sequential([keras.Input((6, 8, 1)), resize])
    (site,) = find_padding_sites(model)
    ones = np.ones((1, 6, 8, 1), "float32")
    framed = site.padding_mode.pad(ones, ((0, 0), *site.pads, (0, 0)))
    # So many cells make it of the size asked for, so nothing is resized.
    np.testing.assert_allclose(model(ones), framed)
    for mode in ("circular", "zeros", "none"):
        with pytest.raises(ValueError, match="'fit'.*aspect ratio.*`skip`"):
            convert_padding(model, mode)


@pytest.mark.parametrize("crops", (True, False))
def test_an_aspect_ratio_that_needs_no_frame_adds_none(crops):
    fit = layers.Resizing(
        4, 6, "nearest", pad_to_aspect_ratio=True, crop_to_aspect_ratio=crops
    )
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, fit(inputs))
    assert find_padding_sites(model, (8, 12, 1)) == []
    open_sizes = [site.pads for site in find_padding_sites(model)]
    assert open_sizes == ([] if crops else [None])


@pytest.mark.parametrize("cells", ("valid", "same"))
def test_a_convolutional_lstm_pads_its_state_always(cells):
    inputs = keras.Input((3, 8, 7, 1))
    lstm = layers.ConvLSTM2D(1, 4, 2, padding=cells, name="lstm")
    (site,) = find_padding_sites(keras.Model(inputs, lstm(inputs)))
    assert (site.name, site.kind, site.sizes) == ("lstm", "recurrent", (8, 7))
    # Of the input with stride 2, else of the state with stride 1.
    assert site.pads == (
        ((1, 1), (1, 2)) if cells == "same" else ((1, 2), (1, 2))
    )


def test_a_frame_that_feeds_two_layers_is_a_site_of_its_own():
    inputs = keras.Input((8, 8, 1))
    framed = layers.ZeroPadding2D(1, name="frame")(inputs)
    one = layers.Conv2D(1, 3, name="one")(framed)
    other = layers.Conv2D(1, 3, name="other")(framed)
    model = keras.Model(inputs, layers.Add()([one, other]))
    (site,) = find_padding_sites(model)
    assert (site.name, site.kind) == ("frame", "padding")
    assert site.pads == ((1, 1), (1, 1))


def test_a_frame_that_leaves_the_model_is_a_site_of_its_own():
    inputs = keras.Input((8, 8, 1))
    framed = layers.ZeroPadding2D(1, name="frame")(inputs)
    model = keras.Model(inputs, [layers.Conv2D(1, 3)(framed), framed])
    (site,) = find_padding_sites(model)
    assert site.name == "frame"


def test_our_layers_and_their_modes():
    model = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            ours.Conv2D(2, 3, padding="full", padding_mode="circular"),
            ours.Padding2D(((1, 0), 2), padding_mode="replicate", name="pad"),
            ours.Conv2D(2, 3, padding=((2, 0), 1), padding_mode="partial"),
            ours.Conv2D(2, 3, padding=0, padding_mode="reflect"),
        ]
    )
    sites = find_padding_sites(model)
    assert [site.padding_mode.name for site in sites] == [
        "circular",
        "replicate",
        "partial",
    ]
    assert sites[0].pads == ((2, 2), (2, 2))
    assert sites[1].pads == ((1, 0), (2, 2))
    assert sites[2].pads == ((2, 0), (1, 1))


def test_models_inside_are_searched_and_shared_layers_are_sites_at_each_use():
    inner = keras.Sequential(
        [
            keras.Input((None, None, 2)),
            layers.Conv2D(2, 3, 2, padding="same", name="conv"),
        ],
        name="inner",
    )
    inputs = keras.Input((9, 12, 2))
    model = keras.Model(inputs, inner(inner(inputs)))
    sites = find_padding_sites(model)
    assert [site.name for site in sites] == ["inner/conv"] * 2
    assert [site.sizes for site in sites] == [(9, 12), (5, 6)]
    assert [site.pads for site in sites] == [
        ((1, 1), (0, 1)),
        ((1, 1), (0, 1)),
    ]


def test_several_inputs():
    small = keras.Input((8, 8, 1), name="small")
    large = keras.Input((None, None, 1), name="large")
    model = keras.Model(
        {"small": small, "large": large},
        [
            layers.Conv2D(1, 3, 2, padding="same", name="one")(small),
            layers.Conv2D(1, 3, 2, padding="same", name="other")(large),
        ],
    )
    pads = {site.name: site.pads for site in find_padding_sites(model)}
    assert pads == {"one": ((0, 1), (0, 1)), "other": None}
    sites = find_padding_sites(model, {"large": (9, 9, 1)})
    assert [s.pads for s in sites if s.name == "other"] == [((1, 1), (1, 1))]
    with pytest.raises(ValueError, match="must be a dict.*large, small"):
        find_padding_sites(model, (9, 9, 1))
    with pytest.raises(ValueError, match="large, small.*'huge'"):
        find_padding_sites(model, {"huge": (9, 9, 1)})


def test_a_shape_that_does_not_fit_is_an_error():
    model = application("VGG16")
    for shape in [(224, 224), (0, 224, 3), "224"]:
        with pytest.raises(ValueError, match="`input_shape`"):
            find_padding_sites(model, shape)


class OwnConv2D(layers.Conv2D):
    pass


def hidden(name):
    """Layers that pad where no converter reaches."""
    return {
        "subclass": OwnConv2D(1, 3, padding="same", name=name),
        "lambda": layers.Lambda(
            lambda x: keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))),
            output_shape=(10, 10, 1),
            name=name,
        ),
    }


@pytest.mark.parametrize(
    "kind, shape, reason",
    [
        ("subclass", (8, 8, 1), "OwnConv2D has no counterpart"),
        ("lambda", (8, 8, 1), "a Lambda that pads"),
    ],
)
def test_what_cannot_be_converted_is_listed_refused_and_can_be_skipped(
    kind, shape, reason
):
    inputs = keras.Input(shape)
    x = hidden("odd")[kind](inputs)
    x = layers.Reshape((-1, 1))(x)
    x = layers.Conv1D(1, 3, padding="same", name="plain")(x)
    model = keras.Model(inputs, x)
    sites = {site.name: site for site in find_padding_sites(model)}
    assert reason in sites["odd"].reason
    assert not sites["plain"].reason
    with pytest.raises(ValueError, match=f"Layer 'odd' .*{reason}.*`skip`"):
        convert_padding(model, "reflect")
    copy = convert_padding(model, "reflect", skip="odd")
    assert copy.get_layer("plain").padding_mode == padding.get("reflect")
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_operations_of_keras_that_pad_are_named():
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.max_pool(inputs, 3, 1, "same")
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
    with pytest.raises(ValueError, match=r"'max_pool.*operation of keras.ops"):
        convert_padding(model, "reflect")


def test_a_lambda_that_does_not_grow_and_layers_that_do_not_pad_pass():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Lambda(lambda x: x * 2),
            layers.Conv2D(4, 3),
            layers.Conv2D(4, 1, padding="same"),
            layers.TimeDistributed(layers.Conv1D(2, 3)),
            layers.Dense(7),
        ]
    )
    assert find_padding_sites(model) == []


class Mine(keras.Model):
    def __init__(self, pads=False, **kwargs):
        super().__init__(**kwargs)
        self.pads = pads
        if pads:
            self.conv = layers.Conv2D(1, 3, padding="same", name="hidden")

    def call(self, x):
        return self.conv(x) if self.pads else x / 2

    def get_config(self):
        return {**super().get_config(), "pads": self.pads}


def test_subclassed_and_unbuilt_models_are_named():
    with pytest.raises(ValueError, match="Open a file with keras.models.load"):
        models.find_padding_sites("mine.keras")
    with pytest.raises(ValueError, match="'mine'.*neither functional nor"):
        find_padding_sites(Mine(name="mine"))
    with pytest.raises(ValueError, match="not built"):
        find_padding_sites(keras.Sequential([layers.Conv2D(1, 3)]))
    with pytest.raises(ValueError, match="`model` must be"):
        find_padding_sites(layers.Conv2D(1, 3))


def test_a_subclassed_model_inside_is_a_layer():
    inputs = keras.Input((8, 8, 1))
    for pads in (False, True):
        x = Mine(pads, name="mine")(inputs)
        x = layers.Conv2D(1, 3, padding="same", name="conv")(x)
        model = keras.Model(inputs, x)
        names = [site.name for site in find_padding_sites(model)]
        inside = ["mine", "mine/hidden"] if pads else []
        assert names == [*inside, "conv"]
        copy = convert_padding(model, "zeros", skip=["mine"] if pads else None)
        x = np.random.default_rng(0).normal(size=(1, 8, 8, 1))
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(copy(x)),
            keras.ops.convert_to_numpy(model(x)),
        )


class Growing(keras.layers.Layer):
    def call(self, x):
        return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))


def test_a_layer_of_ones_own_that_enlarges_the_map_is_named():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, Growing(name="grow")(inputs))
    (site,) = find_padding_sites(model)
    assert "pads by its own code" in site.reason
    assert site.pads == ((1, 1), (1, 1))


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: keras.ops.average_pool(x, 3, 1, "same"),
        lambda x: keras.ops.conv(x, np.ones((3, 3, 1, 1)), padding="same"),
        lambda x: keras.ops.image.extract_patches(x, 3, 1, padding="same"),
    ],
)
def test_every_operation_that_pads_is_listed(operation):
    inputs = keras.Input((8, 8, 1))
    (site,) = find_padding_sites(keras.Model(inputs, operation(inputs)))
    assert "operation of keras.ops" in site.reason


def test_operations_that_enlarge_or_move_do_not_pad():
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.image.resize(inputs, (16, 16), "nearest")
    x = keras.ops.repeat(keras.ops.max_pool(x, 2), 2, axis=1)
    x = layers.Conv2DTranspose(1, 2, 2, padding="same")(x)
    assert find_padding_sites(keras.Model(inputs, x)) == []


class Reflecting(layers.ZeroPadding2D):
    def call(self, x):
        cells = [[0, 0], *map(list, self.padding), [0, 0]]
        return keras.ops.pad(x, cells, mode="reflect")


class Periodic(layers.Layer):
    """Wraps by itself, and holds a valid convolution."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(1, 3)

    def build(self, shape):
        self.conv.build(shape)

    def call(self, x):
        x = keras.ops.concatenate([x[:, -1:], x, x[:, :1]], axis=1)
        return self.conv(keras.ops.pad(x, [[0, 0], [0, 0], [1, 1], [0, 0]]))


class Enlarged(layers.Layer):
    def call(self, x):
        return keras.ops.repeat(keras.ops.repeat(x, 2, axis=1), 2, axis=2)


class Turned(layers.Layer):
    def call(self, x):
        return keras.ops.flip(x, 1)


class Positions(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=(1, *shape[1:]))

    def call(self, x):
        return x + self.table


@pytest.mark.parametrize("size", [12, None])
@pytest.mark.parametrize(
    "make, pads",
    [
        (Reflecting, ((1, 1), (1, 1))),
        (Periodic, ((1, 1), (1, 1))),
        (Turned, None),
    ],
)
def test_what_another_class_pads_is_found_and_refused(make, pads, size):
    inputs = keras.Input((size, size, 1))
    x = layers.Conv2D(1, 3, name="plain")(make(name="odd")(inputs))
    model = keras.Model(inputs, x)
    (site,) = find_padding_sites(model)
    assert (site.name, site.kind, site.padding_mode) == ("odd", "other", None)
    assert site.pads == pads
    for mode in ("zeros", "none"):
        with pytest.raises(ValueError, match="'odd'"):
            convert_padding(model, mode)


def pooled(x):
    return keras.ops.max_pool(x, 3, 1, padding="same")


def scaled(x):
    return x * keras.ops.mean(x, axis=(1, 2), keepdims=True)


def leaky(x):
    return keras.ops.maximum(x, 0.1 * x)


@pytest.mark.parametrize("size", [12, None])
@pytest.mark.parametrize(
    "make, function, kinds",
    [
        (layers.Activation, pooled, ["other"]),
        (layers.Activation, scaled, []),
        (layers.Activation, leaky, []),
        (functools.partial(layers.Dense, 2), pooled, ["other"]),
        (functools.partial(layers.Dense, 2), leaky, []),
        (functools.partial(layers.Conv2D, 2, 3), pooled, ["other"]),
        (functools.partial(layers.Conv2D, 2, 3), leaky, []),
        (
            functools.partial(layers.Conv2D, 2, 3, padding="same"),
            pooled,
            ["other"],
        ),
        (
            functools.partial(layers.Conv2D, 2, 3, padding="same"),
            scaled,
            ["convolution"],
        ),
        (
            functools.partial(layers.Conv2D, 2, 3, padding="same"),
            leaky,
            ["convolution"],
        ),
        (
            functools.partial(layers.Conv2DTranspose, 2, 3, padding="same"),
            pooled,
            ["other"],
        ),
    ],
)
def test_an_activation_of_ones_own_is_run(make, function, kinds, size):
    inputs = keras.Input((size, size, 2))
    model = keras.Model(inputs, make(activation=function)(inputs))
    sites = find_padding_sites(model)
    assert [site.kind for site in sites] == kinds
    refused = "other" in kinds
    assert [bool(site.reason) for site in sites] == [refused] * len(kinds)


@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
@pytest.mark.parametrize("sequences", [False, True])
def test_activations_of_a_convolutional_lstm_are_run(argument, sequences):
    inputs = keras.Input((3, 12, 12, 2))
    for function, kind in ((leaky, "recurrent"), (pooled, "other")):
        layer = layers.ConvLSTM2D(
            2,
            3,
            padding="same",
            return_sequences=sequences,
            **{argument: function},
        )
        (site,) = find_padding_sites(keras.Model(inputs, layer(inputs)))
        assert site.kind == kind


def test_a_frame_before_a_refused_window_is_listed():
    inputs = keras.Input((12, 12, 2))
    x = layers.ZeroPadding2D(1, name="frame")(inputs)
    x = layers.Conv2D(2, 3, activation=pooled, name="conv")(x)
    sites = find_padding_sites(keras.Model(inputs, x))
    assert [site.name for site in sites] == ["frame", "conv"]


class PooledUpSampling(layers.UpSampling2D):
    def call(self, x):
        return pooled(super().call(x))


class LessCropping(layers.Cropping2D):
    def call(self, x):
        return x

    def compute_output_shape(self, shape):
        return shape


def test_subclasses_of_resampling_and_cropping_are_run():
    inputs = keras.Input((12, 12, 2))
    x = PooledUpSampling(2, interpolation="bilinear", name="up")(inputs)
    x = layers.Cropping2D(1)(x)
    (site,) = find_padding_sites(keras.Model(inputs, x))
    assert (site.name, site.kind) == ("up", "other")
    x = layers.UpSampling2D(2, interpolation="bilinear", name="up")(inputs)
    x = LessCropping(1)(x)
    (site,) = find_padding_sites(keras.Model(inputs, x))
    assert (site.name, site.kind) == ("up", "resampling")


def test_the_reason_of_an_interpolation_names_the_layer_to_take():
    def doubled(x):
        return keras.ops.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]))

    inputs = keras.Input((12, 12, 2))
    model = keras.Model(inputs, layers.Lambda(doubled)(inputs))
    (site,) = find_padding_sites(model)
    assert "layers.UpSampling2D in its place" in site.reason


@pytest.mark.parametrize("cells", ["same", "valid"])
def test_a_spectrogram_of_a_padded_signal_is_listed(cells):
    inputs = keras.Input((4000, 1))
    layer = layers.STFTSpectrogram("log", 256, 64, padding=cells, name="stft")
    sites = find_padding_sites(keras.Model(inputs, layer(inputs)))
    assert [site.name for site in sites] == ["stft"] * (cells == "same")


def test_a_spectrogram_that_mirrors_is_listed():
    inputs = keras.Input((4000,))
    layer = layers.MelSpectrogram(name="mel")
    (site,) = find_padding_sites(keras.Model(inputs, layer(inputs)))
    assert site.name == "mel" and site.reason


@pytest.mark.parametrize("make", [Enlarged, Positions, layers.LSTM])
def test_what_is_seen_not_to_pad_is_no_site(make):
    shape = (12, 3) if make is layers.LSTM else (12, 12, 3)
    options = {"units": 3, "return_sequences": True}
    layer = make(**options) if make is layers.LSTM else make()
    inputs = keras.Input(shape)
    assert find_padding_sites(keras.Model(inputs, layer(inputs))) == []


def test_a_map_joined_with_parts_of_itself_is_padded():
    inputs = keras.Input((8, 8, 1))
    ends = [inputs[:, :, -2:], inputs[:, :, :2]]
    join = layers.Concatenate(axis=2, name="wrap")
    wrapped = join([ends[0], inputs, ends[1]])
    (site,) = find_padding_sites(keras.Model(inputs, wrapped))
    assert site.name == "wrap"
    other = keras.Input((8, 4, 1))
    beside = layers.Concatenate(axis=2)([inputs, other])
    assert find_padding_sites(keras.Model([inputs, other], beside)) == []


@pytest.mark.parametrize("of_model", [True, False])
def test_a_configuration_that_fails_does_not_hide_the_graph(of_model):
    class Silent(layers.Layer):
        def call(self, x):
            return x * 2

        def get_config(self):
            raise RuntimeError("no configuration")

    class Net(keras.Model):
        def __init__(self):
            inputs = keras.Input((8, 8, 1))
            inner = keras.Sequential([keras.Input((8, 8, 1)), Silent()])
            x = inner(inputs) if not of_model else inputs
            x = layers.Conv2D(2, 3, padding="same", name="conv")(x[:, 1:])
            super().__init__(inputs, x)

        def get_config(self):
            return {"kind": layers.ReLU.get_config()}

    assert [site.name for site in find_padding_sites(Net())][-1] == "conv"


def test_a_functional_model_of_another_class_is_read():
    class Net(keras.Model):
        def __init__(self, filters=2):
            inputs = keras.Input((8, 8, 1))
            conv = layers.Conv2D(filters, 3, padding="same", name="conv")
            super().__init__(inputs, conv(inputs))

        def get_config(self):
            return {"filters": 2}

    assert [site.name for site in find_padding_sites(Net())] == ["conv"]
    copy = convert_padding(Net(), "reflect")
    assert copy.get_layer("conv").padding_mode == padding.get("reflect")


def test_sites_of_a_backbone_with_its_preprocessing():
    net = models.backbone("resnet50", "random", input_shape=(64, 64, 3))
    sites = find_padding_sites(net)
    assert len(sites) == 18
    assert sites[0].name == "resnet50/conv1_conv"


def test_sites_are_printed_as_a_table():
    model = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            ours.Conv2D(2, 3, 2, padding="same", padding_mode="circular"),
            layers.Lambda(lambda x: keras.ops.max_pool(x, 3, 1, "same")),
        ]
    )
    model.layers[0].name = "<conv>"
    sites = find_padding_sites(model)
    assert sites == list(sites) and len(sites) == 2
    lines = str(sites).splitlines()
    assert lines[0].startswith("| layer ") and lines[0].endswith("| mode     |")
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[4] == "2 sites; modes: circular 1, ? 1."
    assert lines[5].startswith("cells: added before,after")
    assert lines[6].startswith("lambda") and len(lines) == 7
    assert "<td>&lt;conv&gt;</td><td>convolution</td>" in sites._repr_html_()
    assert repr(sites) == f"<PaddingSites: {lines[4]}>"


def test_no_sites_are_printed_as_a_sentence():
    model = keras.Sequential([keras.Input((9, 9, 2)), layers.Conv2D(2, 3)])
    sites = find_padding_sites(model)
    assert (
        str(sites) == "No layer pads." and "<table>" not in sites._repr_html_()
    )
