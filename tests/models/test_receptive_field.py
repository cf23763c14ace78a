import keras
import numpy as np
import pytest
from keras import layers
from oracles import gradient

from keras_padpos import models


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


def test_an_open_size_must_be_given():
    with pytest.raises(ValueError, match="`input_shape` must give"):
        models.receptive_field(_network("VGG16"))


def test_a_layer_that_resizes_is_named():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.UpSampling2D(2, name="enlarge")]
    )
    with pytest.raises(ValueError, match="'enlarge'.*UpSampling2D"):
        models.receptive_field(model)


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
