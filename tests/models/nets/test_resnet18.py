import functools

import keras
import numpy as np
import pytest
from torch_twin import load
from torch_twin import output
from torch_twin import randomise
from torch_twin import run

from keras_padpos import padding
from keras_padpos.models import receptive_field
from keras_padpos.models import resnet18

# torchvision's 11,689,512 without its classifier of 1000 classes.
TRAINABLE = 11_689_512 - (512 * 1000 + 1000)
# Mean and variance of the stem, and of 4, 5, 5 and 5 BatchNorms a stage.
STATISTICS = 2 * (64 + 4 * 64 + 5 * 128 + 5 * 256 + 5 * 512)


def pictures(height=64, width=64):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, height, width, 3)).astype("float32")


@functools.cache
def bare(mode="zeros", stem="7x7"):
    """The net without a top; not to be changed."""
    return resnet18(stem=stem, padding_mode=mode, top=None)


@pytest.mark.parametrize("stem", ["7x7", "imagenet"])
def test_parameters_by_hand(stem):
    assert bare(stem=stem).count_params() == TRAINABLE + STATISTICS


def test_parameters_of_a_stage_by_hand():
    count = sum(
        layer.count_params()
        for layer in bare().layers
        if layer.name.startswith("stage2_")
    )
    # Four 3x3, one 1x1, five BatchNorms.
    convolutions = 9 * 64 * 128 + 3 * 9 * 128 * 128 + 64 * 128
    assert count == convolutions + 5 * 4 * 128


@pytest.mark.parametrize(
    ("stem", "layer", "stride", "size", "before", "margin"),
    [
        ("7x7", "stem_out", 2, 7, 3, 4),
        ("7x7", "stage1_block2_out", 2, 23, 11, 12),
        ("7x7", "stage2_block2_out", 4, 51, 25, 28),
        ("7x7", "stage3_block2_out", 8, 107, 53, 56),
        ("7x7", "stage4_block2_out", 16, 219, 109, 112),
        ("imagenet", "stem_pool", 4, 11, 5, 8),
        ("imagenet", "stage1_block2_out", 4, 43, 21, 24),
        ("imagenet", "stage4_block2_out", 32, 435, 217, 224),
    ],
)
def test_known_geometries(stem, layer, stride, size, before, margin):
    field = receptive_field(bare(stem=stem), (224, 224, 3))[layer]
    assert field.stride == (stride, stride)
    assert field.size == (size, size)
    assert field.pad_before == (before, before)
    assert field.margin == (margin, margin)


@pytest.mark.parametrize(
    ("cells", "size"), [(3, 6), (5, 10), (7, 14), (9, 18), (11, 22), (13, 26)]
)
def test_last_maps_of_the_canvases(cells, size):
    canvas = (1, 32 * cells, 32 * cells, 3)
    assert bare().compute_output_shape(canvas) == (1, size, size, 512)


def pytorch_net(net, stem, mode):
    """A ResNet-18 in plain PyTorch with the weights of ours."""
    import torch
    from torch import nn

    def convolved(channels, filters, kernel_size, stride, name):
        convolution = nn.Conv2d(
            channels,
            filters,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            padding_mode=mode,
            bias=False,
        )
        return nn.Sequential(
            load(convolution, net.get_layer(f"{name}_conv")),
            load(nn.BatchNorm2d(filters), net.get_layer(f"{name}_bn")),
        )

    def block(channels, filters, stride, name):
        first = convolved(channels, filters, 3, stride, f"{name}_1")
        second = convolved(filters, filters, 3, 1, f"{name}_2")
        straight = nn.Identity()
        if stride > 1:
            straight = convolved(channels, filters, 1, stride, f"{name}_0")
        return lambda x: torch.relu(second(torch.relu(first(x))) + straight(x))

    steps = [convolved(3, 64, 7, 2, "stem"), torch.relu]
    if stem == "imagenet":
        steps.append(nn.MaxPool2d(3, 2, 1))
    for stage, (channels, filters) in enumerate(
        [(64, 64), (64, 128), (128, 256), (256, 512)], start=1
    ):
        stride = 1 if stage == 1 else 2
        name = f"stage{stage}_block"
        steps.append(block(channels, filters, stride, f"{name}1"))
        steps.append(block(filters, filters, 1, f"{name}2"))
    linear = load(nn.Linear(512, 5), net.get_layer("logits"))
    steps.append(lambda x: linear(x.mean(dim=(2, 3))))
    return lambda x: functools.reduce(lambda y, step: step(y), steps, x)


@pytest.mark.parametrize(
    ("stem", "mode"),
    [
        ("7x7", "zeros"),
        ("7x7", "reflect"),
        ("7x7", "circular"),
        ("imagenet", "zeros"),
        # PyTorch's pooling knows no circular border; a mirrored or repeated
        # cell is in the window anyway.
        ("imagenet", "replicate"),
    ],
)
def test_outputs_are_those_of_a_plain_pytorch_net(stem, mode):
    pytest.importorskip("torch")
    net = resnet18(stem=stem, padding_mode=mode, classes=5)
    assert net.get_layer("logits").count_params() == 5 * 512 + 5
    twin = pytorch_net(randomise(net), stem, mode)
    x = pictures(64, 55)
    expected = run(twin, x)
    assert expected.std() > 0.1
    np.testing.assert_allclose(output(net, x), expected, atol=1e-4)


# PyTorch has most others, and VGG-5 runs them all.
@pytest.mark.parametrize("mode", ["constant", "distribution", "partial"])
def test_modes_differ_from_zeros_where_padding_reaches_only(mode):
    chosen = padding.Constant(0.5) if mode == "constant" else mode
    net = resnet18(padding_mode=chosen, top=None)
    net.set_weights(bare().get_weights())
    x = pictures(96, 96)
    maps = [
        output(keras.Model(n.input, n.get_layer("stage2_block2_out").output), x)
        for n in (net, bare())
    ]
    difference = np.abs(maps[0] - maps[1]).max(axis=(0, 3))
    assert difference.shape == (24, 24)
    # Position 7 sees cells 3 to 53, position 17 cells 43 to 93, of 96.
    assert difference[7:18, 7:18].max() < 1e-4
    assert difference.max() > 1e-3


@pytest.mark.parametrize("stem", ["7x7", "imagenet"])
def test_without_padding_it_gives_what_padding_cannot_reach(stem):
    padded, layer = bare(stem=stem), "stage2_block2_out"
    none = bare("none", stem)
    none.set_weights(padded.get_weights())
    x = pictures(160, 149)
    maps = [
        output(keras.Model(net.input, net.get_layer(layer).output), x)
        for net in (padded, none)
    ]
    field = receptive_field(padded, x.shape[1:])[layer]
    clear = [
        slice(-(-field.pad_before[0] // field.stride[0]), None),
        slice(-(-field.pad_before[1] // field.stride[1]), None),
    ]
    expected = maps[0][:, *clear][:, : maps[1].shape[1], : maps[1].shape[2]]
    assert min(expected.shape) > 1
    np.testing.assert_allclose(maps[1], expected, atol=1e-4)
    # Nothing is missing at the other end either.
    for axis in (0, 1):
        last = clear[axis].start + maps[1].shape[1 + axis]
        beyond = field.size[axis] - field.pad_before[axis]
        assert last * field.stride[axis] + beyond > x.shape[1 + axis]


def test_interpolating_keeps_a_constant_picture_constant():
    x = np.ones((1, 96, 96, 3), "float32") * np.float32([1, -2, 3])
    y = output(bare("interpolate"), x)
    assert y.shape == (1, 6, 6, 512)
    assert np.abs(y).max() > 0.1
    assert np.ptp(y, axis=(1, 2)).max() < 1e-4


def test_without_padding_the_last_map_has_the_positions_left():
    # Position 7 of 16 sees cells 3 to 221, position 9 cells 35 to 253.
    shape = bare("none").compute_output_shape((1, 256, 256, 3))
    assert shape == (1, 3, 3, 512)


def test_interpolating_keeps_the_size_of_the_last_map():
    shape = bare("interpolate").compute_output_shape((1, 416, 416, 3))
    assert shape == (1, 26, 26, 512)


def test_without_padding_a_segmentation_has_the_pictures_size():
    x = pictures(240, 229)[:1]
    net = resnet18(padding_mode="none", top="segmentation", classes=11)
    assert net.output_shape == (None, None, None, 11)
    assert output(net, x).shape == (1, 240, 229, 11)
    # What is enlarged has no field; what is before has one.
    fields = receptive_field(net, x.shape[1:])
    assert fields["logits"].size == (219, 219)
    assert "enlarged" not in fields


def test_a_saved_net_computes_the_same(tmp_path):
    net = resnet18(padding_mode="reflect", top="segmentation", classes=3)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures(40, 51)
    y = output(loaded, x)
    assert y.shape == (2, 40, 51, 3)
    np.testing.assert_array_equal(y, output(net, x))


def test_names_of_net_layers_and_weights():
    net = bare()
    assert net.name == "resnet18"
    names = {layer.name for layer in net.layers}
    assert names >= {
        "stem_conv",
        "stem_out",
        "stage1_block1_1_conv",
        "stage1_block1_2_bn",
        "stage2_block1_0_conv",
        "stage2_block1_0_bn",
        "stage4_block2_out",
    }
    # Stage 1 changes neither channels nor size.
    assert "stage1_block1_0_conv" not in names
    assert net.weights[0].path == "stem_conv/kernel"
    assert [weight.path for weight in net.weights] == [
        weight.path for weight in bare("none").weights
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"stem": "3x3"},
            '`stem` must be "7x7" or "imagenet". Received: stem=\'3x3\'',
        ),
        (
            {"top": "both"},
            '`top` must be "classification", "segmentation" or `None`. '
            "Received: top='both'",
        ),
        (
            {"classes": 2.5},
            "`classes` must be an int of 1 or more. Received: 2.5",
        ),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError) as error:
        resnet18(**arguments)
    assert str(error.value) == message


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="`padding_mode`.*'mirror-image'"):
        resnet18(padding_mode="mirror-image")
