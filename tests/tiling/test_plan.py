import keras
import numpy as np
import pytest
from keras import layers
from small_nets import encoder
from small_nets import unet

from keras_padpos import layers as ours
from keras_padpos import models
from keras_padpos import tiling
from keras_padpos.errors import InputError


def test_windows_by_hand():
    """Stride 2, two 3x3 windows: 1 + 2 cells on each side at stride 1."""
    net = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            layers.Conv2D(1, 3, padding="same"),
            layers.Conv2D(1, 2, 2),
        ]
    )
    plan = tiling.plan(net, (20, 9), 8)
    # Position 0 sees cells -1..2, so from the second on no padding is seen.
    assert plan.period == (2, 2)
    assert plan.halo == ((2, 2), (2, 0))
    assert plan.overlap == (4, 3)
    assert plan.window == (8, 7)
    assert plan.starts == ((0, 4, 8, 12), (0, 2))
    (output,) = plan.outputs
    assert output.shape == (10, 4, 1)
    assert output.cuts[0] == ((0, 0, 3), (1, 3, 5), (1, 5, 7), (1, 7, 10))
    assert plan.computed == 8 * 8 * 7 / (20 * 9)


def test_windows_overlap_without_any_padding():
    """Two 5x5 windows side by side share 4 cells, and a halo is of padding."""
    net = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 5)])
    plan = tiling.plan(net, (40, 10), 20)
    assert plan.halo == ((0, 0), (0, 0)) and plan.overlap == (4, 0)
    assert plan.starts[0] == (0, 12, 24)
    assert "halo 0, overlap 4x0;" in str(plan)
    padded = tiling.plan(encoder(), (64, 64), 32)
    assert padded.overlap == tuple(map(sum, padded.halo))
    assert "overlap" not in str(padded)


def test_a_picture_smaller_than_a_tile_is_one_window():
    plan = tiling.plan(encoder(), (20, 21, 2), 64)
    assert plan.grid == (1, 1) and plan.window == (20, 21)
    assert plan.computed == 1


def test_the_default_tile_follows_memory():
    small = tiling.plan(encoder(), (4000, 4000)).window
    batch = tiling.plan(encoder(), (4000, 4000), batch_size=4).window
    assert 0.4 < batch[0] / small[0] < 0.7


def _gate(x):
    mean = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    return layers.Multiply(name="gate")([x, layers.Dense(4)(mean)])


def _image_pooling(x):
    mean = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    large = layers.UpSampling2D(16)(mean)
    return layers.Concatenate(name="join")([x, large])


class Coordinates(layers.Layer):
    """Adds the row's number."""

    def call(self, x):
        rows = keras.ops.arange(keras.ops.shape(x)[1], dtype=x.dtype)
        return x + keras.ops.reshape(rows, (1, -1, 1, 1))


class Wrapping(layers.Layer):
    """Puts the last row before the first."""

    def call(self, x):
        x = keras.ops.concatenate([x[:, -1:], x, x[:, :1]], axis=1)
        return keras.ops.max_pool(x, (3, 1), 1)


@pytest.mark.parametrize(
    "layer, message",
    [
        (_gate, "'mean' .GlobalAveragePooling2D. looks at the whole map, and "),
        (layers.GroupNormalization(2, name="norm"), "'norm' .GroupNorm.*whole"),
        (
            layers.GlobalMaxPooling2D(name="flat"),
            "output .flat. is no map, since layer .flat. .Global.* looks at",
        ),
        (_image_pooling, "'mean' .*looks at.*, and layer 'join'"),
        (layers.Resizing(8, 8, name="size"), "'size'"),
        (Coordinates(name="rows"), "'rows'.*another position"),
        (Wrapping(name="wraps"), "'wraps'.*border of the map depends on cells"),
        (layers.PReLU(name="own"), "'own' .PReLU. gives.*another position"),
        (
            layers.BatchNormalization(axis=1, name="rows"),
            "'rows' .BatchNormalization. gives.*another position",
        ),
        (
            layers.Normalization(axis=(2, 3), mean=0, variance=1, name="rows"),
            "'rows' .Normalization. gives.*another position",
        ),
        (
            layers.LayerNormalization(axis=(1, 2, 3), name="all"),
            "Layer 'all'|layer 'all'",
        ),
        (
            layers.Conv2D(
                2, 1, activation=lambda x: keras.ops.roll(x, 1, 1), name="roll"
            ),
            "'roll'.*border of the map depends on cells",
        ),
    ],
    ids=[
        "gate",
        "norm",
        "flat",
        "pooling",
        "resizing",
        "positions",
        "wrap",
        "slopes",
        "batch norm",
        "statistics",
        "layer norm",
        "activation",
    ],
)
def test_what_looks_at_the_whole_map_is_refused(layer, message):
    inputs = keras.Input((16, 16, 2))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    net = keras.Model(inputs, layer(x))
    with pytest.raises(InputError, match=message):
        tiling.plan(net, (64, 64), 32)


def test_weights_for_each_channel_are_no_weights_for_each_position():
    x = inputs = keras.Input((16, 16, 4))
    for layer in (
        layers.PReLU(shared_axes=(1, 2)),
        layers.BatchNormalization(),
        layers.Normalization(mean=0, variance=1),
        layers.Normalization(axis=None, mean=0, variance=1),
    ):
        x = layer(x)
    assert tiling.plan(keras.Model(inputs, x), (64, 64), 32).grid == (2, 2)


@pytest.mark.parametrize(
    "other",
    [
        layers.Conv2D(2, 3, padding="same", name="other"),
        layers.Lambda(
            lambda x: keras.ops.max_pool(x, 3, 1, padding="same"), name="other"
        ),
    ],
    ids=["site", "own code"],
)
def test_a_circular_layer_beside_another_border_is_refused(other):
    inputs = keras.Input((None, None, 2))
    x = ours.Conv2D(4, 3, padding="same", padding_mode="circular")(inputs)
    net = keras.Model(inputs, other(x))
    with pytest.raises(InputError, match="all layers do so.*'other'.* pads"):
        tiling.plan(net, (64, 64), 32)
    assert tiling.plan(net, (64, 64), 32, border="reflect").grid == (3, 3)


def test_a_model_with_a_call_of_its_own_is_refused():
    class Centred(keras.Model):
        def call(self, x):
            y = super().call(x)
            return y - keras.ops.mean(y, axis=(1, 2), keepdims=True)

    inputs = keras.Input((64, 64, 2))
    net = Centred(inputs, layers.Conv2D(4, 3)(inputs))
    with pytest.raises(InputError, match="Centred. has a `call` of its own"):
        tiling.plan(net, (64, 64), 32)


def test_sizes_are_integers_of_numpy_too():
    net = encoder()
    expected = tiling.plan(net, (64, 64), 32)
    assert tiling.plan(net, np.array([64, 64]), np.int64(32)) == expected
    assert tiling.plan(net, (64, 64), np.array([32, 32])) == expected


def test_the_default_tile_is_larger_than_what_windows_share():
    net = keras.Sequential(
        [keras.Input((None, None, 8)), layers.Conv2D(64, 3, dilation_rate=200)]
    )
    plan = tiling.plan(net, (3000, 3000), batch_size=64)
    assert plan.window[0] >= 1.5 * 400


@pytest.mark.parametrize(
    "arguments, message",
    [
        (((64, 64), 8), "`tile` must be at least 20 on axis 0"),
        (((64, 64), 0), "`tile` must be an int of at least 1"),
        (((64, 64), (8, 8, 8)), "`tile` must be .* one an axis"),
        (((64,), 40), "`picture_shape` must be 2 sizes"),
        ((None, 40), "`picture_shape` must be one or a list"),
    ],
)
def test_arguments_that_do_not_fit(arguments, message):
    with pytest.raises(InputError, match=message):
        tiling.plan(encoder(), *arguments)


def test_enlarging_in_place_of_padding_is_refused():
    with pytest.raises(InputError, match="enlarges its map in place of pad"):
        tiling.plan(encoder("interpolate"), (64, 64), 40, border="reflect")


@pytest.mark.parametrize(
    "skips, message",
    [
        ({}, "would join maps of 14x20 and 15x20"),
        ({"add": True}, "Layer 'add.*' .Add. does not take"),
    ],
    ids=["concatenate", "add"],
)
def test_a_size_that_the_network_itself_does_not_take(skips, message):
    net = unet(steps=3, **skips)
    hint = "Sizes must be multiples of 8, such as 64x80"
    with pytest.raises(InputError, match=f"of 62x80: .*{message}"):
        tiling.plan(net, (62, 80), 32)
    with pytest.raises(InputError, match=hint):
        tiling.plan(net, (62, 80), 32)
    assert tiling.plan(net, (64, 80)).picture == (64, 80)


def test_a_size_that_windows_cannot_have():
    inputs = keras.Input((64, 64, 2))
    x = layers.Reshape((16, 4, 64, 2))(inputs)
    net = keras.Model(inputs, layers.Reshape((64, 64, 2))(x))
    with pytest.raises(InputError, match="cannot take windows of 32x32: Lay"):
        tiling.plan(net, (64, 64), 32)


def test_the_halo_is_the_margin_of_the_receptive_field():
    net = unet("transposed", steps=2)
    field = models.receptive_field(net, (64, 48, 2))[net.layers[-1].name]
    halo = tiling.plan(net, (64, 48)).halo
    assert tuple(map(max, halo)) == field.margin


@pytest.mark.parametrize("border", ["reflekt", "distribution", "earth", 3])
def test_borders_that_do_not_fit(border):
    with pytest.raises(InputError, match='`border` must be "model", one of'):
        tiling.plan(encoder(), (64, 64), 40, border=border)


def test_a_misspelt_border_gets_one_list():
    with pytest.raises(InputError, match="reflect?") as error:
        tiling.plan(encoder(), (64, 64), 40, border=("zeros", "reflekt"))
    assert str(error.value).count("symmetric") == 1


def test_the_least_tile_is_one_that_works():
    assert tiling.plan(encoder(), (64, 64), 20).window == (20, 20)
