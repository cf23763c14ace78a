import keras
import numpy as np
import pytest
from exact_fields import assert_field_is_exact
from exact_fields import transposed
from exact_fields import unet
from keras import layers
from large_on_tensorflow import large_network
from oracles import gradient

from keras_padpos import layers as ours
from keras_padpos import models
from keras_padpos.errors import InputError


def _network(name):
    build = getattr(keras.applications, name)
    return build(
        weights=None, include_top=False, input_shape=(None, None, 3), name="net"
    )


@pytest.mark.parametrize(
    "network, layer, stride, size, before, margin",
    [
        ("VGG19", "block1_conv2", 1, 5, 2, 2),
        ("VGG19", "block2_conv2", 2, 14, 6, 6),
        ("VGG19", "block3_conv4", 4, 48, 22, 24),
        ("VGG19", "block4_conv4", 8, 116, 54, 56),
        ("VGG19", "block5_conv4", 16, 252, 118, 128),
        ("VGG16", "block5_conv3", 16, 196, 90, 96),
        ("ResNet50", "conv2_block3_out", 4, 35, 17, 20),
        ("ResNet50", "conv3_block4_out", 8, 99, 49, 56),
        ("ResNet50", "conv4_block6_out", 16, 291, 145, 160),
        ("ResNet50", "conv5_block3_out", 32, 483, 241, 256),
    ],
)
def test_known_geometries(network, layer, stride, size, before, margin):
    fields = models.receptive_field(_network(network), (224, 224, 3))
    field = fields[layer]
    assert field.stride == (stride, stride)
    assert field.size == (size, size)
    assert field.pad_before == (before, before)
    assert field.margin == (margin, margin)


def _residual(x, kernels, strides, project):
    """A residual block of 3x3 or bottleneck windows: linear, one channel."""
    shortcut = layers.Conv2D(1, 1, max(strides))(x) if project else x
    for kernel, stride in zip(kernels, strides, strict=True):
        if kernel == 3:
            x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(1, kernel, stride)(x)
    return layers.Add()([shortcut, x])


def _torchvision_resnet50():
    """Strides in the 3x3 window of a block ("v1.5"), pads on both sides."""
    inputs = keras.Input((None, None, 1))
    x = layers.ZeroPadding2D(3)(inputs)
    x = layers.Conv2D(1, 7, 2)(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.MaxPooling2D(3, 2)(x)
    for stage, blocks in enumerate((3, 4, 6, 3), start=2):
        for block in range(blocks):
            first = block == 0
            stride = 2 if first and stage > 2 else 1
            x = _residual(x, (1, 3, 1), (1, stride, 1), first)
        x = layers.Identity(name=f"conv{stage}")(x)
    return keras.Model(inputs, x)


def _cifar_resnet(blocks):
    inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(1, 3, padding="same")(inputs)
    for stage in (1, 2, 3):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 1 else 1
            x = _residual(x, (3, 3), (stride, 1), stride == 2)
        x = layers.Identity(name=f"stage{stage}")(x)
    return keras.Model(inputs, x)


def _resnet18():
    return models.resnet18(stem="imagenet", top=None)


@pytest.mark.parametrize(
    "make, layer, crop, stride, size, before, margin",
    [
        (_torchvision_resnet50, "conv3", 224, 8, 91, 45, 48),
        (_torchvision_resnet50, "conv4", 224, 16, 267, 133, 144),
        (_torchvision_resnet50, "conv5", 224, 32, 427, 213, 224),
        (_resnet18, "stage4_block2_out", 224, 32, 435, 217, 224),
        (lambda: _cifar_resnet(3), "stage1", 32, 1, 15, 7, 7),
        (lambda: _cifar_resnet(3), "stage2", 32, 2, 37, 18, 18),
        (lambda: _cifar_resnet(3), "stage3", 32, 4, 81, 40, 40),
        (lambda: _cifar_resnet(9), "stage1", 32, 1, 39, 19, 19),
        (lambda: _cifar_resnet(9), "stage2", 32, 2, 109, 54, 54),
        (lambda: _cifar_resnet(9), "stage3", 32, 4, 249, 124, 124),
    ],
)
def test_known_geometries_of_other_residual_networks(
    make, layer, crop, stride, size, before, margin
):
    model = make()
    shape = (crop, crop, model.input_shape[-1])
    field = models.receptive_field(model, shape)[layer]
    assert field.stride == (stride, stride)
    assert field.size == (size, size)
    assert field.pad_before == (before, before)
    assert field.margin == (margin, margin)


@pytest.mark.parametrize(
    "network, layer, size",
    [
        ("VGG19", "block5_pool", 268),
        ("VGG16", "block5_pool", 212),
    ],
)
def test_known_fields_of_the_last_pooling(network, layer, size):
    field = models.receptive_field(_network(network), (224, 224, 3))[layer]
    assert field.stride == (32, 32)
    assert field.size == (size, size)


def test_a_gate_lets_padding_reach_everywhere():
    inputs = keras.Input((32, 32, 4))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Conv2D(4, 1)(layers.Reshape((1, 1, 4))(gate))
    x = layers.Multiply(name="gated")([x, gate])
    field = models.receptive_field(keras.Model(inputs, x))
    assert field["conv"].reach == (1 / 16, 1 / 16)
    assert not field["conv"].gated
    assert field["gated"].gated
    assert field["gated"].reach == (1, 1)
    assert field["gated"].size == (3, 3)
    # A gate that no padding reached lets none in.
    bare = models.convert_padding(keras.Model(inputs, x), "none")
    field = models.receptive_field(bare)["gated"]
    assert field.gated
    assert field.reach == (0, 0)
    assert field.pad_before == (0, 0)
    assert field.positions == (30, 30)


def test_cropping_brings_what_padding_reached_back_out_of_sight():
    model = keras.Sequential(
        [
            keras.Input((10, 12, 1)),
            layers.Conv2D(1, 5, padding="same", name="conv"),
            layers.Cropping2D(((2, 1), (0, 2)), name="crop"),
        ]
    )
    fields = models.receptive_field(model)
    assert fields["conv"].reach == pytest.approx((4 / 10, 4 / 12))
    assert fields["crop"].pad_before == (0, 2)
    assert fields["crop"].pad_after == (1, 0)
    assert fields["crop"].reach == pytest.approx((1 / 7, 2 / 10))


_MANY_BRANCHES = ["InceptionResNetV2"]
if keras.backend.backend() != "torch":  # Keras does not build it there.
    _MANY_BRANCHES.append("NASNetMobile")


@pytest.mark.parametrize(
    "name", [large_network(name) for name in _MANY_BRANCHES]
)
def test_networks_of_many_branches_have_fields(name):
    # Built for a size: NASNet decides by sizes which branches to shrink.
    net = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(224, 224, 3)
    )
    fields = models.receptive_field(net)
    last = net.layers[-1].name
    assert fields[last].stride == (32, 32)
    assert fields[last].reach == (1, 1)


def _positive(model):
    """Positive weights and no ReLU that cuts: every path shows."""
    rng = np.random.default_rng(0)
    model.set_weights(
        [rng.uniform(0.1, 1, w.shape).astype("float32") for w in model.weights]
    )
    return model


def _branching():
    inputs = keras.Input((23, 20, 1))
    x = layers.Conv2D(1, 5, strides=2, padding="same", name="stem")(inputs)
    wide = layers.Conv2D(1, 3, dilation_rate=2, padding="same")(x)
    wide = layers.DepthwiseConv2D((3, 1), padding="same")(wide)
    x = layers.Add(name="sum")([x, wide])
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)
    x = layers.Conv2D(1, (2, 3), strides=(1, 2), name="last")(x)
    return _positive(keras.Model(inputs, x))


def _nested():
    inputs = keras.Input((17, 18, 1))
    inner = keras.Sequential(
        [
            layers.Conv2D(1, 3, strides=2, padding="same"),
            layers.AveragePooling2D(3, 2, padding="same", name="last"),
        ],
        name="inner",
    )
    return _positive(keras.Model(inputs, inner(inputs)))


@pytest.mark.parametrize(
    "make, name", [(_branching, "last"), (_nested, "inner/last")]
)
def test_the_gradient_of_a_position_lies_in_its_field(make, name):
    model = make()
    field = models.receptive_field(model)[name]
    height, width = model.input_shape[1:3]
    assert field.positions == model.output_shape[1:3]
    x = np.ones((1, height, width, 1), "float32")
    clear = np.zeros(field.positions, bool)
    for i in range(field.positions[0]):
        for j in range(field.positions[1]):
            upstream = np.zeros((1, *field.positions, 1), "float32")
            upstream[0, i, j] = 1
            seen = gradient(model, x, upstream)[0, :, :, 0] != 0
            inside = True
            for axis, place in enumerate((i, j)):
                low = place * field.stride[axis] - field.pad_before[axis]
                high = low + field.size[axis]
                count = (height, width)[axis]
                cells = np.flatnonzero(seen.any(axis=1 - axis))
                # Branches reach unequally far, so the ends are what is exact.
                assert cells.min() == max(low, 0)
                assert cells.max() == min(high, count) - 1
                inside = inside and low >= 0 and high <= count
            clear[i, j] = inside
    shares = [1 - clear.any(axis=1 - axis).mean() for axis in (0, 1)]
    np.testing.assert_allclose(field.reach, shares)


@pytest.mark.parametrize(
    "size, stack, margin",
    [
        # The last position sees 2 cells past the end.
        (8, [layers.ZeroPadding1D((1, 2)), layers.Conv1D(1, 3)], 2),
        # Of 7 cells the last pool holds one.
        (7, [layers.AveragePooling1D(2, padding="same")], 2),
        (7, [layers.Conv1D(1, 3)], 0),
        # The last of 12 positions sees the cells 33 to 35 and 42 to 44.
        (
            38,
            [
                layers.MaxPooling1D(3, padding="same"),
                layers.ZeroPadding1D((0, 2)),
                layers.Conv1D(1, 2, dilation_rate=3),
            ],
            9,
        ),
    ],
)
def test_margins_behind_uneven_frames(size, stack, margin):
    model = keras.Sequential([keras.Input((size, 1)), *stack])
    (*_, field) = models.receptive_field(model).values()
    assert field.margin == (margin,)


def test_the_margin_is_the_least_that_hides_the_border():
    # Two crops of a large picture, one with the true margin, one a stride less.
    model = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            layers.Conv2D(1, 5, padding="same"),
            layers.MaxPooling2D(2),
            layers.Conv2D(1, 5, padding="same", name="last"),
        ]
    )
    _positive(model)
    field = models.receptive_field(model, (64, 64, 1))["last"]
    picture = np.random.default_rng(0).uniform(size=(1, 64, 64, 1))
    stride, margin = field.stride[0], field.margin[0]

    def features(margin):
        first, last = 24 - margin, 40 + margin
        whole = keras.ops.convert_to_numpy(
            model(picture[:, first:last, first:last].astype("float32"))
        )
        cut = margin // stride
        return whole[:, cut : whole.shape[1] - cut, cut : whole.shape[2] - cut]

    truth = features(24)
    np.testing.assert_allclose(features(margin), truth, rtol=1e-5)
    assert np.abs(features(margin - stride) - truth).max() > 1e-2


def _centroids(model, position):
    """Of the gradient of a cell by the picture, one number an axis."""
    upstream = np.zeros((1, *model.output_shape[1:]), "float32")
    upstream[0, position[0], position[1]] = 1
    shape = (1, *model.input_shape[1:])
    seen = gradient(model, np.ones(shape, "float32"), upstream)[0].sum(axis=2)
    return [
        np.average(np.arange(seen.shape[axis]), weights=seen.sum(axis=1 - axis))
        for axis in (0, 1)
    ]


def _enlarging(geometry):
    """Windows that keep the middle: all their cells weigh the same."""
    from keras_padpos import layers as ours

    inputs = keras.Input((64, 48, 1))
    options = {"padding_mode": "interpolate"}
    x = ours.Conv2D(1, 3, strides=2, padding=geometry, **options)(inputs)
    x = ours.DepthwiseConv2D(3, padding=geometry, **options)(x)
    x = ours.Padding2D(((2, 1), (0, 2)), **options)(x)
    x = ours.AveragePooling2D(3, 1, padding=geometry, **options)(x)
    x = layers.Cropping2D(((1, 0), (0, 0)))(x)
    model = keras.Model(inputs, x)
    model.set_weights([np.ones_like(each) for each in model.get_weights()])
    return model


@pytest.mark.parametrize("geometry", ["same", 1])
def test_cells_of_enlarged_maps_lie_where_their_gradient_does(geometry):
    model = _enlarging(geometry)
    field = list(models.receptive_field(model).values())[-1]
    # What a frame would do is told as before.
    assert field.stride == (2, 2)
    for position in ((9, 7), (14, 11), (20, 16)):
        places = [
            start + i * spacing
            for start, i, spacing in zip(
                field.start, position, field.spacing, strict=True
            )
        ]
        np.testing.assert_allclose(
            _centroids(model, position), places, atol=0.35
        )
    assert all(1 < each < 1.7 for each in field.spacing)


def test_where_no_map_is_enlarged_cells_lie_in_the_middle_of_windows():
    for make in (_branching, _nested):
        for field in models.receptive_field(make()).values():
            assert field.spacing == field.stride
            assert field.start == tuple(
                (size - 1) / 2 - before
                for size, before in zip(
                    field.size, field.pad_before, strict=True
                )
            )


def test_branches_enlarged_unequally_count_by_what_they_bring():
    from keras_padpos import layers as ours

    def conv(x, filters=2):
        return ours.Conv2D(
            filters, 3, padding="same", padding_mode="interpolate"
        )(x)

    inputs = keras.Input((10, 10, 2))
    once = conv(inputs)
    first = layers.Add(name="first")([inputs, once])
    second = layers.Add(name="second")([first, conv(first)])
    beside = layers.Concatenate(name="beside")([inputs, conv(inputs, 6)])
    fields = models.receptive_field(keras.Model(inputs, [second, beside]))
    r = 10 / 12
    mean = (1 + r) / 2
    assert fields["first"].spacing[0] == pytest.approx(mean)
    assert fields["second"].spacing[0] == pytest.approx(
        (2 * mean + r * mean) / 3
    )
    assert fields["beside"].spacing[0] == pytest.approx((1 + 3 * r) / 4)
    for field in fields.values():  # about the picture's middle
        assert field.start[0] + 4.5 * field.spacing[0] == pytest.approx(4.5)


@pytest.mark.parametrize(
    "stack, uneven",
    [
        # Cells that are counted, and windows that leave some out.
        ([("valid", 3, 2), (1, 3, 2), ("same", 3, 1), ("valid", 2, 2)], False),
        ([("valid", 2, 2), ("same", 3, 2), ("same", 3, 1)], True),
        ([("same", 3, 1), ("valid", 3, 3), ("same", 4, 3)], True),
    ],
)
def test_an_open_size_hides_what_depends_on_it_and_nothing_else(stack, uneven):
    inputs = x = keras.Input((None, None, 1))
    for padding, kernel, stride in stack:
        x = ours.Conv2D(1, kernel, stride, padding=padding)(x)
    model = keras.Model(inputs, x)
    fields = models.receptive_field(model)
    at_sizes = [
        models.receptive_field(model, (size, size + 1, 1))
        for size in range(60, 78)
    ]
    for name, field in fields.items():
        for number in ("stride", "size", "pad_before", "margin", "start"):
            values = {getattr(each[name], number) for each in at_sizes}
            known = values.pop() if len(values) == 1 else (None, None)
            assert getattr(field, number) == known
        assert field.positions == (None, None)
    last = list(fields.values())[-1]
    assert (None in last.pad_before) is uneven
    with pytest.raises(ValueError, match="`surround` depends.*`input_shape`"):
        _ = last.surround


def test_sizes_that_a_network_does_not_take_are_none_of_its_sizes():
    inputs = keras.Input((None, 24, 1))
    half = layers.Conv2D(1, 2, 2, padding="same", name="half")(inputs)
    back = layers.Conv2DTranspose(1, 2, 2)(half)
    joined = layers.Concatenate(axis=2)([inputs, layers.ReLU()(back)])
    fields = models.receptive_field(keras.Model(inputs, joined))
    assert fields["half"].pad_before == (0, 0)
    assert fields["half"].positions == (None, 12)


def test_fields_are_printed_as_a_table():
    inner = keras.Sequential(
        [
            keras.Input((None, 8, 1)),
            layers.Conv2D(1, 3, padding="same", name="conv"),
            layers.Conv2D(1, 3, padding="same", name="<b>"),
        ],
        name="net",
    )
    inputs = keras.Input((None, 8, 1), name="picture")
    outputs = ours.ResizeToMatch(name="up")([inner(inputs), inputs])
    fields = models.receptive_field(keras.Model(inputs, outputs))
    lines = str(fields).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in table[2:]] == [
        "picture",
        "net/conv",
        "net/<b>",
    ]
    assert lines[3].split("|")[2:-1] == [
        " 1      ",
        " 3    ",
        " 1          ",
        " 1         ",
        " 1      ",
        " ?          ",
        " ?x8       ",
    ]
    assert lines[-2].startswith("? depends on a size that is open")
    assert (
        lines[-1]
        == "Unknown, up: layer 'up' (ResizeToMatch) lays the outermost cells "
        "of two maps on each other."
    )
    assert "net/&lt;b&gt;</td><td>1</td>" in fields._repr_html_()
    assert (
        repr(fields) == "<ReceptiveFields: 3 fields, in cells of the picture.>"
    )


def test_the_share_that_padding_reaches_is_of_positions():
    conv = layers.Conv2D(1, 3, padding="same", name="conv")
    model = keras.Sequential([keras.Input((4, 8, 1)), conv])
    fields = models.receptive_field(model)
    # By hand: the border of 4 x 8 positions.
    assert fields["conv"].reached == (2 * 8 + 2 * 2) / 32
    assert " 62.5       |" in str(fields)
    lines = str(fields).splitlines()
    assert lines[-1].startswith("reached: share of the map's positions")


def test_a_name_without_a_field_says_why():
    inner = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(1, 3, name="conv")], name="net"
    )
    flat = layers.Flatten(name="flat")
    fields = models.receptive_field(
        keras.Sequential([keras.Input((8, 8, 1)), inner, flat])
    )
    for name, message in (
        ("net", "'net' is a model. Name a layer .*, 'net/conv'"),
        ("flat", "Layer 'flat' gives no map"),
        ("cov", "No layer with a map is named 'cov'.* conv?"),
    ):
        with pytest.raises(ValueError, match=message):
            fields[name]


def test_names_of_layers_in_models_inside_may_be_short():
    def net(name):
        conv = layers.Conv2D(1, 3, padding="same", name=f"conv_{name}")
        relu = layers.ReLU(name="relu")
        return keras.Sequential([keras.Input((8, 8, 1)), conv, relu], name=name)

    inner = keras.Sequential([keras.Input((8, 8, 1)), net("a"), net("b")])
    model = keras.Sequential([keras.Input((8, 8, 1)), inner])
    fields = models.receptive_field(model)
    full = f"{inner.name}/b/conv_b"
    for name in (full, "b/conv_b", "conv_b"):
        assert fields[name].size == (5, 5)
        stage = models.stages(model, [name])
        assert list(stage.output) == [name]
    # For a conversion the name of a model stands for what it holds.
    for name in (full, "b/conv_b", "conv_b", "b", f"{inner.name}/b"):
        copy = models.convert_padding(model, "reflect", only=name)
        modes = [s.padding_mode.name for s in models.find_padding_sites(copy)]
        assert modes == ["zeros", "reflect"]
    copy = models.convert_padding(model, "reflect", only=inner.name)
    modes = [s.padding_mode.name for s in models.find_padding_sites(copy)]
    assert modes == ["reflect", "reflect"]
    assert full in fields
    assert full in [site.name for site in models.find_padding_sites(model)]
    assert models.stage_candidates(model) == [f"{inner.name}/b/relu"]
    for name, error in (
        ("relu", "names several layers: .*/a/relu, .*/b/relu"),
        ("conv_c", "conv_c'.*Did you mean conv_"),
        ("b/conv_bb", "b/conv_bb'.*Did you mean .*conv_b"),
    ):
        with pytest.raises(KeyError, match=error):
            fields[name]
        with pytest.raises(InputError, match=error):
            models.stages(model, [name])
    with pytest.raises(InputError, match="`only`.*Did you mean conv_"):
        models.convert_padding(model, "reflect", only="conv_c")


@pytest.mark.parametrize(
    "enlarge, factor, size",
    [
        (layers.UpSampling2D(2), 2, 40),
        (layers.UpSampling2D(2, interpolation="bilinear"), 2, 44),
        (layers.UpSampling2D(3), 3, 63),
        (transposed(3, 2), 2, 44),
        (transposed(4, 2), 2, 44),
        (transposed(2, 3), 3, 63),
    ],
)
def test_the_field_of_a_u_net_is_exact(enlarge, factor, size):
    field = assert_field_is_exact(unet(enlarge, factor), size)
    assert field.stride == (1, 1)
    assert {type(each) for each in field.stride} == {int}
    assert field.period == (factor**2,) * 2


def test_the_gradient_of_a_decoder_lies_in_its_field():
    # Sizes that no stride divides: SAME pooling pads, and crops are uneven.
    size = 21
    model = unet(layers.UpSampling2D(2, interpolation="bilinear"), 2, size)
    _positive(model)
    field = models.receptive_field(model)[model.output_names[0]]
    x = np.ones((1, size, size, 2), "float32")
    for position in ((0, 20), (7, 8), (13, 10), (14, 11)):
        upstream = np.zeros((1, size, size, 2), "float32")
        upstream[0, position[0], position[1]] = 1
        seen = gradient(model, x, upstream)[0].any(-1)
        for axis, (low, high) in enumerate(field.cells(position)):
            cells = np.flatnonzero(seen.any(1 - axis))
            assert cells.min() == max(low, 0)
            assert cells.max() == min(high, size - 1)


def test_one_layer_without_a_window_leaves_the_rest_and_says_why():
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(1, 3, padding="same", name="before")(inputs)
    x = layers.Resizing(3, 3, name="shrink")(x)
    x = layers.Conv2D(1, 3, padding="same", name="behind")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    fields = models.receptive_field(keras.Model(inputs, x))
    assert "before" in fields
    reason = (
        "layer 'shrink' (Resizing) resizes the map by no whole factor, 8x8 to "
        "3x3"
    )
    assert fields.unknown == {"shrink": reason, "behind": reason}
    for kind in (KeyError, ValueError):
        with pytest.raises(kind, match="'behind' has no.*'shrink'"):
            fields["behind"]
    with pytest.raises(KeyError):
        fields["none"]


def test_branches_on_different_grids_are_told_apart_and_named():
    inputs = keras.Input((8, 8, 1))
    one = layers.AveragePooling2D(2, name="one")(inputs)
    other = layers.Cropping2D(2, name="other")(inputs)
    joined = layers.Add(name="sum")([one, other])
    fields = models.receptive_field(keras.Model(inputs, joined))
    assert {"one", "other"} <= set(fields)
    assert "joins maps of different stride" in fields.unknown["sum"]


def test_a_decoder_of_an_open_size_has_the_fields_of_the_sizes_it_takes():
    inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(1, 3, 2, padding="same", name="half")(inputs)
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.UpSampling2D(4, interpolation="bilinear", name="up")(x)
    x = layers.Concatenate(name="join")([x, inputs])
    x = layers.Conv2D(1, 3, 4, padding="same", name="out")(x)
    net = keras.Model(inputs, layers.Conv2D(1, 3, 2, padding="same")(x))
    fields = models.receptive_field(net)
    assert not fields.unknown
    *joined, last = fields.items()
    for size in (48, 52, 56, 60):
        for name, field in joined:
            at_size = models.receptive_field(net, (size, size, 1))[name]
            for number in ("size", "pad_before", "pad_after", "margin"):
                assert getattr(field, number) == getattr(at_size, number)
    # It moves by 8, and the sizes are multiples of 4.
    assert last[1].pad_before == (None, None)


def test_what_an_open_size_decides_asks_for_it():
    inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(1, 3, 2, name="half")(inputs)
    x = layers.Resizing(2048, 2048, name="resized")(x)
    net = keras.Model(inputs, layers.Conv2D(1, 3, name="out")(x))
    fields = models.receptive_field(net)
    assert set(fields.unknown) == {"resized", "out"}
    assert "Unknown, resized, out: it depends on sizes" in str(fields)
    with pytest.raises(ValueError, match="'out' has no.*give `input_shape`"):
        fields["out"]
    assert "out" in models.receptive_field(net, (257, 257, 1))


def test_a_subclassed_model_is_named():
    class Mine(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="'mine'.*neither functional nor"):
        models.receptive_field(Mine(name="mine"))


def test_shared_layers_and_all_padding_layers_are_read():
    from keras_padpos import layers as ours

    inputs = keras.Input((16, 16, 1))
    shared = ours.Conv2D(1, 3, padding="same", padding_mode="reflect")
    x = shared(shared(inputs))
    x = ours.Padding2D(2, padding_mode="circular")(x)
    x = ours.Conv2D(1, 5, padding="full", name="last")(x)
    field = models.receptive_field(keras.Model(inputs, x))["last"]
    assert field.size == (9, 9)
    assert field.pad_before == (8, 8)
    assert field.positions == (24, 24)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "mobilenet"])
def test_backbones_are_read_through_their_preprocessing(name):
    # VGG16's takes the channels out and stacks them the other way round.
    net = models.backbone(name, "random", input_shape=(64, 64, 3))
    fields = models.receptive_field(net)
    for stage in models.stage_names(name):
        assert f"{name}/{stage}" in fields


def test_operations_wrappers_and_branches_of_lines_are_followed():
    inputs = keras.Input((16, 16, 1))
    x = keras.ops.average_pool(inputs, 3, 2, "same")
    conv = layers.Conv1D(1, 5, padding="same")
    x = layers.TimeDistributed(conv, name="rows")(x)
    field = models.receptive_field(keras.Model(inputs, x))["rows"]
    assert field.stride == (2, 2)
    assert field.size == (3, 11)
    assert field.pad_before == (0, 4)


@pytest.mark.parametrize("rank", [1, 3])
def test_lines_and_volumes(rank):
    conv = getattr(layers, f"Conv{rank}D")
    pool = getattr(layers, f"MaxPooling{rank}D")
    inputs = keras.Input((16,) * rank + (1,))
    x = pool(2)(conv(1, 3, padding="same")(inputs))
    x = conv(1, 3, padding="same", name="last")(x)
    field = models.receptive_field(keras.Model(inputs, x))["last"]
    assert field.stride == (2,) * rank
    assert field.size == (8,) * rank
    assert field.pad_before == (3,) * rank
    assert field.surround == ((4, 4),) * rank


def test_tokens_are_a_line():
    inputs = keras.Input((30,), dtype="int32")
    x = layers.Embedding(50, 8)(inputs)
    x = layers.Conv1D(30, 5, padding="same", name="conv")(x)
    x = layers.GlobalMaxPooling1D(name="pool")(x)
    fields = models.receptive_field(keras.Model(inputs, x))
    assert fields["conv"].size == (5,)
    assert fields["conv"].reach == pytest.approx((4 / 30,))
    assert "pool" not in fields


def test_channels_may_come_first():
    inputs = keras.Input((1, 12, 16))
    options = {"padding": "same", "data_format": "channels_first"}
    x = layers.Conv2D(2, 3, **options)(inputs)
    x = layers.Conv2D(1, (1, 5), name="last", **options)(x)
    field = models.receptive_field(keras.Model(inputs, x))["last"]
    assert field.size == (3, 7)
    assert field.positions == (12, 16)


class _Excite(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2, activation="sigmoid")

    def build(self, shape):
        self.dense.build((None, 1, 1, shape[-1]))

    def call(self, x):
        return x * self.dense(keras.ops.mean(x, axis=(1, 2), keepdims=True))


class _Mirrored(layers.Conv2D):
    def call(self, x):
        x = keras.ops.pad(x, [[0, 0], [2, 2], [1, 1], [0, 0]], mode="reflect")
        return super().call(x)

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.filters)


class _Norm(layers.GroupNormalization):
    pass


class _Code(layers.Layer):
    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x)

    def get_config(self):
        raise NotImplementedError


class _Dropped(layers.Layer):
    def call(self, x, training=False):
        return keras.ops.flip(x, 1) if training else x


def _focus(x):
    return keras.ops.concatenate(
        [x[:, a::2, b::2] for a in (0, 1) for b in (0, 1)], axis=-1
    )


def _attended(x):
    tokens = layers.Reshape((-1, x.shape[-1]))(x)
    tokens = layers.MultiHeadAttention(1, 2)(tokens, tokens)
    return layers.Add()([x, layers.Reshape(x.shape[1:])(tokens)])


_STEPS = {
    "excite": lambda x: _Excite()(x),
    "mirrored": lambda x: _Mirrored(2, (5, 3))(x),
    "norm": lambda x: _Norm(1)(x),
    "dropped": lambda x: _Dropped()(x),
    "focus": lambda x: layers.Conv2D(2, 1)(_focus(x)),
    "focus in a layer": lambda x: layers.Conv2D(2, 1)(_Code(_focus)(x)),
    "attended": _attended,
    "lambda": lambda x: layers.Lambda(lambda y: y[:, 1:-1, 2:])(x),
    "roll": lambda x: keras.ops.roll(x, 2, axis=1),
    "wrapped": lambda x: layers.Conv2D(2, 3)(
        keras.ops.concatenate([x[:, -1:], x, x[:, :1]], axis=1)
    ),
    "flip": lambda x: keras.ops.flip(x, 2),
    "swapped": lambda x: keras.ops.transpose(x, (0, 2, 1, 3)),
    "blur": lambda x: keras.ops.average_pool(x, 3, 2, "same"),
    "depth to space": lambda x: layers.Conv2D(2, 1)(
        _Code(lambda y: keras.ops.repeat(y, 2, axis=1))(x)
    ),
    "summed": lambda x: keras.ops.cumsum(x, axis=1),
    "pooled": lambda x: (
        layers.AdaptiveAveragePooling2D(4)(x)
        if hasattr(layers, "AdaptiveAveragePooling2D")
        else layers.Resizing(4, 4)(x)
    ),
    "conv": lambda x: layers.Conv2D(2, 3, padding="same")(x),
    "strided": lambda x: layers.Conv2D(2, 3, 2, padding="same")(x),
}


def _assert_nothing_outside_moves(model, size, seed):
    fields = models.receptive_field(model)
    names = [n for n in fields if n in {layer.name for layer in model.layers}]
    if not names:
        return
    probe = keras.Model(
        model.inputs[0], [model.get_layer(name).output for name in names]
    )
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            weight.assign(rng.uniform(-1, 1, weight.shape))
    x = rng.normal(size=(1, size, size, 2)).astype("float32")
    cells = rng.integers(0, size, (12, 2))
    batch = np.repeat(x, 1 + len(cells), axis=0)
    for k, (i, j) in enumerate(cells):
        batch[k + 1, i, j] += rng.choice([-5, 5])
    made = keras.tree.flatten(probe(batch))
    for name, maps in zip(names, made, strict=True):
        maps = keras.ops.convert_to_numpy(maps)
        field = fields[name]
        if field.gated:
            continue
        moved = np.abs(maps[1:] - maps[:1]).max(-1) > 1e-5 * np.abs(maps).max()
        for k, cell in enumerate(cells):
            for position in np.argwhere(moved[k]):
                for axis in (0, 1):
                    low, high = field.cells(position)[axis]
                    inside = low <= cell[axis] <= high
                    # Past the border it may be any cell that is seen.
                    assert inside or not all(
                        start <= p <= end
                        for p, (start, end) in zip(
                            position, field.clear, strict=True
                        )
                    ), (name, cell, position)


@pytest.mark.parametrize("step", _STEPS)
def test_no_field_is_smaller_than_what_moves(step):
    inputs = keras.Input((24, 24, 2))
    x = layers.Conv2D(2, 3, padding="same", name="first")(inputs)
    x = layers.Identity(name="behind")(_STEPS[step](x))
    model = keras.Model(inputs, layers.Conv2D(2, 3, name="last")(x))
    _assert_nothing_outside_moves(model, 24, 0)


@pytest.mark.large
@pytest.mark.parametrize("seed", range(40))
def test_no_field_of_a_random_network_is_smaller_than_what_moves(seed):
    rng = np.random.default_rng(seed)
    inputs = keras.Input((40, 40, 2))
    x = inputs
    for step in rng.choice(list(_STEPS), 4):
        y = _STEPS[step](x)
        if y.shape == x.shape and rng.uniform() < 0.5:
            y = layers.Add()([x, y])
        if min(y.shape[1:3]) < 6:
            break
        x = y
    _assert_nothing_outside_moves(keras.Model(inputs, x), 40, seed)


@pytest.mark.parametrize(
    "layer, gated",
    [
        (layers.GroupNormalization(1), True),
        (layers.LayerNormalization(axis=(1, 2, 3)), True),
        (layers.LayerNormalization(), False),
        (layers.BatchNormalization(), False),
        (layers.Softmax(axis=(1, 2)), True),
    ],
)
def test_what_scales_by_the_whole_map_is_a_gate(layer, gated):
    inputs = keras.Input((16, 16, 2))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(inputs)
    x = layers.Identity(name="last")(layer(x))
    field = models.receptive_field(keras.Model(inputs, x))["last"]
    assert field.gated is gated
    assert field.reach == ((1, 1) if gated else (1 / 8, 1 / 8))


def pooled(x):
    return keras.ops.max_pool(x, 3, 1, padding="same")


def scaled(x):
    return x * keras.ops.mean(x, axis=(1, 2), keepdims=True)


def leaky(x):
    return keras.ops.maximum(x, 0.1 * x)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "function, size, gated",
    [
        ("relu", 3, False),
        (leaky, 3, False),
        (scaled, 3, True),
        (pooled, 5, False),
    ],
)
def test_an_activation_of_ones_own_is_run(function, size, gated, inside):
    inputs = keras.Input((16, 16, 2))
    x = layers.Conv2D(2, 3, activation=function if inside else None)(inputs)
    if not inside:
        x = layers.Activation(function)(x)
    x = layers.Identity(name="last")(x)
    field = models.receptive_field(keras.Model(inputs, x))["last"]
    assert field.size == (size, size)
    assert field.gated is gated


@pytest.mark.parametrize("inside", [False, True])
def test_softmax_along_the_width_is_a_gate(inside):
    function = "softmax"
    inputs = keras.Input((2, 16, 16))
    x = layers.Conv2D(
        2,
        3,
        data_format="channels_first",
        activation=function if inside else None,
    )(inputs)
    if not inside:
        x = layers.Activation(function)(x)
    x = layers.Identity(name="last")(x)
    assert models.receptive_field(keras.Model(inputs, x))["last"].gated
