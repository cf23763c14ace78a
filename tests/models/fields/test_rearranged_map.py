import keras
import pytest
from exact_fields import assert_field_is_exact
from keras import layers
from keras import ops

from keras_padpos import models


def depth_to_space(x, factor=2):
    _, height, width, _ = x.shape
    x = layers.Conv2D(2 * factor**2, 1, use_bias=False)(x)
    x = layers.Reshape((height, width, factor, factor, 2))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((height * factor, width * factor, 2))(x)


def space_to_depth(x, factor=3):
    _, height, width, channels = x.shape
    parts = (-1, height // factor, factor, width // factor, factor, channels)
    x = ops.transpose(ops.reshape(x, parts), (0, 1, 3, 2, 4, 5))
    x = layers.Reshape((parts[1], parts[3], factor**2 * channels))(x)
    return layers.Conv2D(2, 1, use_bias=False)(x)


def network(step):
    def make(size):
        inputs = keras.Input((size, size, 2))
        x = layers.Conv2D(2, 3, padding="same", use_bias=False)(inputs)
        x = layers.Conv2D(2, 3, padding="same", use_bias=False)(step(x))
        return keras.Model(inputs, x)

    return make


@pytest.mark.parametrize(
    "step, stride, period",
    [
        (depth_to_space, 1 / 2, 1),
        (space_to_depth, 3, 3),
        (lambda x: depth_to_space(space_to_depth(x)), 3 / 2, 3),
    ],
)
def test_space_and_depth_are_followed(step, stride, period):
    field = assert_field_is_exact(network(step), 24)
    assert field.stride == (stride, stride)
    assert field.period == (period, period)


def test_channels_may_come_first():
    inputs = keras.Input((8, 6, 10))
    x = layers.Conv2D(8, 1, data_format="channels_first")(inputs)
    x = layers.Reshape((2, 2, 2, 6, 10))(x)
    x = layers.Permute((1, 4, 2, 5, 3))(x)
    x = layers.Reshape((2, 12, 20), name="out")(x)
    field = models.receptive_field(keras.Model(inputs, x))["out"]
    assert field.seen == (((0, 0), (0, 0)),) * 2
    assert field.positions == (12, 20)


@pytest.mark.parametrize(
    "order, back", [((2, 1, 3), (2, 1, 3)), ((3, 1, 2), (2, 3, 1))]
)
def test_axes_that_are_moved_back_are_those_of_the_map(order, back):
    inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(inputs)
    x = layers.Permute(order, name="moved")(x)
    behind = layers.Conv2D(2, 1, name="behind")(x)
    x = layers.Permute(back, name="back")(x)
    fields = models.receptive_field(keras.Model(inputs, [x, behind]))
    assert fields["back"] == fields["conv"]
    reason = "layer 'moved' (Permute) moves the axes of the map"
    assert fields.unknown == {"moved": reason, "behind": reason}


@pytest.mark.parametrize("shape", [(4, 16, 3), (16, 4, 3), (8, 6, 4)])
def test_what_mixes_the_order_of_cells_is_no_map(shape):
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 1)(inputs)
    mixed = layers.Reshape(shape, name="mixed")(x)
    fields = models.receptive_field(keras.Model(inputs, mixed))
    assert "no map" in fields.unknown["mixed"]


def test_windows_that_are_put_into_the_batch_are_no_map():
    inputs = keras.Input((8, 8, 2))
    x = ops.reshape(inputs, (-1, 2, 4, 2, 4, 2))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    x = layers.Identity(name="windows")(ops.reshape(x, (-1, 4, 4, 2)))
    fields = models.receptive_field(keras.Model(inputs, x))
    assert "windows" not in fields
