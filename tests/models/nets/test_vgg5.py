import functools

import keras
import numpy as np
import pytest
from torch_twin import load
from torch_twin import output
from torch_twin import randomise
from torch_twin import run

from keras_padpos import padding
from keras_padpos.models import convert_padding
from keras_padpos.models import receptive_field
from keras_padpos.models import vgg5

CONVOLUTIONS = 896 + 18_496 + 73_856 + 295_168
BATCH_NORMS = 4 * (32 + 64 + 128 + 256)


def pictures(height=64, width=64):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, height, width, 3)).astype("float32")


@functools.cache
def zeros():
    return vgg5(top=None)


@pytest.mark.parametrize(
    ("top", "classes", "head"),
    [
        (None, 10, 0),
        ("classification", 10, 256 * 10 + 10),
        ("segmentation", 11, 256 * 11 + 11),
    ],
)
def test_parameters_by_hand(top, classes, head):
    net = vgg5(top=top, classes=classes)
    assert net.count_params() == CONVOLUTIONS + BATCH_NORMS + head


def test_geometry_by_hand():
    fields = receptive_field(zeros(), (96, 96, 3))
    found = [
        (field.stride[0], field.size[0], field.pad_before[0])
        for field in (fields[f"stage{stage}_out"] for stage in (1, 2, 3, 4))
    ]
    assert found == [(1, 3, 1), (2, 8, 3), (4, 18, 7), (8, 38, 15)]


@pytest.mark.parametrize(
    "mode", ["zeros", "reflect", "replicate", "circular", "none"]
)
def test_features_are_those_of_a_plain_pytorch_net(mode):
    nn = pytest.importorskip("torch").nn
    net = randomise(vgg5(padding_mode=mode, top=None))
    modules, channels = [], 3
    for stage, filters in enumerate((32, 64, 128, 256), start=1):
        convolution = nn.Conv2d(
            channels,
            filters,
            3,
            padding=0 if mode == "none" else 1,
            padding_mode="zeros" if mode == "none" else mode,
        )
        norm = nn.BatchNorm2d(filters)
        modules += [
            load(convolution, net.get_layer(f"stage{stage}_conv")),
            load(norm, net.get_layer(f"stage{stage}_bn")),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels = filters
    twin = nn.Sequential(*modules[:-1])
    x = pictures(70, 61)
    expected = run(twin, x)
    assert expected.std() > 0.1
    np.testing.assert_allclose(output(net, x), expected, atol=1e-4)


@pytest.mark.parametrize("mode", [*padding.names(), "interpolate"])
def test_modes_differ_from_zeros_where_padding_reaches_only(mode):
    chosen = padding.Constant(0.5) if mode == "constant" else mode
    net = vgg5(padding_mode=chosen, top=None)
    net.set_weights(zeros().get_weights())
    x = pictures()
    difference = np.abs(output(net, x) - output(zeros(), x)).max(axis=(0, 3))
    # Positions 2 to 5 see cells 1 to 62 of 64.
    if mode != "interpolate":
        assert difference[2:6, 2:6].max() < 1e-5
    differs = difference.max() > 1e-3
    # Zeros on a random half of the sides while training, on all otherwise.
    assert differs == (mode not in ("zeros", "random_sides"))


def test_without_padding_a_constant_picture_has_a_constant_map():
    net = vgg5(padding_mode="none", top=None)
    x = np.ones((1, 96, 96, 3), "float32") * np.float32([1, -2, 3])
    y = output(net, x)
    assert y.shape == (1, 8, 8, 256)
    assert np.ptp(y, axis=(1, 2)).max() < 1e-5
    assert np.ptp(output(zeros(), x), axis=(1, 2)).max() > 0.1


@pytest.mark.parametrize("mode", ["reflect", "none", "interpolate"])
def test_tops_follow_the_pictures_size(mode):
    whole = vgg5(padding_mode=mode, classes=7)
    assert whole.output_shape == (None, 7)
    cells = vgg5(padding_mode=mode, top="segmentation", classes=11)
    assert cells.output_shape == (None, None, None, 11)
    for size in ((64, 48), (53, 66)):
        x = pictures(*size)
        assert output(whole, x).shape == (2, 7)
        assert output(cells, x).shape == (2, *size, 11)
    assert cells.predict(x, verbose=0).shape == (2, *size, 11)


def test_interpolating_is_what_conversion_makes_of_zeros():
    net = vgg5(padding_mode="interpolate", top=None)
    net.set_weights(zeros().get_weights())
    x = pictures()
    np.testing.assert_array_equal(
        output(net, x), output(convert_padding(zeros(), "interpolate"), x)
    )


def test_a_saved_net_computes_the_same(tmp_path):
    net = vgg5(padding_mode="circular", top="segmentation", classes=3)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures()
    np.testing.assert_array_equal(output(loaded, x), output(net, x))


def test_it_learns():
    net = vgg5(
        padding_mode="reflect", top="segmentation", input_shape=(32, 32, 3)
    )
    net.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    before = [array.copy() for array in net.get_weights()]
    net.fit(pictures(32, 32), np.ones((2, 32, 32), "int32"), verbose=0)
    for array, old in zip(net.get_weights(), before, strict=True):
        assert np.isfinite(array).all()
        assert np.abs(array - old).max() > 0


def test_names_of_net_layers_and_weights():
    net = vgg5(name="small", padding_mode="reflect")
    assert net.name == "small"
    assert [layer.name for layer in net.layers][:5] == [
        "picture",
        "stage1_conv",
        "stage1_bn",
        "stage1_out",
        "stage2_pool",
    ]
    assert [weight.path for weight in net.weights][:3] == [
        "stage1_conv/kernel",
        "stage1_conv/bias",
        "stage1_bn/gamma",
    ]


def test_a_seed_gives_the_same_weights_with_every_border():
    nets = []
    for mode in ("zeros", "reflect", "none", "interpolate"):
        keras.utils.set_random_seed(3)
        nets.append(vgg5(padding_mode=mode).get_weights())
    for other in nets[1:]:
        for array, expected in zip(other, nets[0], strict=True):
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"top": "detection"},
            '`top` must be "classification", "segmentation" or `None`. '
            "Received: top='detection'",
        ),
        (
            {"classes": 0},
            "`classes` must be an int of 1 or more. Received: 0",
        ),
        (
            {"input_shape": (32, 32)},
            "`input_shape` must be (height, width, channels), where height "
            "and width may be `None`. Received: input_shape=(32, 32)",
        ),
        (
            {"input_shape": (32, 32, None)},
            "`input_shape` must be (height, width, channels), where height "
            "and width may be `None`. Received: input_shape=(32, 32, None)",
        ),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError) as error:
        vgg5(**arguments)
    assert str(error.value) == message


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="`padding_mode`.*'mirror-image'"):
        vgg5(padding_mode="mirror-image")


def test_a_map_too_small_for_the_mode_names_the_layer():
    with pytest.warns(UserWarning, match="'stage4_conv'.*reflect"):
        vgg5(padding_mode="reflect", input_shape=(8, 8, 3))
