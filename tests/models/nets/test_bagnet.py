import functools

import keras
import numpy as np
import pytest
from large_on_tensorflow import large_on_tensorflow
from oracles import gradient
from torch_twin import load
from torch_twin import output
from torch_twin import randomise
from torch_twin import run

from keras_padpos.models import bagnet
from keras_padpos.models import receptive_field

# ResNet-50 as torchvision counts it, with 1000 classes.
RESNET50 = 25_557_032
LAST = "stage4_block3_out"


def pictures(height=48, width=48):
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, height, width, 3)).astype("float32")


@functools.cache
def bare(patch_size=9, mode="zeros"):
    """The net without a top; not to be changed."""
    return randomise(bagnet(patch_size, padding_mode=mode, top=None))


def parameters_of_resnet50_with_narrow_windows(patch_size):
    # 1x1 and 3x3 instead of 7x7 in the stem.
    count = RESNET50 - 49 * 3 * 64 + 3 * 64 + 9 * 64 * 64
    # A 1x1 window saves 8 of 9 weights.
    wide = {9: (1, 1, 0, 0), 17: (1, 1, 1, 0), 33: (1, 1, 1, 1)}[patch_size]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        filters = 64 * 2**stage
        count -= (blocks - wide[stage]) * 8 * filters**2
    return count


@pytest.mark.parametrize(
    ("patch_size", "count"),
    [
        (9, 15_688_744),
        (33, 18_310_184),
        large_on_tensorflow(17, 16_213_032),
    ],
)
def test_parameters_by_hand(patch_size, count):
    assert parameters_of_resnet50_with_narrow_windows(patch_size) == count
    head = 2048 * 1000 + 1000
    found = sum(
        int(np.prod(weight.shape))
        for weight in bare(patch_size).trainable_weights
    )
    assert found + head == count


@pytest.mark.parametrize("patch_size", [9, 33, large_on_tensorflow(17)])
def test_the_last_map_sees_patches_of_that_size(patch_size):
    net = bare(patch_size)
    field = receptive_field(net, (224, 224, 3))[LAST]
    assert field.size == (patch_size, patch_size)
    assert field.stride == (8, 8)
    assert field.pad_before == (patch_size // 2, patch_size // 2)
    assert field.positions == (28, 28)
    # Exactly so: the gradient of one position.
    first = 3 * 8 - patch_size // 2
    assert seen(net, (3, 3)) == [(first, first + patch_size - 1)] * 2


def seen(net, place):
    """The first and last cell, along both axes, that a position sees."""
    upstream = np.zeros((1, 6, 6, 2048), "float32")
    upstream[:, *place] = 1
    cells = gradient(net, pictures(), upstream)[0].any(axis=-1)
    return [
        (int(places.min()), int(places.max()))
        for places in (
            np.flatnonzero(cells.any(axis=1)),
            np.flatnonzero(cells.any(axis=0)),
        )
    ]


@pytest.mark.parametrize(
    ("patch_size", "size"), [(9, 27), large_on_tensorflow(33, 24)]
)
def test_without_padding_the_map_has_the_originals_size(patch_size, size):
    shape = bare(patch_size, "none").compute_output_shape((1, 224, 224, 3))
    assert shape == (1, size, size, 2048)


def test_features_are_those_of_a_plain_pytorch_net():
    torch = pytest.importorskip("torch")
    nn, net = torch.nn, bare(33)

    def loaded(channels, filters, kernel_size, stride, name):
        convolution = nn.Conv2d(
            channels,
            filters,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            bias=False,
        )
        return load(convolution, net.get_layer(f"{name}_conv"))

    def convolved(*arguments):
        norm = nn.BatchNorm2d(arguments[1])
        load(norm, net.get_layer(f"{arguments[-1]}_bn"))
        return nn.Sequential(loaded(*arguments), norm)

    def forward(x):
        x = loaded(3, 64, 1, 1, "stem_1")(x)
        x = torch.relu(convolved(64, 64, 3, 1, "stem_2")(x))
        channels = 64
        for stage, blocks in enumerate((3, 4, 6, 3), start=1):
            filters = 32 * 2**stage
            for block in range(1, blocks + 1):
                name = f"stage{stage}_block{block}"
                first = block == 1
                stride = 2 if first and stage < 4 else 1
                kernel_size = 3 if first else 1
                y = convolved(channels, filters, 1, 1, f"{name}_1")(x)
                y = convolved(
                    filters, filters, kernel_size, stride, f"{name}_2"
                )(torch.relu(y))
                y = convolved(filters, 4 * filters, 1, 1, f"{name}_3")(
                    torch.relu(y)
                )
                if first:
                    x = convolved(
                        channels, 4 * filters, 1, stride, f"{name}_0"
                    )(x)
                x = torch.relu(x + y)
                channels = 4 * filters
        return x

    x = pictures(45, 50)
    expected = run(forward, x)
    assert expected.std() > 0.1
    np.testing.assert_allclose(
        output(net, x), expected, atol=1e-4 * expected.std()
    )


# The other modes run through VGG-5 and ResNet-18.
@pytest.mark.parametrize("mode", [large_on_tensorflow("circular"), "partial"])
def test_modes_differ_from_zeros_where_padding_reaches_only(mode):
    net = bagnet(9, padding_mode=mode, top=None)
    net.set_weights(bare().get_weights())
    x = pictures()
    difference = np.abs(output(net, x) - output(bare(), x)).max(axis=(0, 3))
    # Of 6 x 6 positions only the first see past the border, 4 cells.
    assert difference[1:, 1:].max() < 1e-5 * difference.max()


@pytest.mark.parametrize("patch_size", [9, large_on_tensorflow(33)])
def test_without_padding_it_gives_what_padding_cannot_reach(patch_size):
    none = bare(patch_size, "none")
    none.set_weights(bare(patch_size).get_weights())
    x = pictures(56, 67)
    reach = -(-(patch_size // 2) // 8)
    expected = output(bare(patch_size), x)[:, reach:, reach:]
    found = output(none, x)
    # The last position sees cells up to 8 * i + patch_size // 2.
    count = [(n - 1 - patch_size // 2) // 8 - reach + 1 for n in (56, 67)]
    assert found.shape[1:3] == tuple(count)
    np.testing.assert_allclose(
        found,
        expected[:, : count[0], : count[1]],
        atol=1e-4 * expected.std(),
    )


def test_interpolating_keeps_a_constant_picture_constant():
    x = np.ones((1, 48, 48, 3), "float32") * np.float32([1, -2, 3])
    y = output(bare(9, "interpolate"), x)
    assert np.ptp(y, axis=(1, 2)).max() < 1e-5 * np.abs(y).max()


def test_interpolating_keeps_the_size_of_the_last_map():
    shape = bare(9, "interpolate").compute_output_shape((1, 96, 96, 3))
    assert shape == (1, 12, 12, 2048)


def test_a_saved_net_computes_the_same(tmp_path):
    net = bagnet(9, padding_mode="symmetric", top="segmentation", classes=3)
    assert net.output_shape == (None, None, None, 3)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures(40, 51)
    y = output(loaded, x)
    assert y.shape == (1, 40, 51, 3)
    np.testing.assert_array_equal(y, output(net, x))


def test_names_of_nets_and_stages():
    assert bare(33).name == "bagnet33"
    names = {layer.name for layer in bare(33).layers}
    assert names >= {
        "stem_out",
        "stage1_block3_out",
        "stage2_block4_out",
        "stage3_block6_out",
        LAST,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"patch_size": 32},
            "`patch_size` must be 9, 17 or 33. Received: patch_size=32",
        ),
        (
            {"top": True},
            '`top` must be "classification", "segmentation" or `None`. '
            "Received: top=True",
        ),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError) as error:
        bagnet(**arguments)
    assert str(error.value) == message
