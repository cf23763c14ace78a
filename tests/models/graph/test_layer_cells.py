import keras
import pytest
from exact_fields import assert_field_is_exact
from keras import layers

from keras_padpos import models
from keras_padpos.models.graph._layer_cells import layer_cells


def between(step):
    """Networks of one size or another, with a layer between windows."""

    def make(size):
        inputs = keras.Input((size, size, 2))
        x = layers.Conv2D(2, 3, padding="same", use_bias=False)(inputs)
        x = layers.Conv2D(2, (3, 2), padding="same", use_bias=False)(step(x))
        return keras.Model(inputs, x)

    return make


def transposed(kernel, strides, padding="same", **options):
    return lambda x: layers.Conv2DTranspose(
        2, kernel, strides, padding=padding, use_bias=False, **options
    )(x)


def resizing(height, width, **options):
    return lambda x: layers.Resizing(
        int(x.shape[1] * height), int(x.shape[2] * width), **options
    )(x)


@pytest.mark.parametrize(
    "step",
    [
        layers.UpSampling2D((2, 3)),
        layers.UpSampling2D((2, 3), interpolation="bilinear"),
        layers.UpSampling2D((1, 4), interpolation="bilinear"),
        transposed((2, 3), 2),
        transposed((4, 3), (2, 3)),
        transposed((5, 4), (2, 3)),
        transposed((3, 4), (2, 3), "valid"),
        transposed((2, 1), (3, 2)),  # kernels that do not touch
        transposed(3, 1, dilation_rate=2),
        transposed(3, 2, "valid", output_padding=1),
        resizing(2, 3),
        resizing(1 / 2, 1 / 3),
        resizing(1 / 2, 1 / 3, antialias=True),
        resizing(1 / 3, 2, interpolation="nearest"),
    ],
)
def test_positions_see_what_moves_them(step):
    assert_field_is_exact(between(step), 12)


def test_transposed_convolutions_that_cut_unevenly():
    keras.utils.set_random_seed(0)
    assert_field_is_exact(between(transposed(3, 2, output_padding=0)), 12)


@pytest.mark.parametrize(
    "step",
    [
        layers.UpSampling2D((2, 3), interpolation="bicubic"),
        resizing(1 / 2, 1 / 3, interpolation="bicubic"),
    ],
)
def test_weights_of_zero_count_as_seen(step):
    assert_field_is_exact(between(step), 18, widest=True)


@pytest.mark.parametrize(
    "layer, shape",
    [
        (layers.UpSampling1D(2), (16, 2)),
        (layers.UpSampling3D(2), (16, 16, 16, 2)),
        (layers.Conv1DTranspose(2, 2, 2), (16, 2)),
        (layers.Conv3DTranspose(2, 2, 2), (16, 16, 16, 2)),
    ],
)
def test_lines_and_volumes_have_one_range_a_phase(layer, shape):
    inputs = keras.Input(shape)
    fields = models.receptive_field(keras.Model(inputs, layer(inputs)))
    field = fields[layer.name]
    assert field.stride == (1 / 2,) * (len(shape) - 1)
    assert field.seen == (((0, 0), (0, 0)),) * (len(shape) - 1)
    assert field.reach == (0,) * (len(shape) - 1)


def test_a_picture_that_is_cropped_to_its_aspect_has_no_field():
    layer = layers.Resizing(12, 12, crop_to_aspect_ratio=True)
    assert "crops or frames the map" in layer_cells(layer, (24, 36), (12, 12))
    assert layer_cells(layer, (24, 24), (12, 12))[0].period == 2
