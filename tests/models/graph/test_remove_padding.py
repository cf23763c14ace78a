import keras
import numpy as np
import pytest
from exact_fields import transposed
from exact_fields import unet
from keras import layers
from large_on_tensorflow import large_network
from off_border import largest_difference

from keras_padpos import models
from keras_padpos.layers import ResizeToMatch
from keras_padpos.models import convert_padding

BACKEND = keras.backend.backend()


def picture(size, channels=3):
    shape = (1, *(size if isinstance(size, tuple) else (size, size)), channels)
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, shape).astype("float32")


def application(name, size, last):
    keras.utils.set_random_seed(0)
    build = getattr(keras.applications, name)
    net = build(weights=None, include_top=False, input_shape=(size, size, 3))
    if name == "EfficientNetB0":
        _hold_gates(net)
    return keras.Model(net.input, net.get_layer(last).output)


def _hold_gates(net):
    """Squeeze-and-excitation looks at the whole map: let it say nothing."""
    for layer in net.layers:
        if layer.name.endswith("se_expand"):
            layer.set_weights([0 * array for array in layer.get_weights()])


def assert_agree(model, size, names):
    bare = convert_padding(model, "none")
    found = largest_difference(model, bare, picture(size), names)
    for name, (difference, positions) in found.items():
        print(f"{name}, {size} pixels: {positions}, {difference:.1e}")
        assert difference <= 1e-4, name
        assert min(positions) > 0, name
    assert models.find_padding_sites(bare) == []


@pytest.mark.parametrize(
    "name, size, last",
    [
        ("VGG16", 96, "block3_conv3"),
        large_network("ResNet50V2", 320, "conv4_block1_out"),
        ("MobileNetV2", 320, "block_9_add"),
        large_network("ResNet50", 320, "conv4_block1_out"),
        large_network("DenseNet121", 320, "conv3_block8_concat"),
        large_network("EfficientNetB0", 320, "block4b_add"),
        large_network("InceptionV3", 283, "mixed3"),
    ],
)
def test_equals_the_padded_network_off_the_border(name, size, last):
    assert_agree(application(name, size, last), size, [last])


@pytest.mark.large
@pytest.mark.parametrize(
    "name, size, last",
    [
        ("VGG16", 416, "block5_pool"),
        ("ResNet50", 736, "conv5_block3_out"),
        ("ResNet50V2", 736, "post_relu"),
        ("MobileNetV2", 640, "out_relu"),
        ("DenseNet121", 2240, "relu"),
        ("EfficientNetB0", 960, "top_activation"),
        ("InceptionV3", 1419, "mixed10"),
    ],
)
def test_whole_networks_equal_the_padded_ones_off_the_border(name, size, last):
    assert_agree(application(name, size, last), size, [last])


def test_sizes_left_open_are_cropped_while_the_model_runs():
    keras.utils.set_random_seed(0)
    net = keras.applications.ResNet50V2(
        weights=None, include_top=False, input_shape=(None, None, 3)
    )
    net = keras.Model(net.input, net.get_layer("conv3_block2_out").output)
    bare = convert_padding(net, "none")
    for size in (128, (160, 192)):
        found = largest_difference(
            net, bare, picture(size), ["conv3_block2_out"]
        )
        assert found["conv3_block2_out"][0] <= 1e-4


def open_net():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, 2, padding="same", name="strided")(inputs)
    y = layers.Conv2D(4, 3, padding="same", name="last")(x)
    return keras.Model(inputs, layers.Add(name="sum")([x, y]))


@pytest.mark.parametrize("size", [32, 33])
def test_an_open_size_takes_the_grid_of_the_shape_that_is_given(size):
    model = open_net()
    bare = convert_padding(model, "none", input_shape=(size, size, 3))
    found = largest_difference(model, bare, picture(size), ["last", "sum"])
    for difference, positions in found.values():
        assert difference <= 1e-4
        assert min(positions) >= 12


def test_an_open_size_that_decides_the_grid_is_asked_for():
    with pytest.raises(ValueError, match="'strided'.*`input_shape`"):
        convert_padding(open_net(), "none")


@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.parametrize("pool", ["MaxPooling2D", "AveragePooling2D"])
def test_what_keeps_its_padding_stays_on_its_grid(pool, size):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = getattr(layers, pool)(3, 2, padding="same", name="pool")(x)
    x = layers.Conv2D(4, 3, 2, padding="same", name="last")(x)
    model = keras.Model(inputs, x)
    for options in ({"pooling": False}, {"only": "conv"}):
        bare = convert_padding(model, "none", **options)
        found = largest_difference(
            model, bare, picture(size), ["pool", "last"], inner=2
        )
        for difference, positions in found.values():
            assert difference <= 1e-4
            assert min(positions) > 1


def test_a_resized_map_may_not_meet_another():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    y = layers.Conv2D(4, 3, 2, padding="same")(x)
    move = layers.Resizing(16, 16)
    alone = keras.Model(inputs, layers.Conv2D(4, 3, padding="same")(move(x)))
    assert convert_padding(alone, "none").output_shape[1] < 16
    model = keras.Model(inputs, layers.Add(name="sum")([move(x), y]))
    with pytest.raises(ValueError, match="'sum'.*position by position"):
        convert_padding(model, "none")


class Blurred(layers.DepthwiseConv2D):
    pass


@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.parametrize(
    "move",
    [
        lambda x: x[:, ::2, ::2],
        lambda x: x[:, 1::2, 1::2],
        lambda x: keras.ops.max_pool(x, 2, 2),
        lambda x: Blurred(3, 2)(x),
    ],
)
def test_windows_of_other_classes_stay_on_the_grid(move, size):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.Conv2D(4, 1, name="moved")(move(x))
    x = layers.Conv2D(4, 3, padding="same", name="last")(x)
    model = keras.Model(inputs, x)
    assert_agree(model, size, ["moved", "last"])


def test_what_hangs_on_the_position_is_refused_behind_what_lost_cells():
    class Places(layers.Layer):
        def call(self, x):
            rows = keras.ops.arange(keras.ops.shape(x)[1], dtype=x.dtype)
            return x + rows[:, None, None]

    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    model = keras.Model(inputs, Places(name="places")(x))
    with pytest.raises(ValueError, match="'places'.*at another position"):
        convert_padding(model, "none")
    before = Places(name="places")(inputs)
    conv = layers.Conv2D(4, 3, padding="same")
    model = keras.Model(inputs, conv(before))
    assert convert_padding(model, "none").output_shape == (None, 14, 14, 4)


def test_an_activation_that_looks_further_is_refused_by_name():
    ramp = np.linspace(1, 2, 8, dtype="float32")[:, None]

    def sloped(x):
        return x * ramp[: x.shape[2]]

    inputs = keras.Input((8, 8, 2))
    conv = layers.Conv2D(2, 3, padding="same", activation=sloped, name="conv")
    with pytest.raises(ValueError, match="'conv'"):
        convert_padding(keras.Model(inputs, conv(inputs)), "none")


class Repeated(layers.Conv2DTranspose):
    def call(self, x):
        return keras.ops.repeat(keras.ops.repeat(x, 2, 1), 2, 2)


def test_a_subclass_of_a_transposed_convolution_is_run():
    inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(2, 3, padding="same")(inputs)
    x = Repeated(2, 4, 2, padding="same", name="up")(x)
    model = keras.Model(inputs, x)
    bare = convert_padding(model, "none")
    picture = np.random.default_rng(0).normal(size=(1, 8, 8, 2))
    whole = model.predict(picture, verbose=0)
    np.testing.assert_allclose(
        bare.predict(picture, verbose=0), whole[:, 2:-2, 2:-2], atol=1e-5
    )


def test_a_resized_map_of_the_same_size_is_not_the_same_map():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    y = layers.Conv2D(4, 3, padding="same")(x)
    model = keras.Model(
        inputs, layers.Add(name="sum")([layers.Resizing(32, 32)(x), y])
    )
    with pytest.raises(ValueError, match="'sum'.*position by position"):
        convert_padding(model, "none")


@pytest.mark.parametrize(
    "join",
    [
        lambda maps: layers.Concatenate(axis=1, name="join")(maps),
        lambda maps: keras.ops.concatenate(maps, axis=2),
    ],
)
def test_maps_joined_along_an_axis_of_the_picture_are_refused(join):
    inputs = keras.Input((32, 32, 3))
    one = layers.Conv2D(4, 3, padding="same")(inputs)
    other = layers.Conv2D(4, 5, padding="same")(inputs)
    with pytest.raises(ValueError, match="along a spatial axis"):
        convert_padding(keras.Model(inputs, join([one, other])), "none")


def test_it_can_be_done_in_two_steps():
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(1, 3, padding="same", name="a")(inputs)
    x = layers.Add(name="add")([inputs, x])
    y = layers.Conv2D(1, 3, padding="same", name="b")(x)
    model = keras.Model(inputs, layers.Add(name="add2")([x, y]))
    once = convert_padding(model, "none")
    twice = convert_padding(convert_padding(model, "none", only="a"), "none")
    x = picture(16, 1)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(twice(x)),
        keras.ops.convert_to_numpy(once(x)),
    )


def test_shared_sums_and_crops():
    inputs = keras.Input((24, 24, 1))
    add = layers.Add(name="add")
    crop = layers.Cropping2D(((3, 0), (3, 0)), name="crop")
    x = layers.Conv2D(1, 3, padding="same")(inputs)
    y = layers.Conv2D(1, 3, padding="same")(x)
    x = add([inputs, add([inputs, x, y])])
    x = layers.Conv2D(1, 3, padding="same", name="last")(crop(x))
    model = keras.Model(inputs, crop(x))
    bare = convert_padding(model, "none")
    x = picture(24, 1)
    padded = keras.ops.convert_to_numpy(model(x))
    found = keras.ops.convert_to_numpy(bare(x))
    size = found.shape[1]
    assert size == 15
    # Of three rows the first crop cuts one, the second two: the rest is lost.
    np.testing.assert_allclose(found, padded[:, :size, :size], atol=1e-5)


def test_lines_with_their_channels_first():
    inputs = keras.Input((3, 32))
    x = layers.Conv1D(4, 3, padding="same", data_format="channels_first")
    y = layers.MaxPooling1D(2, data_format="channels_first", name="pool")
    model = keras.Model(inputs, x(inputs))
    assert convert_padding(model, "none").output_shape == (None, 4, 30)
    model = keras.Model(inputs, y(x(inputs)))
    with pytest.raises(ValueError, match="'pool'.*channels last"):
        convert_padding(model, "none")


def test_an_odd_picture_keeps_the_grid_too():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((61, 62, 3))
    x = layers.Conv2D(4, 3, 2, padding="same", activation="relu")(inputs)
    side = layers.AveragePooling2D(3, 1, padding="same")(x)
    x = layers.SeparableConv2D(4, 5, padding="same")(x)
    x = layers.Concatenate(name="join")([x, side])
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool")(x)
    model = keras.Model(inputs, layers.Conv2D(2, 2, padding="same")(x))
    assert_agree(model, (61, 62), ["join", "pool", model.layers[-1].name])


def test_models_inside_start_on_the_grid_of_what_enters_them():
    keras.utils.set_random_seed(0)
    inside = keras.Sequential(
        [
            layers.Conv2D(4, 3, padding="same", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(4, 3, padding="same", name="last"),
        ],
        name="inside",
    )
    inputs = keras.Input((48, 48, 3))
    x = layers.Conv2D(4, 5, padding="same")(inputs)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = inside(x)
    model = keras.Model(inputs, layers.MaxPooling2D(2, name="out")(x))
    bare = convert_padding(model, "none")
    # Offset 3 goes in, 4 is halved to 2, and 3 comes out: a row is cropped.
    names = [layer.name for layer in bare.layers]
    assert "out_align" in names
    assert isinstance(bare.get_layer("inside"), keras.Sequential)
    found = largest_difference(model, bare, picture(48), ["out"])
    assert found["out"][0] <= 1e-4
    for one, other in zip(bare.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shift_by_padding_and_cropping_stays_a_shift():
    # NASNet's second path of a reduction: one row and column further on.
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(3, 3, padding="same")(inputs)
    one = layers.AveragePooling2D(1, 2)(x)
    other = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    other = layers.Cropping2D(((1, 0), (1, 0)))(other)
    other = layers.AveragePooling2D(1, 2)(other)
    model = keras.Model(inputs, layers.Concatenate(name="join")([one, other]))
    assert_agree(model, 32, ["join"])


def test_a_u_net_meets_again_on_its_grid():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((48, 48, 1))
    fine = layers.Conv2D(2, 3, padding="same")(inputs)
    x = layers.MaxPooling2D(2)(fine)
    x = layers.Conv2D(2, 3, padding="same")(x)
    one = layers.UpSampling2D(2)(x)
    other = layers.Conv2DTranspose(2, 2, 2, padding="same")(x)
    x = layers.Concatenate()([fine, one, other])
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
    bare = convert_padding(model, "none")
    x = picture(48, 1)
    padded = keras.ops.convert_to_numpy(model(x))
    found = keras.ops.convert_to_numpy(bare(x))
    # 1 + 1 cells at half the scale are 4, and one more is lost at the end.
    assert found.shape[1:3] == (38, 38)
    np.testing.assert_allclose(found, padded[:, 5:-5, 5:-5], atol=1e-5)


@pytest.mark.parametrize(
    "enlarge, factor, size",
    [
        (layers.UpSampling2D(3, interpolation="bilinear"), 3, 72),
        (layers.UpSampling2D(2, interpolation="bilinear"), 2, 61),
        (transposed(4, 3), 3, 72),
        (transposed(3, 2), 2, 61),
    ],
)
def test_a_u_net_keeps_what_padding_does_not_reach(enlarge, factor, size):
    keras.utils.set_random_seed(0)
    model = unet(enlarge, factor, size)
    name = model.output_names[0]
    (first, last), other = models.receptive_field(model)[name].clear
    bare = convert_padding(model, "none")
    x = picture(size, 2)
    padded, part = (keras.ops.convert_to_numpy(net(x)) for net in (model, bare))
    inner = padded[:, first : last + 1, other[0] : other[1] + 1]
    assert part.shape == inner.shape
    np.testing.assert_allclose(part, inner, atol=1e-5 * np.abs(inner).max())


@pytest.mark.parametrize("size", [2, 3])
def test_a_smooth_enlargement_loses_what_was_mixed_at_its_rim(size):
    inputs = keras.Input((24, 24, 1))
    x = layers.Conv2D(2, 3, padding="same")(inputs)
    x = layers.UpSampling2D(size, interpolation="bilinear")(x)
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
    bare = convert_padding(model, "none")
    x = picture(24, 1)
    padded = keras.ops.convert_to_numpy(model(x))
    found = keras.ops.convert_to_numpy(bare(x))
    # One cell enlarged, the rim, and one cell more. Of an odd size the middle
    # of a cell is mixed with no other.
    lost = size + size // 2 + 1
    np.testing.assert_allclose(
        found, padded[:, lost:-lost, lost:-lost], atol=1e-5
    )


def test_lines_and_volumes():
    keras.utils.set_random_seed(0)
    for rank, kind in ((1, layers.Conv1D), (3, layers.Conv3D)):
        inputs = keras.Input((20,) * rank + (2,))
        x = kind(2, 3, padding="same")(inputs)
        side = kind(2, 5, padding="same")(x)
        x = layers.Add()([x, side])
        model = keras.Model(inputs, kind(2, 2, 2, padding="same")(x))
        bare = convert_padding(model, "none")
        x = np.random.default_rng(0).normal(size=(1, *(20,) * rank, 2))
        padded = keras.ops.convert_to_numpy(model(x.astype("float32")))
        found = keras.ops.convert_to_numpy(bare(x.astype("float32")))
        # An offset of 3 meets stride 2: from the second position on.
        assert found.shape == (1, *(6,) * rank, 2)
        inner = (slice(None), *(slice(2, 8),) * rank)
        np.testing.assert_allclose(found, padded[inner], atol=1e-5)


@pytest.mark.parametrize("size", [32, None])
def test_crops_keep_the_precision_of_what_they_crop(size):
    inputs = keras.Input((size, size, 3))
    half = keras.dtype_policies.DTypePolicy("mixed_float16")
    x = layers.Conv2D(4, 3, padding="same", dtype=half)(inputs)
    y = layers.Conv2D(4, 3, padding="same", dtype=half)(x)
    x = layers.MaxPooling2D(2, dtype=half)(keras.ops.add(x, y))
    bare = convert_padding(keras.Model(inputs, x), "none")
    assert any(
        type(layer).__name__ in ("AlignMaps", "Cropping2D")
        for layer in bare.layers
    )
    assert {
        tensor.dtype
        for layer in bare.layers[1:]
        for tensor in keras.tree.flatten(layer.output)
    } == {"float16"}
    made = bare(picture(32))
    assert keras.backend.standardize_dtype(made.dtype) == "float16"


def test_a_map_that_was_of_another_size_is_left_alone():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, 2, padding="same")(inputs)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = ResizeToMatch(name="enlarged")([x, inputs])
    bare = convert_padding(keras.Model(inputs, x), "none")
    assert bare.output_shape == (None, 32, 32, 4)


def test_a_gate_of_one_cell_is_no_map_that_is_cropped():
    inputs = keras.Input((3, 3, 4))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Multiply()([inputs, x, layers.Conv2D(4, 1)(gate)])
    bare = convert_padding(keras.Model(inputs, x), "none")
    # What is left is one cell too, and is not taken for a gate.
    assert bare.output_shape == (None, 1, 1, 4)


def test_what_is_skipped_keeps_its_padding():
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(1, 3, padding="same", name="first")(inputs)
    x = layers.Conv2D(1, 3, padding="same", name="second")(x)
    model = keras.Model(inputs, x)
    bare = convert_padding(model, "none", only="first")
    assert bare.output_shape == (None, 14, 14, 1)
    assert [site.name for site in models.find_padding_sites(bare)] == ["second"]


def test_too_small_a_picture_names_the_layer():
    net = keras.applications.ResNet50(
        weights=None, include_top=False, input_shape=(64, 64, 3)
    )
    with pytest.raises(ValueError) as error:
        convert_padding(net, "none")
    message = str(error.value)
    assert message.startswith("Layer 'conv3_block")
    assert "larger input shape" in message


@pytest.mark.large
def test_resnet50_needs_498_pixels():
    build = keras.applications.ResNet50
    options = {"weights": None, "include_top": False}
    with pytest.raises(ValueError, match="'conv5_block3_2_conv'"):
        convert_padding(build(input_shape=(497, 497, 3), **options), "none")
    bare = convert_padding(build(input_shape=(498, 498, 3), **options), "none")
    assert bare.output_shape == (None, 1, 1, 2048)


def test_weights_that_hang_on_the_size_name_the_layer():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(1, 3, padding="same"),
            layers.Flatten(),
            layers.Dense(3, name="top"),
        ]
    )
    with pytest.raises(ValueError, match=r"'top'.*\(64, 3\).*\(36, 3\)"):
        convert_padding(model, "none")


def offsets_of(part, whole):
    """Where a map lies in another, equally far along every axis."""
    size = part.shape[1]
    rank = part.ndim - 2
    return [
        start
        for start in range(whole.shape[1] - size + 1)
        if np.allclose(
            whole[(slice(None), *(slice(start, start + size),) * rank)],
            part,
            atol=1e-5,
        )
    ]


def clear_of_padding(build, size, around):
    """First and last position of a network's map that padding cannot reach.

    They are those that the network gives on a larger picture too, whose other
    cells are real neighbours.
    """
    small, large = build(size), build(size + 2 * around)
    large.set_weights(small.get_weights())
    x = np.random.default_rng(0).normal(
        size=(1, *(size + 2 * around,) * (len(small.input_shape) - 2), 1)
    )
    inner = (slice(None), *(slice(around, -around),) * (x.ndim - 2))
    found = keras.ops.convert_to_numpy(small(x[inner]))
    real = keras.ops.convert_to_numpy(large(x))
    moved = around * found.shape[1] // size
    # Along the first axis, at the middle of the others.
    middle = (found.shape[1] // 2,) * (x.ndim - 3)
    line = found[(0, slice(None), *middle)]
    other = real[
        (0, slice(moved, moved + len(line)), *(moved + m for m in middle))
    ]
    near = np.abs(line - other).max(axis=-1) < 1e-5
    clear = np.flatnonzero(near)
    return small, x[inner], clear[0], clear[-1]


@pytest.mark.parametrize(
    "rank, kernel, stride, dilation, cells",
    [
        (1, 3, 2, 1, "same"),
        (2, 3, 2, 1, "same"),
        (2, 4, 2, 1, "same"),
        (2, 5, 2, 1, "same"),
        (2, 5, 1, 1, "same"),
        (2, 4, 3, 1, "same"),
        (1, 3, 1, 2, "same"),
        (3, 3, 2, 1, "same"),
    ],
)
def test_a_transposed_convolution_keeps_what_saw_real_neighbours(
    rank, kernel, stride, dilation, cells
):
    keras.utils.set_random_seed(0)
    conv = getattr(layers, f"Conv{rank}D")
    transposed = getattr(layers, f"Conv{rank}DTranspose")

    def build(size):
        inputs = keras.Input((size,) * rank + (1,))
        x = conv(2, 3, padding="same")(inputs)
        x = transposed(
            2, kernel, stride, padding=cells, dilation_rate=dilation
        )(x)
        return keras.Model(inputs, x)

    model, x, first, last = clear_of_padding(build, 9, 6)
    bare = convert_padding(model, "none")
    part = keras.ops.convert_to_numpy(bare(x))
    whole = keras.ops.convert_to_numpy(model(x))
    assert offsets_of(part, whole) == [first]
    assert part.shape[1] == last - first + 1
    assert models.find_padding_sites(bare) == []


def test_a_u_net_of_transposed_convolutions_meets_on_its_grid():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((48, 48, 1))
    fine = layers.Conv2D(2, 3, padding="same")(inputs)
    x = layers.Conv2D(2, 3, 2, padding="same")(fine)
    x = layers.Conv2D(2, 3, padding="same")(x)
    x = layers.Conv2DTranspose(2, 3, 2, padding="same")(x)
    x = layers.Concatenate()([fine, x])
    x = layers.Conv2D(1, 3, 2, padding="same")(x)
    model = keras.Model(inputs, x)
    bare = convert_padding(model, "none")
    x = picture(48, 1)
    part = keras.ops.convert_to_numpy(bare(x))
    whole = keras.ops.convert_to_numpy(model(x))
    assert len(offsets_of(part, whole)) == 1
    assert part.shape[1] >= 24 - 2 * 4


def test_open_sizes_are_cropped_behind_a_transposed_convolution():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(2, 3, padding="same")(inputs)
    x = layers.Conv2DTranspose(2, 3, 2, padding="same")(x)
    model = keras.Model(inputs, x)
    bare = convert_padding(model, "none")
    for size in (8, 11):
        x = picture(size, 1)
        part = keras.ops.convert_to_numpy(bare(x))
        assert len(offsets_of(part, keras.ops.convert_to_numpy(model(x)))) == 1


@pytest.mark.parametrize(
    "name",
    # PyTorch has no Lanczos kernels.
    ("bilinear", "bicubic", "lanczos5")[: 2 if BACKEND == "torch" else 3],
)
def test_a_chosen_enlargement_loses_its_rim_though_nothing_was_lost(name):
    keras.utils.set_random_seed(0)

    def build(size):
        inputs = keras.Input((size, size, 1))
        x = layers.UpSampling2D(2, interpolation=name, name="up")(inputs)
        return keras.Model(inputs, layers.Conv2D(1, 1, name="last")(x))

    model, x, first, last = clear_of_padding(build, 24, 8)
    bare = convert_padding(model, "none")
    part = keras.ops.convert_to_numpy(bare(x))
    assert offsets_of(part, keras.ops.convert_to_numpy(model(x))) == [first]
    assert part.shape[1] == last - first + 1
    assert models.find_padding_sites(bare) == []


def test_a_state_cannot_go_without_padding():
    inputs = keras.Input((3, 8, 8, 1))
    lstm = layers.ConvLSTM2D(1, 3, name="lstm")
    with pytest.raises(ValueError, match="'lstm'.*without padding.*`skip`"):
        convert_padding(keras.Model(inputs, lstm(inputs)), "none")


def test_a_saved_network_without_padding_loads_again(tmp_path):
    net = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(None, None, 3)
    )
    net = keras.Model(net.input, net.get_layer("block_5_add").output)
    bare = convert_padding(net, "none", input_shape=(96, 96, 3))
    bare.save(tmp_path / "bare.keras")
    again = keras.saving.load_model(tmp_path / "bare.keras")
    x = picture((96, 90))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(again(x)),
        keras.ops.convert_to_numpy(bare(x)),
    )


@keras.saving.register_keras_serializable("test_remove_padding")
class Mirrored(layers.Layer):
    """Pads by its own code."""

    def call(self, x):
        return keras.ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect")


@keras.saving.register_keras_serializable("test_remove_padding")
class Halved(layers.Layer):
    """Moves its window by two cells."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(3, 3, 2, padding="same")

    def build(self, shape):
        self.conv.build(shape)

    def call(self, x):
        return self.conv(x)


@pytest.mark.parametrize("size", [40, 39, 37])
@pytest.mark.parametrize(
    "steps",
    [
        lambda: [Mirrored(name="own"), layers.Conv2D(3, 3, 2)],
        lambda: [Halved(name="own")],
        lambda: [Halved(name="own"), layers.Conv2D(3, 3, 2, padding="same")],
    ],
)
def test_layers_of_other_classes_that_are_left_stay_on_the_grid(steps, size):
    first = layers.Conv2D(3, 3, padding="same")
    model = keras.Sequential([keras.Input((size, size, 3)), first, *steps()])
    bare = convert_padding(
        model, "none", skip=lambda site: site.name.startswith("own")
    )
    x = np.random.default_rng(0).normal(size=(2, size, size, 3))
    padded, made = (
        np.asarray(keras.ops.convert_to_numpy(net(x))) for net in (model, bare)
    )
    assert made.shape[1] >= padded.shape[1] - 2
    # What it pads by itself shows at the rim alone.
    part = padded[:, 1 : 1 + made.shape[1], 1 : 1 + made.shape[2]]
    np.testing.assert_allclose(
        part[:, 2:-2, 2:-2], made[:, 2:-2, 2:-2], rtol=1e-4, atol=1e-5
    )


def test_what_was_not_measured_is_refused_by_name():
    flip = layers.Lambda(lambda x: keras.ops.flip(x, 1), name="flip")
    model = keras.Sequential(
        [keras.Input((40, 40, 3)), layers.Conv2D(3, 3, padding="same"), flip]
    )
    with pytest.raises(ValueError, match="'flip'.*could not be measured"):
        convert_padding(
            model, "none", skip=lambda site: site.name.startswith("flip")
        )
